"""A deadline over everything done inside a `with`, whatever the libraries in there wait for."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from agent.errors import Stopped
from agent.stop import Stop, delicate

# How late a deadline may be noticed. A tick costs about as much as one function call.
TICK_S = 0.05


class DeadlinePassed(BaseException):
    """The time is over; no Exception, so that no library inside takes it for trouble of its own."""


@contextmanager
def deadline(duration_s: float, stop: Stop | None = None) -> Iterator[Callable[[], None]]:
    """End what is done inside when the time is over, by a ticking timer whose handler raises.

    requests' own timeouts count each read anew, so a server that drips a byte a second holds a call for ever. The timer
    interrupts any wait but a look-up of a name. Outside the main thread there is no timer; then only `check` raises.
    The process has one such timer: a deadline inside another one, or beside another use of SIGALRM, is not possible.

    Arguments:
        duration_s: real seconds.
        stop: looked at on each tick too, for a Stopped that was raised where Python ignores errors.
    Returns: `check`, which raises if the time is over by now.
    Raises: DeadlinePassed, Stopped.
    """
    end_s = time.monotonic() + duration_s

    def check() -> None:
        if stop is not None and stop.asked:
            raise Stopped("a stop was asked for")
        if time.monotonic() >= end_s:
            raise DeadlinePassed

    if threading.current_thread() is not threading.main_thread():
        yield check
        return

    armed = True

    def tick(_number: int, frame: FrameType | None) -> None:
        if armed and not delicate(frame):
            check()

    handler = signal.signal(signal.SIGALRM, tick)
    try:
        signal.setitimer(signal.ITIMER_REAL, TICK_S, TICK_S)
        yield check
    finally:
        # First of all, and without a call: from here on a tick does nothing.
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
