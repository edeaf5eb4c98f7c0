"""What chance alone would show: the same scores, moved round the clock face against the same prices.

Headlines come in bursts and prices in trends, so mixing single values up would make a chance world calmer than the true
one, and nearly everything significant. Moving one whole series round a circle against the other keeps what each is by
itself and only breaks their tie (circular shifts; Politis & Romano 1992, Lancaster et al. 2018, "Surrogate data for
hypothesis testing of physical systems"). All shifts of the circle are alike if there is no tie, the true one too.

The many comparisons are paid for with the largest statistic over all of them under each shift (Westfall & Young 1993):
that holds the chance of even one false find, however the comparisons hang together, and unlike Holm's or Benjamini and
Hochberg's it needs no more shifts for more comparisons. A p value counts the true order as one of the shifts, so it is
never zero (Phipson & Smyth 2010).

Correlations and event studies are two searches for the same thing, and the verdict rests on both: each may find
something by chance half as often as is allowed in all (Bonferroni).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from desk.study.grid import Floats, Whole

SEARCHES = 2
Spectrum = NDArray[np.complex64]


def smooth_length(least: int) -> int:
    """Return the next length whose only prime factors are 2, 3 and 5: a Fourier transform of it is quick."""
    best = 1 << max(0, least - 1).bit_length()
    three = 1
    while three < best:
        five = three
        while five < best:
            rest = -(-least // five)
            best = min(best, five << max(0, rest - 1).bit_length())
            five *= 5
        three *= 3
    return best


class Circle:
    """All shifts of a grid, of which some are drawn.

    Arguments:
        count: bins of the grid; the circle is closed with a few in which nothing is known.
        shifts: how many to draw; all of them where there are fewer.
        seed: decides which.
        lags: those that are compared. A shift by the difference of two of them would hold the true order at one lag
            against the true order at another, and chance would find every true tie again.
    """

    def __init__(self, count: int, shifts: int, seed: int, lags: Sequence[int] = ()) -> None:
        self.length = smooth_length(max(count, 2))
        drawn = np.random.default_rng(seed).permutation(self.length - 1) + 1
        true = {(one - other) % self.length for one in lags for other in lags}
        chosen = drawn[~np.isin(drawn, list(true))][:shifts]
        self.shifts: Whole = np.sort(chosen).astype(np.int64)

    def spectrum(self, values: Floats) -> Spectrum:
        """Return the Fourier transform of a series on the grid, zeros beyond its end."""
        return np.fft.rfft(values.astype(np.float32), self.length).astype(np.complex64)

    def products(self, what: Spectrum, of: Spectrum) -> NDArray[np.float32]:
        """Return, for each lag round the circle, the sum of products of one series with the other that much later."""
        return np.fft.irfft(np.conj(what) * of, self.length).astype(np.float32)

    def at(self, products: NDArray[np.float32], lag: int) -> tuple[float, Floats]:
        """Return the sum of products at a lag, and the same under each drawn shift."""
        return float(products[lag % self.length]), products[(lag + self.shifts) % self.length].astype(np.float64)


class Largest:
    """The largest statistic under each shift, over all that is compared."""

    def __init__(self, shifts: int) -> None:
        self.under_shifts = np.zeros(shifts)

    def add(self, null: Floats) -> None:
        """Take one comparison's statistics under each shift into account."""
        np.maximum(self.under_shifts, np.abs(null), out=self.under_shifts)

    def joined(self, other: "Largest") -> "Largest":
        """Return the largest of both under each shift."""
        both = Largest(len(self.under_shifts))
        both.add(self.under_shifts)
        both.add(other.under_shifts)
        return both

    def p(self, statistic: float) -> float:
        """Return the chance that the largest of all is at least that large where there is no tie."""
        return chance(statistic, self.under_shifts)

    def p_all(self, statistic: float) -> float:
        """Return the same, with the other search paid for."""
        return min(1.0, SEARCHES * self.p(statistic))

    def critical(self, alpha: float) -> float:
        """Return what a statistic must exceed to be found."""
        return float(np.quantile(self.under_shifts, 1 - alpha / SEARCHES)) if len(self.under_shifts) else float("inf")


def standardised(statistic: float, null: Floats) -> tuple[float, Floats, float]:
    """Return a statistic and its null in units of what the shifts spread over, and that unit; zeros where none do."""
    spread = float(null.std()) if len(null) else 0.0
    if not spread > 0:
        return 0.0, np.zeros(len(null)), 0.0
    middle = float(null.mean())
    return (statistic - middle) / spread, (null - middle) / spread, spread


def chance(statistic: float, null: Floats) -> float:
    """Return the p value of a statistic among those of the shifts, both signs counted."""
    # Rounding must not make the true order's twin among the shifts smaller than itself.
    reached = np.abs(null) >= abs(statistic) * (1 - 1e-9)
    return float((1 + reached.sum()) / (1 + len(null)))


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
