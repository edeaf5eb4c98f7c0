"""Being alive: the signals that ask for an end, the word to systemd, and what /proc says of this process."""

import os
import select
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from agent.errors import Stopped
from agent.interruption import delicate

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """Whether SIGTERM or SIGINT asked this process to end; belongs to the main thread.

    The handler writes nothing and takes no lock: a signal wakes the waits through a pipe that the interpreter itself
    writes to. With threading.Event, set() in a handler can deadlock on the lock that the handler interrupted.
    """

    def __init__(self) -> None:
        self.asked = False
        self._interruptible = False
        self._pipe = os.pipe()
        for end in self._pipe:
            os.set_blocking(end, False)
        self._previous: dict[signal.Signals, signal._HANDLER] = {}
        self._previous_wakeup = -1

    def install(self) -> None:
        """Take over the signals, once.

        Raises: ValueError outside the main thread, where Python handles no signals.
        """
        self._previous_wakeup = signal.set_wakeup_fd(self._pipe[1], warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            self._previous[number] = signal.signal(number, self._note)

    def close(self) -> None:
        """Give the signals back to whoever had them and close the pipe."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        if self._previous:
            signal.set_wakeup_fd(self._previous_wakeup)
            self._previous.clear()
        for end in self._pipe:
            os.close(end)

    def wait(self, duration_s: float) -> None:
        """Wait that many real seconds, or until a stop is asked for."""
        end_s = time.monotonic() + duration_s
        while not self.asked:
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                return
            readable, _, _ = select.select(self._pipe[:1], [], [], left_s)
            if readable:
                os.read(self._pipe[0], 4096)

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

    def _note(self, _number: int, frame: FrameType | None) -> None:
        self.asked = True
        if self._interruptible and not delicate(frame):
            # Once only: a second signal must not tear what the first one's Stopped is cleaning up.
            self._interruptible = False
            raise Stopped("a stop was asked for")


def notify(state: str, environ: Mapping[str, str] = os.environ) -> None:
    """Tell systemd, as sd_notify does; without a NOTIFY_SOCKET, or with a dead one, nothing happens.

    Arguments:
        state: such as "READY=1" or "STATUS=BUY KRW-BTC", several divided by line feeds.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as word:
            word.settimeout(1.0)
            word.sendto(state.encode(), address)
    except OSError:
        # systemd misses the word and acts by its own watchdog; nothing this process could do is better.
        return


def rss_kib() -> int | None:
    """Return this process's resident memory in KiB, None where /proc tells nothing."""
    try:
        with open("/proc/self/smaps_rollup", encoding="ascii") as rollup:
            for line in rollup:
                if line.startswith("Rss:"):
                    return int(line.split()[1])
    except OSError:
        pass
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    except OSError:
        return None


def boot_id() -> str | None:
    """Return the id that this boot of the machine has and no other, None where /proc tells nothing."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as source:
            return source.read().strip()
    except OSError:
        return None
