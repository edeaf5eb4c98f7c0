"""Programs of moss that run beside the loop: what they take and what befalls them is theirs, and the loop goes on."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from agent.errors import MossError
from agent.jobs import Due

TOP = Path(__file__).resolve().parent.parent


class ErrandFailed(MossError):
    """A program beside the loop failed or took too long: its job's rule says what then."""


class Errands:
    """The programs that run now, one of a name; they live as long as the process, whatever configuration it turns to.

    `again` is what Jobs keeps of those that failed: when they are tried again.

    Arguments:
        now_s: real seconds, whatever clock the market lives by.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self.again: dict[str, tuple[float, Due]] = {}
        self._now_s = now_s
        self._running: dict[str, tuple[int, Due, float]] = {}

    def start(self, name: str, arguments: Sequence[str], due: Due) -> bool:
        """Start a module of ours with the interpreter of this process.

        Arguments:
            name: the job's.
            arguments: the module, and its own arguments.
            due: what the job was handed.
        Returns: False, and none is started, while the one before still runs.
        Raises: ErrandFailed where it cannot be started.
        """
        if name in self._running:
            return False
        command = [sys.executable, "-m", *arguments]
        try:
            pid = os.posix_spawn(sys.executable, command, {**os.environ, "PYTHONPATH": str(TOP)})
        except OSError as error:
            raise ErrandFailed(f"{name} cannot be started: {error.strerror}") from error
        self._running[name] = pid, due, self._now_s() + due.deadline_s
        return True

    def failures(self) -> Iterator[tuple[str, Due, ErrandFailed]]:
        """Yield what failed since the last look; what takes too long is ended."""
        for name, (pid, due, end_s) in list(self._running.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                if self._now_s() < end_s:
                    continue
                os.kill(pid, signal.SIGKILL)
                _, status = os.waitpid(pid, 0)
            del self._running[name]
            code = os.waitstatus_to_exitcode(status)
            if code:
                how = f"ended with status {code}" if code > 0 else f"was ended by signal {-code}"
                yield name, due, ErrandFailed(f"{name} {how}; what it said is in the journal")

    def close(self) -> None:
        """End what still runs: as after a power cut its records are whole, and it is done again at its next moment."""
        for pid, _, _ in self._running.values():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self._running.clear()
