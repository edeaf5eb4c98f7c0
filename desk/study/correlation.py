"""Does a score go with what the price did afterwards? Every series, horizon and lag, against what chance would show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from desk.study.grid import Floats, Grid, Prices, Series
from desk.study.progress import Progress
from desk.study.shifts import Circle, Largest, Spectrum, centred_ranks, chance, ranks, standardised
from desk.study.targets import returns, surprise

HORIZONS_S = (300, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400, 259_200)
LAGS_S = (0, 300, 600, 900, 1_800, 2_700, 3_600, 7_200, 14_400, 43_200, 86_400)
WINDOW_S_MAX = 259_200
# With fewer, a coefficient says nothing; and a horizon must fit into what there is often enough.
PAIRS_MIN = 30
FITS_MIN = 10
# The lags that are drawn, but not tested: what the price did before the score is in there too.
PROFILE_S = 7_200
RETURN, VOLATILITY = "return", "volatility"


@dataclass(slots=True)
class Comparison:
    """One series beside one market at one horizon and lag.

    Arguments:
        pearson, rank: the two coefficients, over the bins with a headline.
        z: the statistic, that of the ranks, in units of what the shifts spread over.
        p: how often a shift reaches it; `p_all` how often the largest of all comparisons does, `p_series` the largest
            of this series.
        pairs, effective: how many pairs, and how many independent ones tell as much.
        spread: of the rank coefficient where there is no tie.
        step: how much more the target is after a score that is higher by one standard deviation.
    """

    market: str
    series: str
    kind: str
    target: str
    horizon_s: int
    lag_s: int
    pairs: int
    pearson: float
    rank: float
    step: float
    z: float
    p: float
    spread: float
    p_all: float = 1.0
    p_series: float = 1.0

    @property
    def effective(self) -> float:
        """How many independent pairs would spread as much."""
        return 1 / self.spread**2 if self.spread else 0.0


@dataclass(slots=True)
class Profile:
    """The coefficient of ranks at each lag, before and after, of returns over the shortest horizon."""

    market: str
    series: str
    horizon_s: int
    lags_s: list[int]
    rank: list[float]
    spread: float


@dataclass(slots=True)
class Correlations:
    """All comparisons, and the largest statistics that chance shows over them."""

    circle: Circle
    comparisons: list[Comparison] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    by_series: dict[str, Largest] = field(default_factory=dict)

    def settle(self, alpha: float) -> float:
        """Judge each comparison by all of them, once they are all there; return what a statistic must exceed.

        Step by step (Westfall & Young 1993, step-down): the most striking series is judged by all, the next by all but
        that one, and so on. A true tie is in the shifts too, near to none, and would else hide the weaker ones.
        """
        mine: dict[str, list[Comparison]] = {}
        for each in self.comparisons:
            mine.setdefault(each.series, []).append(each)
        order = sorted(mine, key=lambda name: max(abs(each.z) for each in mine[name]))
        within: dict[str, Largest] = {}
        largest = Largest(len(self.circle.shifts))
        for name in order:
            largest = within[name] = largest.joined(self.by_series[name])
        floor, critical = 0.0, largest.critical(alpha)
        for name in reversed(order):
            if floor <= alpha:
                critical = within[name].critical(alpha)
            for each in mine[name]:
                each.p_all = max(floor, within[name].p_all(each.z))
                each.p_series = self.by_series[name].p(each.z)
            floor = min(each.p_all for each in mine[name])
        return critical


def horizons(grid: Grid) -> list[int]:
    """Return the horizons that fit into the time there is, and are no shorter than a bin."""
    length_s = grid.count * grid.bin_s
    return [each for each in HORIZONS_S if each >= grid.bin_s and each * FITS_MIN <= length_s]


def lags(grid: Grid, horizon_s: int) -> list[int]:
    """Return the lags that are tried with a horizon."""
    whole = [each for each in LAGS_S if each % grid.bin_s == 0]
    return [each for each in whole if each + horizon_s <= WINDOW_S_MAX and each * FITS_MIN <= grid.count * grid.bin_s]


def correlate(
    market: Prices, all_series: Sequence[Series], grid: Grid, found: Correlations, progress: Progress
) -> None:
    """Compare every series with one market; `settle` judges when all markets are in."""
    spectra = [_spectra(each, found.circle, grid) for each in all_series]
    for target, horizon_s in progress.each(f"{market.symbol}: horizons", list(_targets(grid))):
        bins = grid.bins(horizon_s)
        after = returns(market.log_close, bins) if target == RETURN else surprise(market.variance, bins, grid)
        ranked = centred_ranks(after)
        of, size = found.circle.spectrum(ranked), _mean_square(ranked, after)
        for series, spectrum in zip(all_series, spectra, strict=True):
            said = series.score if target == RETURN else series.strength
            what, weight = spectrum[target]
            products = found.circle.products(what, of)
            unit = (
                float(np.sqrt(weight * size)) or 1.0
            )  # of a sum of products; a coefficient's is so many roots of pairs
            for lag_s in lags(grid, horizon_s):
                _compare(market, series, said, target, after, horizon_s, lag_s, products, unit, grid, found)
            if target == RETURN and horizon_s == horizons(grid)[0]:
                found.profiles.append(_profile(market, series, horizon_s, products, unit, grid, found.circle))


def _targets(grid: Grid) -> Iterator[tuple[str, int]]:
    for target in (RETURN, VOLATILITY):
        for horizon_s in horizons(grid):
            yield target, horizon_s


def _spectra(series: Series, circle: Circle, grid: Grid) -> dict[str, tuple[Spectrum, float]]:
    """Return the series as ranks round the circle, and the sum of their squares, for each target."""
    found = {}
    for target, said in ((RETURN, series.score), (VOLATILITY, series.strength)):
        ranked = centred_ranks(said)
        laid = np.zeros(grid.count)
        laid[series.at] = ranked
        found[target] = circle.spectrum(laid), float(np.square(ranked).sum())
    return found


def _mean_square(ranked: Floats, after: Floats) -> float:
    known = int(np.isfinite(after).sum())
    return float(np.square(ranked).sum()) / known if known else 0.0


def _compare(
    market: Prices,
    series: Series,
    said: Floats,
    target: str,
    after: Floats,
    horizon_s: int,
    lag_s: int,
    products: NDArray[np.float32],
    unit: float,
    grid: Grid,
    found: Correlations,
) -> None:
    # The window begins at the end of the bin in which it was said, or later; never earlier.
    places = series.at + grid.bins(lag_s)
    inside = places < grid.count
    later = after[places[inside]]
    known = np.isfinite(later)
    pairs = int(known.sum())
    if pairs < PAIRS_MIN:
        return
    x, y = said[inside][known], later[known]
    statistic, null = found.circle.at(products, grid.bins(lag_s))
    z, null_z, spread = standardised(statistic, null)
    if not spread or not x.std() or not y.std():
        return
    found.by_series.setdefault(series.name, Largest(len(null))).add(null_z)
    pearson = _coefficient(x, y)
    found.comparisons.append(
        Comparison(
            market=f"{market.symbol} ({market.source})",
            series=series.name,
            kind=series.kind,
            target=target,
            horizon_s=horizon_s,
            lag_s=lag_s,
            pairs=pairs,
            pearson=pearson,
            rank=_coefficient(ranks(x), ranks(y)),
            step=pearson * float(y.std()),
            z=z,
            p=chance(z, null_z),
            # Few long windows fit into the circle, and what they spread over is itself uncertain: no pair is worth more
            # than one.
            spread=max(spread / unit, 1.0) / float(np.sqrt(pairs)),
        )
    )


def _coefficient(x: Floats, y: Floats) -> float:
    left, right = x - x.mean(), y - y.mean()
    size = float(np.sqrt(np.square(left).sum() * np.square(right).sum()))
    return float((left * right).sum()) / size if size else 0.0


def _profile(
    market: Prices,
    series: Series,
    horizon_s: int,
    products: NDArray[np.float32],
    unit: float,
    grid: Grid,
    circle: Circle,
) -> Profile:
    step = max(1, grid.bins(horizon_s))
    reach = grid.bins(PROFILE_S) // step * step
    lags_bins = range(-reach, reach + 1, step)
    unit *= float(np.sqrt(len(series.at))) or 1.0
    rank = [circle.at(products, lag)[0] / unit for lag in lags_bins]
    spread = standardised(*circle.at(products, 0))[2] / unit
    label = f"{market.symbol} ({market.source})"
    return Profile(label, series.name, horizon_s, [lag * grid.bin_s for lag in lags_bins], rank, spread)
