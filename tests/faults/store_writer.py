"""Writers for the fault tests: the store's own, and controls that each lack one thing it does."""

import fcntl
import os
import signal
from pathlib import Path

from store import Store

# How long a writer here waits for the others: one that a busy machine keeps from running holds its lock meanwhile.
PATIENCE_S = 60.0


class Unhealed(Store):
    """Appends after whatever is there."""

    def _healed_end(self) -> int:
        return self._size_bytes


class Gathering(Store):
    """Acknowledges at once, and writes and flushes when a few records have come together."""

    _gathered = b""

    def _keep(self, data: bytes) -> None:
        self._gathered += data
        if len(self._gathered) > 3 * len(data):
            super()._keep(self._gathered)
            self._gathered = b""


class BlankingForward(Store):
    """Takes lines back from their beginning on."""

    def _blank(self, start: int, end: int) -> None:
        descriptor = self._descriptor
        fcntl.fcntl(descriptor, fcntl.F_SETFL, 0)
        for at in range(start, end - 1, 4096):
            os.pwrite(descriptor, b" " * min(4096, end - 1 - at), at)
        os.pwrite(descriptor, b"\n", end - 1)
        fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_APPEND)


class Unchecked(Store):
    """Does not look a second time whether the file was rotated meanwhile."""

    def _stays(self) -> bool:
        return True


class Unaware(Store):
    """Never looks whether the file was rotated."""

    def _is_at_path(self) -> bool:
        return self._descriptor >= 0


class Unlocked(Store):
    """Waits for nobody."""

    def _lock(self) -> None:
        if self._descriptor < 0 or not self._is_at_path():
            self.close()
            self._open()


def frozen_between_check_and_write(store: Store) -> Store:
    """Make the store's process stop itself once, where its next append has looked at the path and not yet written."""
    healed_end = store._healed_end

    def stop_first() -> int:
        store._healed_end = healed_end  # type: ignore[method-assign]
        os.kill(os.getpid(), signal.SIGSTOP)
        return healed_end()

    store._healed_end = stop_first  # type: ignore[method-assign]
    return store


def append_in_child(store: Store, first: int, end: int, done: Path, line_bytes: int = 0) -> int:
    """Append that range of numbered records in a process of its own, whose id is returned; note each one in a file."""
    process = os.fork()
    if process:
        return process
    try:
        store.lock_wait_s_max = PATIENCE_S
        with done.open("w") as acknowledged:
            for n in range(first, end):
                store.append({"ts": "2026-11-21T00:00:00.000Z", "kind": "test", "n": n, "x": "x" * line_bytes})
                acknowledged.write(f"{n}\n")
        os._exit(0)
    finally:
        os._exit(1)


def wait_until_stopped(process: int) -> None:
    """Wait until that child has stopped itself."""
    _, status = os.waitpid(process, os.WUNTRACED)
    assert os.WIFSTOPPED(status), f"it ended instead: {status}"


def go_on(process: int) -> None:
    """Let a stopped child go on, and wait until it has ended well."""
    os.kill(process, signal.SIGCONT)
    join(process)


def join(process: int) -> None:
    """Wait until that child has ended well."""
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0
