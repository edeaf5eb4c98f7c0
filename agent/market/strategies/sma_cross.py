"""`sma_cross`: two moving averages, and a signal where they have crossed."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from agent.market.candle import EXACT
from agent.market.indicators import SimpleMovingAverage
from agent.market.strategy import BUY, HOLD, SELL, Verdict


class SmaCross:
    """Buys when the fast average has risen above the slow one since the last evaluation, sells when it fell below.

    Arguments:
        fast: minutes of the fast average.
        slow: minutes of the slow average, above `fast`.
    """

    fades = False

    def __init__(self, fast: int, slow: int) -> None:
        self.window = slow
        self._fast, self._slow = fast, slow
        self._average = SimpleMovingAverage(slow)

    def add(self, close: Decimal) -> None:
        self._average.add(close)

    def decide(self, last: Mapping[str, Any] | None) -> Verdict:
        """Say BUY where the fast average came above the slow one since the last evaluation, SELL below, else HOLD."""
        fast, slow = self._average.mean(self._fast), self._average.mean(self._slow)
        figures = {"sma_fast": fast, "sma_slow": slow}
        if fast is None or slow is None:
            return Verdict(HOLD, f"{self._average.count} of {self._slow} candles", figures)
        # Rounding keeps the order; only where it made them equal do the exact sums decide. A flat market never signals.
        above = fast - slow or self._exactly_above()
        relation = "fast>slow" if above > 0 else "fast<slow" if above < 0 else "fast=slow"
        if last is None:
            return Verdict(HOLD, f"{relation}, no last evaluation to compare with", figures)
        if above > 0 and last["sma_fast"] <= last["sma_slow"]:
            return Verdict(BUY, relation, figures)
        if above < 0 and last["sma_fast"] >= last["sma_slow"]:
            return Verdict(SELL, relation, figures)
        return Verdict(HOLD, f"{relation} as before" if above else relation, figures)

    def _exactly_above(self) -> Decimal:
        fast, slow = self._average.total(self._fast), self._average.total(self._slow)
        return EXACT.compare(EXACT.multiply(fast, self._slow), EXACT.multiply(slow, self._fast))
