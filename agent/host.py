"""What a fetcher remembers of one host: how long to leave it alone, and how fast to ask it."""

from collections.abc import Mapping

from agent.errors import Unreachable
from agent.headers import is_used_up

# Where a host counts requests per second, that is how long it takes until it counts anew.
COUNTING_S = 1.0


class Host:
    """One host's memory; a new one knows nothing. Times are monotonic seconds.

    `refusals` counts its 429 and 418 in a row. `is_probed` says that one attempt has to do, since it is unknown yet
    whether the host is back.

    Arguments:
        name: host and port.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.refusals = 0
        self.is_probed = False
        self._quiet_until_s = 0.0
        self._free_from_s = 0.0

    def left_alone_s(self, now_s: float) -> float:
        """Return for how long it must not be asked at all, 0 when it may."""
        return max(self._quiet_until_s - now_s, 0.0)

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
        if is_used_up(headers):
            self._free_from_s = max(self._free_from_s, now_s + COUNTING_S)

    def succeed(self) -> None:
        """Note that it gave an answer."""
        self.refusals = 0

    def fail(self, error: Unreachable, now_s: float) -> None:
        """Note how a call failed."""
        if error.wait_s is not None:
            self._quiet_until_s = now_s + error.wait_s
