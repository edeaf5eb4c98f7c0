"""Time cut into bins: where each bin lies, what the price was at its end, what was said in it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desk.study.plan import MS, Columns

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Truths = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Grid:
    """Bins of one length from the first candle to the last.

    Arguments:
        first: the number of the first bin, counted since 1970.
        count: how many bins.
        bin_s: how long one is.
    """

    first: int
    count: int
    bin_s: int

    def bins(self, duration_s: float) -> int:
        """Return how many bins make up a duration."""
        return round(duration_s / self.bin_s)

    def inside(self, numbers: NDArray[Any]) -> tuple[Truths, Whole]:
        """Tell which bin numbers lie on the grid, and return the places of those."""
        places = numbers.astype(np.int64) - self.first
        kept = (places >= 0) & (places < self.count)
        return kept, places[kept]

    def end_ms(self, place: int) -> int:
        """Return when a bin ends: all that was said in it is known from then on."""
        return (self.first + place + 1) * self.bin_s * MS

    def hour_of_day(self) -> NDArray[np.int8]:
        """Return each bin's hour of the day, UTC."""
        seconds = (self.first + np.arange(self.count, dtype=np.int64)) * self.bin_s
        return (seconds // 3600 % 24).astype(np.int8)

    @property
    def days(self) -> float:
        """How long all bins are together."""
        return self.count * self.bin_s / 86_400


@dataclass(frozen=True, slots=True)
class Prices:
    """One market on the grid.

    Arguments:
        log_close: the logarithm of the price at each bin's end, NaN where nobody knows it.
        variance: how much the price moved within each bin, as a squared logarithm, NaN where nobody knows it.
        candles: bins that have a candle of their own.
        in_gaps: bins of which nobody knows the price.
    """

    symbol: str
    source: str
    log_close: Floats
    variance: Floats
    candles: int
    in_gaps: int


def prices(symbol: str, source: str, bars: Columns, gaps: Columns, grid: Grid, hole_s: int) -> Prices:
    """Lay a market's bars on the grid.

    A minute left out had no trade: the close before it still is the price, for `hole_s` at most. In a gap that the bot
    told of nobody knows the price. None is made up.
    """
    kept, places = grid.inside(bars["bin"])
    close, high, low = (_laid(bars[name][kept], places, grid.count) for name in ("close", "high", "low"))
    own = ~np.isnan(close)
    unknown = _told(gaps, symbol, source, grid) & ~own
    last = _last_before(own)
    since = np.arange(grid.count) - last
    carried = (last >= 0) & ~own & (since * grid.bin_s <= hole_s) & ~_passed(unknown, last)
    log_close = np.log(close)
    log_close[carried] = log_close[last[carried]]
    known = ~np.isnan(log_close)
    return Prices(symbol, source, log_close, _variance(log_close, high, low), int(own.sum()), int((~known).sum()))


def _laid(values: NDArray[Any], places: Whole, count: int) -> Floats:
    laid = np.full(count, np.nan)
    laid[places] = values
    return laid


def _last_before(own: Truths) -> Whole:
    """Return for each bin the place of the last one up to it that has a candle, -1 before the first."""
    return np.maximum.accumulate(np.where(own, np.arange(len(own)), -1))


def _told(gaps: Columns, symbol: str, source: str, grid: Grid) -> Truths:
    """Return which bins end in a gap that the bot told of."""
    told = np.zeros(grid.count, dtype=np.bool_)
    of_market = [at for at in range(len(gaps["from"])) if (gaps["symbol"][at], gaps["source"][at]) == (symbol, source)]
    for at in of_market:
        first, end = (int(gaps[name][at]) // (grid.bin_s * MS) - grid.first for name in ("from", "until"))
        told[max(0, first) : max(0, end)] = True
    return told


def _passed(unknown: Truths, last: Whole) -> Truths:
    """Tell where there is a gap between a bin and the last one before it that has a candle."""
    counted = np.concatenate(([0], np.cumsum(unknown)))
    return counted[1:] > counted[np.maximum(last, 0)]


def _variance(log_close: Floats, high: Floats, low: Floats) -> Floats:
    """Return the variance within each bin by its range (Parkinson 1980), the close before it included (Wilder 1978).

    Five times as exact as the squared return of the bin.
    """
    before = np.concatenate(([np.nan], log_close[:-1]))
    top, bottom = np.fmax(np.log(high), before), np.fmin(np.log(low), before)
    spread = np.where(np.isnan(high), 0.0, top - bottom)
    spread[np.isnan(log_close)] = np.nan
    return np.asarray(np.square(spread) / (4 * np.log(2.0)), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Series:
    """What one source, language or group said, where it said something.

    Arguments:
        kind: "all", "lang", "group" or "source".
        at: places of the bins with a headline, rising.
        score: the mean score of each.
        strength: the sum of the scores' magnitudes in each.
        count: how many headlines in each.
    """

    name: str
    kind: str
    at: Whole
    score: Floats
    strength: Floats
    count: Whole

    @property
    def headlines(self) -> int:
        """How many headlines there are in all bins."""
        return int(self.count.sum())


def series(name: str, kind: str, moods: Columns, chosen: Truths, grid: Grid) -> Series:
    """Add the chosen rows of the table of moods up, bin by bin."""
    kept, places = grid.inside(moods["bin"])
    rows = chosen[kept]
    at, which = np.unique(places[rows], return_inverse=True)
    total, strength, count = (
        np.bincount(which, weights=moods[column][kept][rows].astype(np.float64), minlength=len(at))
        for column in ("total", "strength", "count")
    )
    said = np.asarray(np.rint(count), dtype=np.int64)
    return Series(name, kind, at.astype(np.int64), total / np.maximum(count, 1), np.asarray(strength), said)
