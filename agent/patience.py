"""When a receiver is called next: as it asks for, an hour after a no, ever less often while it does not answer."""

from agent.clock import DAY_S, HOUR_S, Clock
from agent.errors import Refused, Unreachable

# No call is begun with less time than this, and none takes longer than that.
CALL_S_MIN = 1.0
CALL_S_MAX = 5.0
# The look-up of a name can not be interrupted, and a dead name server takes it so much longer than the call may.
SPARE_S = 2.0

_WAIT_S_FIRST = 30.0
_WAIT_S_MAX = 600.0


class Patience:
    """One receiver's next moment; times are monotonic seconds.

    Arguments:
        clock: what tells the time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._free_from_s = 0.0

    @property
    def is_over(self) -> bool:
        """Whether it may be called now."""
        return self._clock.monotonic_s() >= self._free_from_s

    def succeed(self, pause_s: float) -> None:
        """Note that it took what it was sent; the next call comes `pause_s` later at the earliest."""
        self._failures = 0
        self._free_from_s = self._clock.monotonic_s() + pause_s

    def fail(self, error: Exception) -> None:
        """Note how a call failed.

        Waits as long as the error says, up to a day; an hour after a refusal; else 30 s, doubled by each further
        failure up to ten minutes.
        """
        wait_s = min(_WAIT_S_FIRST * 2 ** min(self._failures, 16), _WAIT_S_MAX)
        if isinstance(error, Unreachable) and error.wait_s is not None:
            wait_s = min(max(error.wait_s, CALL_S_MIN), DAY_S)
        elif isinstance(error, Refused):
            wait_s = HOUR_S
        self._failures += 1
        self._free_from_s = self._clock.monotonic_s() + wait_s


class Budget:
    """The time there is for calls, until something else is due.

    Arguments:
        clock: what tells the time.
        budget_s: from now on.
    """

    def __init__(self, clock: Clock, budget_s: float) -> None:
        self._clock = clock
        self._end_s = clock.monotonic_s() + budget_s

    @property
    def left_s(self) -> float:
        """How much of it is left."""
        return self._end_s - self._clock.monotonic_s()

    @property
    def call_s(self) -> float:
        """How long one call may take now; 0 where none is worth beginning."""
        call_s = min(self.left_s - SPARE_S, CALL_S_MAX)
        return call_s if call_s >= CALL_S_MIN else 0.0
