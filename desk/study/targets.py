"""What came after each bin: how far the price went, and how much it moved beyond what was to be expected."""

import numpy as np

from desk.study.grid import Floats, Grid

# A window counts if so much of it is known.
KNOWN_MIN = 0.9
# What the volatility to come is foretold from: that of the last half hour, four hours and day (Corsi 2009, at the scale
# of minutes), besides the hour of the day.
PAST_S = (1_800, 14_400, 86_400)
# No time is calmer than so much of the mean: a price that stood still for a while would else weigh without bounds.
CALM_MIN = 0.1


def returns(log_close: Floats, bins: int) -> Floats:
    """Return how far the price went in so many bins after each bin's end; NaN where one of the two is not known."""
    after = np.full(len(log_close), np.nan)
    if bins < len(log_close):
        after[:-bins] = log_close[bins:] - log_close[:-bins]
    return after


def volatility(variance: Floats, bins: int) -> Floats:
    """Return how much the price moved in so many bins after each bin's end: the root of the mean variance in them."""
    after = np.full(len(variance), np.nan)
    if bins < len(variance):
        total, known = _sums(variance)
        count = known[bins:] - known[:-bins]
        mean = (total[bins:] - total[:-bins]) / np.maximum(count, 1)
        mean[count < KNOWN_MIN * bins] = np.nan
        # The window of bin t is t+1 to t+bins.
        after[:-bins] = np.sqrt(np.maximum(mean[1:], 0.0))
    return after


def surprise(variance: Floats, bins: int, grid: Grid) -> Floats:
    """Return by how much the volatility after each bin differs from what its own past and the hour of the day foretell.

    Without that, all that comes in bursts, as news and volatility both do, would seem to foretell the other.
    """
    after = volatility(variance, bins)
    before = [_past(variance, grid.bins(length_s)) for length_s in PAST_S if grid.bins(length_s)]
    whole = np.isfinite(after) & np.all([np.isfinite(each) for each in before], axis=0)
    found = np.full(len(after), np.nan)
    if whole.sum() > len(before):
        hours = grid.hour_of_day()[whole]
        columns = np.stack([_by_hour(each[whole], hours) for each in before], axis=1)
        left = _by_hour(after[whole], hours)
        weights, *_ = np.linalg.lstsq(columns.T @ columns, columns.T @ left, rcond=None)
        found[whole] = left - columns @ weights
    return found


def expected(variance: Floats, grid: Grid) -> Floats:
    """Return how much the price is to be expected to move after each bin, from its own past alone; above zero.

    Strong scores come when the market is wild. A return counts by how large it is for its time, or a few wild hours
    would decide, and two things that are loud together would seem to know each other's direction.
    """
    parts = np.array([_past(variance, grid.bins(length_s)) for length_s in PAST_S if grid.bins(length_s)])
    known = np.isfinite(parts)
    mean = np.where(known, parts, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    usual = float(mean[mean > 0].mean()) if (mean > 0).any() else 1.0
    return np.asarray(np.where(mean > 0, np.maximum(mean, CALM_MIN * usual), usual), dtype=np.float64)


def _past(variance: Floats, bins: int) -> Floats:
    """Return how much the price moved in so many bins up to and with each bin, or in as many as there are."""
    total, known = _sums(variance)
    start = np.maximum(np.arange(1, len(total)) - bins, 0)
    count = known[1:] - known[start]
    mean = (total[1:] - total[start]) / np.maximum(count, 1)
    return np.asarray(np.where(count > 0, np.sqrt(np.maximum(mean, 0.0)), np.nan), dtype=np.float64)


def _sums(values: Floats) -> tuple[Floats, Floats]:
    known = np.isfinite(values)
    total = np.concatenate(([0.0], np.cumsum(np.where(known, values, 0.0))))
    return total, np.concatenate(([0.0], np.cumsum(known)))


def _by_hour(values: Floats, hours: np.ndarray[tuple[int], np.dtype[np.int8]]) -> Floats:
    """Return the values, all of them known, less the mean of their hour of the day."""
    total = np.bincount(hours, weights=values, minlength=24)
    count = np.bincount(hours, minlength=24)
    return values - (total / np.maximum(count, 1))[hours]
