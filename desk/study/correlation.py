"""Does a score go with what the price did afterwards? Every series, horizon and lag, against what chance would show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from desk.study.grid import Floats, Grid, Prices, Series
from desk.study.progress import Progress
from desk.study.shifts import Circle, Largest, Turns, centred_ranks, chance, ranks
from desk.study.targets import expected, returns, surprise

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
        z: the statistic, that of the ranks of returns as large as they are for their time, in units of what the turns
            spread over.
        p: how often a turn reaches it; `p_all` how often the largest of all comparisons does, `p_series` the largest
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
    """All comparisons, and the largest statistics that chance shows over them; `settle` fills in the last two."""

    turns: Turns
    comparisons: list[Comparison] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    by_series: dict[str, Largest] = field(default_factory=dict)
    distinct: int = 0
    matched: float = 1.0

    def settle(self, alpha: float) -> float:
        """Judge each comparison by all of them, once they are all there; return what a statistic must exceed.

        Step by step (Westfall & Young 1993, step-down): the most striking series is judged by all, the next by all but
        that one, and so on. A true tie shows in the turns too, and would else hide the weaker ones.
        """
        mine: dict[str, list[Comparison]] = {}
        for each in self.comparisons:
            mine.setdefault(each.series, []).append(each)
        order = sorted(mine, key=lambda name: max(abs(each.z) for each in mine[name]))
        within: dict[str, Largest] = {}
        largest = Largest(len(self.turns))
        for name in order:
            largest = within[name] = largest.joined(self.by_series[name])
        floor, critical, self.distinct = 0.0, largest.critical(alpha), largest.distinct
        self.matched = largest.p(max((abs(each.z) for each in self.comparisons), default=0.0))
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


def near_bins(grid: Grid) -> int:
    """Return how near a turn would set scores beside what they tell of: the longest lag, and what came before it."""
    return grid.bins(max(lags(grid, grid.bin_s), default=0) + PROFILE_S)


def correlate(
    market: Prices, all_series: Sequence[Series], grid: Grid, found: Correlations, progress: Progress
) -> None:
    """Compare every series with one market; `settle` judges when all markets are in."""
    usual = expected(market.variance, grid)
    all_sides = [_sides(each, found.turns) for each in all_series]
    for target, horizon_s in progress.each(f"{market.symbol}: horizons", list(_targets(grid))):
        bins = grid.bins(horizon_s)
        after = returns(market.log_close, bins) if target == RETURN else surprise(market.variance, bins, grid)
        for series, sides in zip(all_series, all_sides, strict=True):
            beside = _Beside(market, series, sides[target], after, after / usual, grid)
            for lag_s in lags(grid, horizon_s):
                _compare(beside, target, horizon_s, lag_s, found)
            if target == RETURN and horizon_s == horizons(grid)[0]:
                found.profiles.append(_profile(beside, horizon_s))


def _targets(grid: Grid) -> Iterator[tuple[str, int]]:
    for target in (RETURN, VOLATILITY):
        for horizon_s in horizons(grid):
            yield target, horizon_s


class _Side(NamedTuple):
    """What a series said, as it is compared with a target: the values, their ranks, and those on the circle."""

    said: Floats
    ranked: Floats
    circle: Circle


def _sides(series: Series, turns: Turns) -> dict[str, _Side]:
    found = {}
    drawn = turns.of(series.at)
    for target, said in ((RETURN, series.score), (VOLATILITY, series.strength)):
        ranked = centred_ranks(said)
        found[target] = _Side(said, ranked, Circle(ranked, drawn))
    return found


class _Beside(NamedTuple):
    """One series beside what one market did after each bin, as it was and in units of what was to be expected."""

    market: Prices
    series: Series
    side: _Side
    after: Floats
    calmed: Floats
    grid: Grid

    @property
    def label(self) -> str:
        return f"{self.market.symbol} ({self.market.source})"

    def later(self, after: Floats, lag_s: int) -> Floats:
        """Return of each headline's bin what came so much after it, or before; NaN where nobody knows."""
        # The window begins at the end of the bin in which it was said, or later; never earlier where the lag is not.
        places = self.series.at + self.grid.bins(lag_s)
        inside = (places >= 0) & (places < self.grid.count)
        return np.where(inside, after[np.clip(places, 0, self.grid.count - 1)], np.nan)


def _compare(beside: _Beside, target: str, horizon_s: int, lag_s: int, found: Correlations) -> None:
    series, (said, ranked, circle) = beside.series, beside.side
    later = beside.later(beside.after, lag_s)
    known = np.isfinite(later)
    pairs = int(known.sum())
    if pairs < PAIRS_MIN:
        return
    x, y = said[known], later[known]
    later_ranked = centred_ranks(beside.later(beside.calmed, lag_s))
    statistic, null, spread = circle.beside(later_ranked)
    if not x.std() or not y.std() or not spread:
        return
    largest = found.by_series.setdefault(series.name, Largest(len(found.turns)))
    largest.add(null / spread, circle.distinct)
    pearson = _coefficient(x, y)
    # A coefficient of one would have this sum of products.
    unit = float(np.sqrt(np.square(ranked).sum() * np.square(later_ranked).sum()))
    found.comparisons.append(
        Comparison(
            market=beside.label,
            series=series.name,
            kind=series.kind,
            target=target,
            horizon_s=horizon_s,
            lag_s=lag_s,
            pairs=pairs,
            pearson=pearson,
            rank=_coefficient(ranks(x), ranks(y)),
            step=pearson * float(y.std()),
            z=statistic / spread,
            p=chance(statistic, null, circle.distinct),
            # Few long windows fit into the circle, and what they spread over is itself uncertain: no pair is worth more
            # than one.
            spread=max(spread / unit, 1 / float(np.sqrt(pairs))),
        )
    )


def _coefficient(x: Floats, y: Floats) -> float:
    left, right = x - x.mean(), y - y.mean()
    size = float(np.sqrt(np.square(left).sum() * np.square(right).sum()))
    return float((left * right).sum()) / size if size else 0.0


def _profile(beside: _Beside, horizon_s: int) -> Profile:
    grid, (said, ranked, circle) = beside.grid, beside.side
    step = max(1, grid.bins(horizon_s))
    reach = grid.bins(PROFILE_S) // step * step
    lags_s = [bins * grid.bin_s for bins in range(-reach, reach + 1, step)]
    rank = []
    for lag_s in lags_s:
        later = beside.later(beside.after, lag_s)
        known = np.isfinite(later)
        rank.append(_coefficient(ranks(said[known]), ranks(later[known])) if known.any() else 0.0)
    later_ranked = centred_ranks(beside.later(beside.calmed, 0))
    unit = float(np.sqrt(np.square(ranked).sum() * np.square(later_ranked).sum())) or 1.0
    return Profile(beside.label, beside.series.name, horizon_s, lags_s, rank, circle.beside(later_ranked)[2] / unit)
