"""The wish that this process end, SIGTERM and SIGINT, or reload, SIGHUP; and when a handler may raise."""

import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from agent.errors import Stopped

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

# Functions in which an exception out of nowhere would leave a lock taken or a clean-up undone: `with` has not got hold
# of what is being entered yet, or no more of what is being left; Python ignores errors in finalizers; and our handlers
# may be interrupted by the next signal before they have noted what it is there for. In the last two, which requests
# calls, a second signal that comes while the first one's exception goes out makes it a SystemError (CPython 3.11).
_DELICATE = ("__enter__", "__exit__", "__call__", "__del__", "_note", "tick", "check", "delicate", "isdir", "exists")


class Stop:
    """Whether SIGTERM or SIGINT asked this process to end; belongs to the main thread.

    The handler writes nothing and takes no lock: a signal wakes the waits through a pipe that the interpreter itself
    writes to. With threading.Event, set() in a handler can deadlock on the lock that the handler interrupted.
    """

    def __init__(self) -> None:
        self.asked = False
        self.reload_asked = False
        self._interruptible = False
        self._wakeups = select.poll()

    def install(self, *, reloads: bool = False) -> None:
        """Take over the signals, once.

        Arguments:
            reloads: SIGHUP sets `reload_asked`, instead of ending the process.
        Raises: ValueError outside the main thread, where Python handles no signals.
        """
        self._heard, written = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(written, warn_on_full_buffer=False)
        self._wakeups.register(self._heard, select.POLLIN)
        for number in STOP_SIGNALS:
            signal.signal(number, self._note)
        if reloads:
            signal.signal(signal.SIGHUP, self._note_reload)

    def wait(self, duration_s: float) -> None:
        """Wait that many real seconds, or until a stop is asked for, or a reload.

        Inside of `interruptible` only a stop ends it: a pause that is owed to a host is no less owed before a reload.
        """
        end_s = time.monotonic() + duration_s
        is_owed = self._interruptible
        while not (self.asked or (self.reload_asked and not is_owed)) and (left_s := end_s - time.monotonic()) > 0:
            for woken, _ in self._wakeups.poll(left_s * 1000):
                os.read(woken, 4096)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let a stop end what is done inside at once, such as a network call that hangs.

        Outside of it a signal only sets `asked`, so that an append is never torn by it.

        Raises: Stopped when a stop is asked for inside, or was before.
        """
        self._interruptible = True
        try:
            if self.asked:
                raise Stopped("a stop was asked for")
            yield
        finally:
            self._interruptible = False

    def _note_reload(self, _number: int, _frame: FrameType | None) -> None:
        self.reload_asked = True

    def _note(self, _number: int, frame: FrameType | None) -> None:
        self.asked = True
        if self._interruptible and not delicate(frame):
            # Once only: a second signal must not tear what the first one's Stopped is cleaning up.
            self._interruptible = False
            raise Stopped("a stop was asked for")


def delicate(frame: FrameType | None) -> bool:
    """Tell whether raising has to wait for the next occasion; by name, since too often costs only one more tick.

    Arguments:
        frame: what the signal interrupted, as its handler was given it.
    """
    return frame is not None and frame.f_code.co_name in _DELICATE
