"""`sma_cross`: two moving averages, and a signal where they have crossed."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from agent.market.candle import EXACT
from agent.market.indicators import SimpleMovingAverage, figure
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
        self._fast = SimpleMovingAverage(fast)
        self._slow = SimpleMovingAverage(slow)

    def add(self, close: Decimal) -> None:
        self._fast.add(close)
        self._slow.add(close)

    def decide(self, last: Mapping[str, Any] | None) -> Verdict:
        figures = {"sma_fast": figure(self._fast.value), "sma_slow": figure(self._slow.value)}
        if self._slow.value is None:
            return Verdict(HOLD, f"{self._slow.count} of {self._slow.length} candles", figures)
        # Sums are compared, not means: a mean is rounded, and a flat market must not signal.
        left = EXACT.multiply(self._fast.total, self._slow.length)
        right = EXACT.multiply(self._slow.total, self._fast.length)
        relation = "fast>slow" if left > right else "fast<slow" if left < right else "fast=slow"
        if last is None:
            return Verdict(HOLD, f"{relation}, no last evaluation to compare with", figures)
        if left > right and last["sma_fast"] <= last["sma_slow"]:
            return Verdict(BUY, relation, figures)
        if left < right and last["sma_fast"] >= last["sma_slow"]:
            return Verdict(SELL, relation, figures)
        return Verdict(HOLD, f"{relation} as before" if left != right else relation, figures)
