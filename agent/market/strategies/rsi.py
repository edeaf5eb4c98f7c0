"""`rsi`: the example to write your own strategy after; docs/strategies.md goes through it line by line."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from agent.market.fading import MEMORY_LENGTHS, RelativeStrengthIndex
from agent.market.strategy import BUY, HOLD, SELL, Verdict


class Rsi:
    """BUY when the RSI is below `rsi_oversold`, SELL when it is above `rsi_overbought`, else HOLD.

    Arguments:
        rsi: minutes of the RSI.
        rsi_oversold, rsi_overbought: its bounds, 0 to 100.
    """

    fades = True

    def __init__(self, rsi: int, rsi_oversold: float, rsi_overbought: float) -> None:
        self.window = MEMORY_LENGTHS * rsi
        self._rsi = RelativeStrengthIndex(rsi)
        self._oversold, self._overbought = rsi_oversold, rsi_overbought

    def add(self, close: Decimal) -> None:
        self._rsi.add(close)

    def decide(self, last: Mapping[str, Any] | None) -> Verdict:  # noqa: ARG002 - it compares with no other minute
        """Say BUY below the lower bound, SELL above the upper, else HOLD."""
        rsi = self._rsi.value
        figures = {"sma_fast": None, "sma_slow": None, "rsi": rsi}
        if rsi is None:
            return Verdict(HOLD, f"{self._rsi.count} of {self._rsi.length} candles", figures)
        if rsi < self._oversold:
            return Verdict(BUY, f"rsi<{self._oversold:g}", figures)
        if rsi > self._overbought:
            return Verdict(SELL, f"rsi>{self._overbought:g}", figures)
        return Verdict(HOLD, f"rsi={rsi:.1f}", figures)
