"""What a strategy is: the closes of one market in, BUY, SELL or HOLD out, and nothing else."""

import hashlib
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

BUY, SELL, HOLD = "BUY", "SELL", "HOLD"

# What a record holds of an indicator: None while there are not enough candles.
Figure = int | float | None


class Verdict(NamedTuple):
    """What a strategy says of a minute: the signal, why, and the figures it looked at, as the record holds them."""

    signal: str
    reason: str
    figures: dict[str, Figure]


class Strategy(Protocol):
    """The strategy of one market; it is a pure function of the closes it was given, in their order.

    `window` is how many minutes it must read back after a restart to decide as if it had never stopped. `fades` says
    that its memory of older minutes does not end there but grows faint, as an exponential average's does.
    """

    window: int
    fades: bool

    def add(self, close: Decimal) -> None:
        """Take the close of the next minute."""

    def decide(self, last: Mapping[str, Any] | None) -> Verdict:
        """Judge the newest minute; `last` has the last evaluation's figures, None if there is none to compare with."""


class Plan(NamedTuple):
    """A strategy by name with its parameters: makes one for each market."""

    name: str
    parameters: dict[str, int | float]
    make: Callable[[], Strategy]

    @property
    def rule(self) -> str:
        """Eight hex digits that change when the name or a parameter does."""
        text = json.dumps([self.name, self.parameters], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:8]
