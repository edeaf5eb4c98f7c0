"""What a fetcher remembers of one host: how long to leave it alone, how fast to ask it, how often it failed."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from agent.breaker import Breaker, State
from agent.errors import Refused, Unreachable
from agent.headers import remaining_requests

# Where a host counts requests per second, that is how long it takes until it counts anew.
COUNTING_S = 1.0


class BreakerChange(NamedTuple):
    """A host's breaker changed: how many failures in a row, for how long it is not asked now, and the last failure."""

    host: str
    state: State
    failures: int
    wait_s: float
    why: str


class Host:
    """One host's memory; a new one knows nothing. Times are monotonic seconds.

    Arguments:
        name: host and port.
        report: told of each change of its breaker.
    """

    def __init__(self, name: str, report: Callable[[BreakerChange], object]) -> None:
        self._name = name
        self._report = report
        self._breaker = Breaker()
        self._quiet_until_s = 0.0
        self._free_from_s = 0.0
        self._refusals = 0

    def refused_again(self) -> int:
        """Count a 429 or 418, and return how many there were in a row before."""
        self._refusals += 1
        return self._refusals - 1

    @property
    def careful(self) -> bool:
        """Whether one attempt has to do, because it is still unknown if the host is back."""
        return self._breaker.state == "half-open"

    def left_alone_s(self, now_s: float) -> float:
        """Return for how long it must not be asked at all, 0 when it may."""
        before = self._breaker.state
        left_s = max(self._breaker.left_s(now_s), self._quiet_until_s - now_s, 0.0)
        self._tell(before, 0.0, "")
        return left_s

    def pause_s(self, now_s: float, interval_s: float) -> float:
        """Return how long to wait before this request, and count the request as sent then.

        Arguments:
            interval_s: the least time from one request's start to the next one's.
        """
        pause_s = max(self._free_from_s - now_s, 0.0)
        self._free_from_s = now_s + pause_s + interval_s
        return pause_s

    def hear(self, headers: Mapping[str, str], now_s: float) -> None:
        """Heed what an answer says of requests that are left."""
        if remaining_requests(headers) == 0:
            self._free_from_s = max(self._free_from_s, now_s + COUNTING_S)

    def succeed(self) -> None:
        """Note that it gave an answer."""
        self._refusals = 0
        self._come_alive()

    def fail(self, error: Unreachable, now_s: float) -> None:
        """Note how a call failed; one that was refused, or told to wait, shows that the host is alive."""
        if error.wait_s is not None:
            self._quiet_until_s = now_s + error.wait_s
        if isinstance(error, Refused) or error.status in (418, 429):
            self._come_alive()
            return
        before = self._breaker.state
        self._breaker.fail(now_s)
        self._tell(before, self._breaker.left_s(now_s), str(error))

    def _come_alive(self) -> None:
        before = self._breaker.state
        self._breaker.succeed()
        self._tell(before, 0.0, "")

    def _tell(self, before: State, wait_s: float, why: str) -> None:
        if self._breaker.state != before:
            self._report(BreakerChange(self._name, self._breaker.state, self._breaker.failures, wait_s, why))
