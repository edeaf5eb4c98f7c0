"""Streaming indicators over the last minutes; those whose memory fades instead of ending are in `fading.py`.

Each takes one close a minute and costs the same for the first as for the millionth.
"""

from collections import deque
from decimal import Decimal

from agent.market.candle import EXACT, number


class SimpleMovingAverage:
    """The mean of the last `length` closes, kept as an exact sum.

    Arguments:
        length: how many closes, at least 1.
    """

    def __init__(self, length: int) -> None:
        self.length = length
        self.total = Decimal(0)
        self._closes: deque[Decimal] = deque()

    @property
    def count(self) -> int:
        """How many closes it holds, at most `length`."""
        return len(self._closes)

    def add(self, close: Decimal) -> None:
        """Take the next close."""
        self._closes.append(close)
        self.total = EXACT.add(self.total, close)
        if len(self._closes) > self.length:
            self.total = EXACT.subtract(self.total, self._closes.popleft())

    @property
    def value(self) -> Decimal | None:
        """The average, None while there are not enough closes."""
        return EXACT.divide(self.total, self.length) if len(self._closes) == self.length else None


def figure(value: Decimal | None) -> int | float | None:
    """Return an average as the number that a record holds."""
    return None if value is None else number(value)
