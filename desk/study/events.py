"""What the price did around strong scores: the mean path, beside the paths that chance shows."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from desk.study.grid import Floats, Grid, Prices, Series, Truths
from desk.study.progress import Progress
from desk.study.shifts import Circle, Largest, Turns
from desk.study.targets import expected

BEFORE_S = (-7_200, -5_400, -3_600, -2_700, -1_800, -1_200, -900, -600, -300)
AFTER_S = (
    *(60, 120, 300, 600, 900, 1_200, 1_800, 2_700, 3_600, 5_400, 7_200, 10_800, 14_400, 21_600, 28_800, 43_200),
    *(64_800, 86_400, 129_600, 172_800, 259_200),
)
EVENTS_MIN = 20
FITS_MIN = 10
BAND = (0.025, 0.975)


@dataclass(slots=True)
class Path:
    """The mean path after good or after bad scores, and between what it lies where there is no tie.

    `mean`, `low` and `high` are in parts of the price, less what the price does on average in as much time, and 0 at
    the end of the bin in which the headline was recorded.
    """

    events: int
    mean: list[float]
    low: list[float]
    high: list[float]


@dataclass(slots=True)
class Around:
    """One series' strong scores beside one market.

    Arguments:
        z, at_s: the largest deviation after the headline, good and bad taken together, and when.
    """

    market: str
    series: str
    offsets_s: list[int]
    good: Path
    bad: Path
    z: float
    at_s: int
    p_all: float = 1.0


@dataclass(slots=True)
class Events:
    """All event studies, and the largest deviations that chance shows over them."""

    turns: Turns
    strong: float
    around: list[Around] = field(default_factory=list)
    largest: Largest = field(init=False)

    def __post_init__(self) -> None:
        self.largest = Largest(len(self.turns))

    def settle(self) -> None:
        """Judge each by all of them, once they are all there."""
        for each in self.around:
            each.p_all = self.largest.p_all(each.z)


def strong_score(series: Series) -> float:
    """Return from what magnitude on a score is strong: the strongest tenth of what is not neutral, at least 0.3."""
    said = np.abs(series.score)
    said = said[said > 0]
    return max(0.3, float(np.quantile(said, 0.9))) if len(said) else 1.0


def offsets(grid: Grid) -> list[int]:
    """Return the moments of the path, seconds from the end of the bin in which the headline was recorded."""
    length_s = grid.count * grid.bin_s
    fitting = [each for each in (*BEFORE_S, *AFTER_S) if each % grid.bin_s == 0]
    return [each for each in fitting if abs(each) * FITS_MIN <= length_s]


def study(market: Prices, all_series: Sequence[Series], grid: Grid, found: Events, progress: Progress) -> None:
    """Follow the price around each series' strong scores; `settle` judges when all markets are in."""
    moments, usual = offsets(grid), expected(market.variance, grid)
    gathered = [_Gathered(each, found) for each in all_series]
    gathered = [each for each in gathered if each.events >= EVENTS_MIN]
    for offset_s in progress.each(f"{market.symbol}: paths", moments):
        moved = _moved(market.log_close, grid.bins(offset_s))
        known = np.isfinite(moved)
        flat = np.where(known, moved - (moved[known].mean() if known.any() else 0.0), 0.0)
        for each in gathered:
            each.add(flat, known, usual)
    for each in gathered:
        found.around.append(each.around(market, moments, found))


def _moved(log_close: Floats, bins: int) -> Floats:
    """Return the price that many bins later, or earlier where it is negative, against that at each bin's end."""
    moved = np.full(len(log_close), np.nan)
    if 0 < abs(bins) < len(log_close):
        if bins > 0:
            moved[:-bins] = log_close[bins:] - log_close[:-bins]
        else:
            moved[-bins:] = log_close[:bins] - log_close[-bins:]
    return moved


class _Gathered:
    """The paths of one series, moment by moment."""

    def __init__(self, series: Series, found: Events) -> None:
        self._series = series
        chosen = (series.score >= found.strong, series.score <= -found.strong)
        turns = found.turns.of(series.at)
        self._places = [series.at[each] for each in chosen]
        self._circles = [Circle(each.astype(np.float64), turns) for each in chosen]
        self._signed_circle = Circle(chosen[0].astype(np.float64) - chosen[1], turns)
        self._paths = [Path(len(places), [], [], []) for places in self._places]
        self._null: list[Floats] = []
        self._signed: list[float] = []

    @property
    def events(self) -> int:
        """How many good ones there are, or bad ones if they are fewer."""
        return min(path.events for path in self._paths)

    def add(self, flat: Floats, known: Truths, usual: Floats) -> None:
        """Take the next moment: the mean over events, and the same under each turn."""
        said = flat[self._series.at]
        for places, circle, path in zip(self._places, self._circles, self._paths, strict=True):
            count = max(1, int(known[places].sum()))
            total, null, _ = circle.beside(said)
            path.mean.append(total / count)
            low, high = np.quantile(null / count, BAND)
            path.low.append(float(low))
            path.high.append(float(high))
        # What the price does around any headline is no tie; nor is that strong scores come in wild times.
        said = said / usual[self._series.at]
        total, null, spread = self._signed_circle.beside(said - said.mean())
        self._signed.append(total / spread if spread else 0.0)
        self._null.append(null / spread if spread else np.zeros(len(null)))

    def around(self, market: Prices, moments: list[int], found: Events) -> Around:
        """Return the paths, with the largest deviation after the headline."""
        after = [at for at, offset_s in enumerate(moments) if offset_s > 0]
        for at in after:
            found.largest.add(self._null[at], self._signed_circle.distinct)
        best = max(after, key=lambda at: abs(self._signed[at]), default=0)
        z, at_s = (self._signed[best], moments[best]) if after else (0.0, 0)
        label = f"{market.symbol} ({market.source})"
        return Around(label, self._series.name, moments, self._paths[0], self._paths[1], z, at_s)
