"""Strategies: each turns the closes of one market into BUY, SELL or HOLD, and nothing else."""

import hashlib
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from agent.market.candle import EXACT, number
from agent.market.indicators import SimpleMovingAverage

BUY, SELL, HOLD = "BUY", "SELL", "HOLD"


class Verdict(NamedTuple):
    """What a strategy says of a minute: the signal, why, and the figures it looked at, as the record holds them."""

    signal: str
    reason: str
    figures: dict[str, int | float | None]


class Strategy(Protocol):
    """One market's strategy; `window` is how many minutes it must read back to decide as if it had never stopped."""

    window: int

    def add(self, close: Decimal) -> None:
        """Take the close of the next minute."""

    def decide(self, last: Mapping[str, Any] | None) -> Verdict:
        """Judge the newest minute; `last` is the last evaluation's record, None if there is none to compare with."""


class SmaCross:
    """Buys when the fast average has risen above the slow one since the last evaluation, sells when it fell below.

    Arguments:
        fast: minutes of the fast average.
        slow: minutes of the slow average, above `fast`.
    """

    def __init__(self, fast: int, slow: int) -> None:
        self.window = slow
        self._fast = SimpleMovingAverage(fast)
        self._slow = SimpleMovingAverage(slow)

    def add(self, close: Decimal) -> None:
        self._fast.add(close)
        self._slow.add(close)

    def decide(self, last: Mapping[str, Any] | None) -> Verdict:
        fast, slow = self._fast.mean, self._slow.mean
        figures = {
            "sma_fast": None if fast is None else number(fast),
            "sma_slow": None if slow is None else number(slow),
        }
        if slow is None:
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


class Plan(NamedTuple):
    """A strategy by name with its parameters: makes one for each market."""

    name: str
    parameters: dict[str, int]
    make: Callable[[], Strategy]

    @property
    def rule(self) -> str:
        """Eight hex digits that change when the name or a parameter does."""
        text = json.dumps([self.name, self.parameters], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:8]


def sma_cross(fast: int, slow: int) -> Plan:
    """Return the plan of `sma_cross` with averages over that many minutes."""
    return Plan("sma_cross", {"fast": fast, "slow": slow}, lambda: SmaCross(fast, slow))
