"""A circuit breaker: whoever failed often in a row is left alone for a while, then tried with one careful question."""

from typing import Literal

State = Literal["closed", "open", "half-open"]

FAILURES_MAX = 5
OPEN_S_FIRST = 30.0
# Short enough that an exchange that is back is noticed within two candles.
OPEN_S_MAX = 120.0


class Breaker:
    """Counts failures in a row; `state` is closed (asked freely), open (not asked) or half-open (asked once).

    It opens at the fifth failure for 30 s; each failed probe doubles that, up to 120 s. Any success closes it.
    """

    def __init__(self) -> None:
        self.state: State = "closed"
        self.failures = 0
        self._open_until_s = 0.0

    def left_s(self, now_s: float) -> float:
        """Return for how long it stays open, 0 when asking is allowed; an open one whose time is over turns half-open.

        Arguments:
            now_s: monotonic seconds, here and below.
        """
        if self.state == "open" and now_s >= self._open_until_s:
            self.state = "half-open"
        return self._open_until_s - now_s if self.state == "open" else 0.0

    def succeed(self) -> None:
        """Note that there was an answer of whatever kind."""
        self.state, self.failures = "closed", 0

    def fail(self, now_s: float) -> None:
        """Note that there was none."""
        self.failures += 1
        doublings = self.failures - FAILURES_MAX
        if doublings >= 0:
            # 30 s * 2**n, at most 120 s; the exponent is capped too, since failures can go on for weeks.
            self.state = "open"
            self._open_until_s = now_s + min(OPEN_S_FIRST * 2 ** min(doublings, 16), OPEN_S_MAX)
