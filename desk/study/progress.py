"""What long work says while it lasts: one line on standard error now and then."""

import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

from agent.console import say

T = TypeVar("T")
QUIET_S = 2.0


class Progress:
    """Tells what is being done; steps of a loop only where it takes longer than a person waits without a word.

    Arguments:
        tell: takes one line.
        monotonic_s: seconds that never run backward.
    """

    def __init__(self, tell: Callable[[str], object] = say, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._monotonic_s = monotonic_s
        self._told_s = monotonic_s()

    def say(self, what: str) -> None:
        """Say what begins now."""
        self._tell(what)
        self._told_s = self._monotonic_s()

    def each(self, what: str, steps: Iterable[T], count: int | None = None) -> Iterator[T]:
        """Yield the steps, saying every few seconds how many are done."""
        if count is None and isinstance(steps, Sized):
            count = len(steps)
        for done, step in enumerate(steps):
            if self._monotonic_s() - self._told_s >= QUIET_S:
                self.say(f"{what}: {done} of {count}" if count else f"{what}: {done}")
            yield step
