"""What Python ignores by design is no trouble of a test.

A deadline's timer ticks until its exception gets out: one that falls into a finalizer, or into what is called while
garbage is collected, is ignored there, and the next tick raises again. That tick would fall into pytest's own hook for
ignored exceptions, which takes its time to write a traceback, and a test would fail for what is right. So these two
kinds are passed over before it sees them. A plugin of pytest by itself, so that its own test can run it.
"""

import sys
from collections.abc import Iterator

import pytest

from agent.deadline import DeadlinePassed
from agent.errors import Stopped


class PassesOver:
    """Stands before a hook; a class, since no tick raises in a `__call__`."""

    def __init__(self) -> None:
        self.behind = sys.unraisablehook

    def __call__(self, ignored: "sys.UnraisableHookArgs") -> None:
        if ignored.exc_type is not DeadlinePassed and ignored.exc_type is not Stopped:
            self.behind(ignored)


@pytest.fixture(scope="session", autouse=True)
def ticks_passed_over() -> Iterator[None]:
    """Stand before the hook that pytest has set by now."""
    hook = PassesOver()
    sys.unraisablehook = hook
    yield
    sys.unraisablehook = hook.behind
