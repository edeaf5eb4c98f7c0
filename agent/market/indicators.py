"""Streaming indicators over the last minutes; those whose memory fades instead of ending are in `fading.py`.

Each takes one close a minute and costs the same for the first as for the millionth.
"""

from collections import deque
from decimal import Decimal

from agent.market.candle import EXACT
from agent.market.strategy import Figure

_add, _subtract = EXACT.add, EXACT.subtract


class SimpleMovingAverage:
    """The mean of the last `length` closes, or of fewer, out of exact sums.

    Arguments:
        length: how many closes, at least 1.
    """

    def __init__(self, length: int) -> None:
        self.length = length
        # The sums of all closes up to each minute: two of them differ by what lies between. They never get too long to
        # be exact: a thousand years of the highest price are 24 digits.
        self._sums: deque[Decimal] = deque([Decimal(0)], maxlen=length + 1)

    @property
    def count(self) -> int:
        """How many closes it holds, at most `length`."""
        return len(self._sums) - 1

    def add(self, close: Decimal) -> None:
        """Take the next close."""
        sums = self._sums
        sums.append(_add(sums[-1], close))

    def total(self, length: int) -> Decimal:
        """Return the sum of the last closes; there must be so many."""
        return _subtract(self._sums[-1], self._sums[-1 - length])

    def mean(self, length: int) -> Figure:
        """Return the mean of the last closes as a record holds it, rounded once; None while there are not so many."""
        if len(self._sums) <= length:
            return None
        numerator, denominator = self.total(length).as_integer_ratio()
        denominator *= length
        return numerator / denominator if numerator % denominator else numerator // denominator

    @property
    def value(self) -> Figure:
        """The mean of all it may hold, None while there are not so many."""
        return self.mean(self.length)
