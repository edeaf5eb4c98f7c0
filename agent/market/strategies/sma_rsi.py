"""`sma_rsi`: buys weakness in a rising market and sells strength in a falling one; strict, so it seldom signals."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from agent.market.candle import EXACT
from agent.market.fading import MEMORY_LENGTHS, RelativeStrengthIndex
from agent.market.indicators import SimpleMovingAverage
from agent.market.strategy import BUY, HOLD, SELL, Verdict


class SmaRsi:
    """BUY when the close is above SMA(slow) and the RSI below `rsi_oversold`; SELL the other way round.

    Arguments:
        fast, slow: minutes of the averages; the fast one is only told.
        rsi: minutes of the RSI.
        rsi_oversold, rsi_overbought: its bounds, 0 to 100.
    """

    fades = True

    def __init__(self, fast: int, slow: int, rsi: int, rsi_oversold: float, rsi_overbought: float) -> None:
        self.window = max(slow, MEMORY_LENGTHS * rsi)
        self._fast, self._slow = fast, slow
        self._average = SimpleMovingAverage(slow)
        self._rsi = RelativeStrengthIndex(rsi)
        self._oversold, self._overbought = rsi_oversold, rsi_overbought
        self._close = Decimal(0)

    def add(self, close: Decimal) -> None:
        self._close = close
        self._average.add(close)
        self._rsi.add(close)

    def decide(self, last: Mapping[str, Any] | None) -> Verdict:  # noqa: ARG002 - it compares with no other minute
        """Say BUY above the average where the RSI is low, SELL below it where that is high, else HOLD."""
        rsi = self._rsi.value
        slow = self._average.mean(self._slow)
        figures = {"sma_fast": self._average.mean(self._fast), "sma_slow": slow, "rsi": rsi}
        if slow is None or rsi is None:
            length, count = max((self._slow, self._average.count), (self._rsi.length, self._rsi.count))
            return Verdict(HOLD, f"{count} of {length} candles", figures)
        # The sum is compared, not the mean: a mean is rounded, and a flat market must not signal.
        side = int(EXACT.compare(EXACT.multiply(self._close, self._slow), self._average.total(self._slow)))
        place = ("close<sma", "close=sma", "close>sma")[side + 1]
        if side > 0 and rsi < self._oversold:
            return Verdict(BUY, f"{place}, rsi<{self._oversold:g}", figures)
        if side < 0 and rsi > self._overbought:
            return Verdict(SELL, f"{place}, rsi>{self._overbought:g}", figures)
        return Verdict(HOLD, f"{place}, rsi={rsi:.1f}", figures)
