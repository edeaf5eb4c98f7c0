"""Streaming indicators whose memory of older minutes fades; imported only by the strategies that use them."""

from decimal import Decimal

from agent.market.candle import EXACT

# After this many lengths without it, an older minute's part in an average is below 1e-17.
MEMORY_LENGTHS = 40


class ExponentialMovingAverage:
    """The average in which each close counts 2 / (length + 1) and all before it the rest, from the first close on.

    Equal to pandas' `ewm(span=length, adjust=False).mean()`.

    Arguments:
        length: its span, at least 1; there is a value from that many closes on.
    """

    def __init__(self, length: int) -> None:
        self.length = length
        self.count = 0
        self._average = 0.0

    def add(self, close: Decimal) -> None:
        """Take the next close."""
        price = float(close)
        self._average += (price - self._average) * (2 / (self.length + 1)) if self.count else price
        self.count += 1

    @property
    def value(self) -> float | None:
        """The average, None while there are not enough closes."""
        return self._average if self.count >= self.length else None


class RelativeStrengthIndex:
    """Wilder's RSI as the library `ta` 0.11 has it: averages of gains and losses that start at 0 on the first close.

    Each then moves by 1/length of the way to the minute's gain or loss (the textbook starts with a plain mean of the
    first `length` of them). Source: ta.momentum.RSIIndicator.

    Arguments:
        length: minutes, at least 1; there is a value from that many closes on.
    """

    def __init__(self, length: int) -> None:
        self.length = length
        self.count = 0
        self._gain = self._loss = 0.0
        self._close = Decimal(0)

    def add(self, close: Decimal) -> None:
        """Take the next close."""
        moved = float(EXACT.subtract(close, self._close)) if self.count else 0.0
        self._gain += (max(moved, 0.0) - self._gain) / self.length
        self._loss += (max(-moved, 0.0) - self._loss) / self.length
        self._close = close
        self.count += 1

    @property
    def value(self) -> float | None:
        """0 to 100, 100 where there were no losses at all, None while there are not enough closes."""
        if self.count < self.length:
            return None
        return 100 - 100 / (1 + self._gain / self._loss) if self._loss else 100.0
