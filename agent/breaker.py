"""A circuit breaker: whoever failed often in a row is left alone for a while, then tried with one careful question."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from agent.errors import Refused, Unreachable
from agent.host import Host

State = Literal["closed", "open", "half-open"]

FAILURES_MAX = 5
OPEN_S_FIRST = 30.0
# Short enough that an exchange that is back is noticed within two candles.
OPEN_S_MAX = 120.0


class BreakerChange(NamedTuple):
    """A host's breaker changed: how many failures in a row, for how long it is not asked now, and the last failure."""

    host: str
    state: State
    failures: int
    wait_s: float
    why: str


class Breaker(Host):
    """A host that is closed (asked freely), open (not asked) or half-open (asked once).

    It opens at the fifth failure in a row for 30 s; each failed probe doubles that, up to 120 s. Any answer closes it.

    Arguments:
        name: host and port.
        report: told of each change.
    """

    def __init__(self, name: str, report: Callable[[BreakerChange], object]) -> None:
        super().__init__(name)
        self.state: State = "closed"
        self.failures = 0
        self._report = report
        self._open_until_s = 0.0

    def left_alone_s(self, now_s: float) -> float:
        open_s = self._open_until_s - now_s if self.state == "open" else 0.0
        if self.state == "open" and open_s <= 0:
            self._turn("half-open")
        return max(open_s, super().left_alone_s(now_s))

    def succeed(self) -> None:
        super().succeed()
        self._close()

    def fail(self, error: Unreachable, now_s: float) -> None:
        """Count a failure, and open after some in a row; a refusal closes it, for whoever refuses is alive."""
        super().fail(error, now_s)
        if isinstance(error, Refused) or error.status in (418, 429):
            self._close()
            return
        self.failures += 1
        doublings = self.failures - FAILURES_MAX
        if doublings >= 0:
            # 30 s * 2**n, at most 120 s; the exponent is capped too, since failures can go on for weeks.
            wait_s = min(OPEN_S_FIRST * 2 ** min(doublings, 16), OPEN_S_MAX)
            self._open_until_s = now_s + wait_s
            self._turn("open", wait_s, str(error))

    def _close(self) -> None:
        self.failures = 0
        self._turn("closed")

    def _turn(self, state: State, wait_s: float = 0.0, why: str = "") -> None:
        if self.state != state:
            self.state, self.is_probed = state, state == "half-open"
            self._report(BreakerChange(self.name, state, self.failures, wait_s, why))
