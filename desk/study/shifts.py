"""What chance alone would show: the same scores at the same moments, but moved on round the circle of the headlines.

Headlines come in bursts and prices in trends, so mixing single values up would make a chance world calmer than the true
one, and nearly everything significant. Headlines also come when the market is wild, so moving them to other moments
would set them against calmer prices, and ties would seem to be where only both are loud. So every headline stays where
it was, and the scores as a whole are turned: the hundredth headline has the score of the first, the hundred and first
that of the second, and so on round the circle. That keeps the moods of the scores, the moments of the headlines and all
of the prices, and only breaks the tie between what was said and what the price did (circular shifts; Politis & Romano
1992; Lancaster et al. 2018, "Surrogate data for hypothesis testing of physical systems").

News mostly tells what the price has just done. A turn by a little would set a score beside the move it told of, and
chance would seem to do what no chance does; so turns that come nearer than the lags that are compared are not drawn.
What all turns spread over, the near ones too, is the measure of each statistic, so that few long windows that chance to
be alike do not seem rare.

The many comparisons are paid for with the largest statistic over all of them under each turn (Westfall & Young 1993):
that holds the chance of even one false find, however the comparisons hang together, and unlike Holm's or Benjamini and
Hochberg's it needs no more turns for more comparisons. A p value counts the true order as one of the turns, so it is
never zero (Phipson & Smyth 2010).

Correlations and event studies are two searches for the same thing, and the verdict rests on both: each may find
something by chance half as often as is allowed in all (Bonferroni).
"""

import math

import numpy as np

from desk.study.grid import Floats, Whole

SEARCHES = 2
# Turns nearer than the longest lag are not drawn; but of however short a time, half of all turns may be.
NEAR_PART_MAX = 0.25


class Turns:
    """Which turns of the circle are drawn: parts of a whole one, so that series of any length are turned alike.

    Arguments:
        count: how many to draw.
        seed: decides which.
        near_bins: how far in time a turn must set scores from their own moment, at the series' mean pace.
    """

    def __init__(self, count: int, seed: int, near_bins: int = 0) -> None:
        self._parts = np.sort(np.random.default_rng(seed).random(count))
        self._near_bins = near_bins

    def __len__(self) -> int:
        return len(self._parts)

    def of(self, at: Whole) -> Whole:
        """Return the turns of one series: by how many headlines each moves the scores; zero only where there is one.

        Arguments:
            at: the bins of its headlines, rising.
        """
        count = len(at)
        span_bins = int(at[-1] - at[0]) + 1
        near = min(math.ceil(count * self._near_bins / span_bins), int(count * NEAR_PART_MAX))
        near = max(1, near)
        room = max(1, count - 2 * near + 1)
        return np.asarray((near + np.floor(self._parts * room)).astype(np.int64) % count)


class Circle:
    """What was said in one series, on the circle of its headlines.

    Arguments:
        said: one value for each headline's bin, in the order of time.
        turns: how far the drawn turns move them.
    """

    def __init__(self, said: Floats, turns: Whole) -> None:
        self.distinct = len(np.unique(turns))
        self._count = len(said)
        self._turns = turns
        self._spectrum = np.conj(np.fft.rfft(said))

    def beside(self, values: Floats) -> tuple[float, Floats, float]:
        """Return the sum of products with the values beside each bin: as it was, under each drawn turn, and its spread.

        The spread is that of all turns there are, as a standard deviation.
        """
        products = np.fft.irfft(self._spectrum * np.fft.rfft(values), self._count)
        return float(products[0]), np.asarray(products[self._turns]), float(products.std())


class Largest:
    """The largest statistic under each turn, over all that is compared; of `distinct` turns that differ."""

    def __init__(self, turns: int) -> None:
        self.under_turns = np.zeros(turns)
        self.distinct = 0

    def add(self, null: Floats, distinct: int) -> None:
        """Take one comparison's statistics under each turn into account."""
        np.maximum(self.under_turns, np.abs(null), out=self.under_turns)
        self.distinct = max(self.distinct, distinct)

    def joined(self, other: "Largest") -> "Largest":
        """Return the largest of both under each turn."""
        both = Largest(len(self.under_turns))
        both.add(self.under_turns, self.distinct)
        both.add(other.under_turns, other.distinct)
        return both

    def p(self, statistic: float) -> float:
        """Return the chance that the largest of all is at least that large where there is no tie."""
        return chance(statistic, self.under_turns, self.distinct)

    def p_all(self, statistic: float) -> float:
        """Return the same, with the other search paid for."""
        return min(1.0, SEARCHES * self.p(statistic))

    def critical(self, alpha: float) -> float:
        """Return what a statistic must exceed to be found; infinite where there are too few turns for any."""
        if self.p_all(math.inf) > alpha:
            return math.inf
        return float(np.quantile(self.under_turns, 1 - alpha / SEARCHES))


def chance(statistic: float, null: Floats, distinct: int) -> float:
    """Return the p value of a statistic among those of the turns, both signs counted.

    Arguments:
        distinct: how many of the turns differ; a few headlines drawn a thousand times tell no more than once.
    """
    # Rounding must not make the true order's twin among the turns smaller than itself.
    reached = np.abs(null) >= abs(statistic) * (1 - 1e-9)
    return max(float((1 + reached.sum()) / (1 + len(null))), 1 / (1 + distinct))


def ranks(values: Floats) -> Floats:
    """Return the ranks from 1 on, equal values sharing the mean of theirs."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[which], dtype=np.float64)


def centred_ranks(values: Floats) -> Floats:
    """Return the ranks of what is known, less their mean; zero, which counts for nothing, where nothing is known."""
    known = np.isfinite(values)
    found = np.zeros(len(values))
    if known.any():
        ranked = ranks(values[known])
        found[known] = ranked - ranked.mean()
    return found
