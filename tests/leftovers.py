"""A guard over a whole test run: whatever it started has ended when it ends.

A plugin of pytest by itself, so that its own test can run it; `conftest.py` switches it on for all tests. While it is
on, an orphan that has ended stays in /proc, as a zombie, until the run ends: ask `descendants` what is running.
"""

import ctypes
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

# Only a run that is going to fail takes all of it.
GRACE_S = 20.0
_PR_SET_CHILD_SUBREAPER = 36


class Process(NamedTuple):
    """A running process as /proc tells of it; `started` keeps a reused number apart."""

    pid: int
    parent: int
    group: int
    started: str
    command: str


@pytest.fixture(scope="session", autouse=True)
def no_process_left() -> Iterator[None]:
    """Fail the run, naming them, if processes that it started are still there some seconds after its last test."""
    # Orphans become children of this process instead of vanishing from its sight.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = set(descendants(os.getpid()))
    yield
    deadline_s = time.monotonic() + GRACE_S
    while (left := [each for each in descendants(os.getpid()) if each not in before]) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    for process in left:
        os.kill(process.pid, signal.SIGKILL)
    if left:
        names = "; ".join(f"{process.pid} {process.command}" for process in left)
        pytest.fail(f"the tests left running (and now killed): {names}", pytrace=False)


def descendants(ancestor: int) -> list[Process]:
    """Return the children of a process, theirs, and so on; those that only wait to be reaped are not running."""
    everyone = [process for entry in Path("/proc").glob("[0-9]*") if (process := _read(entry))]
    found: list[Process] = []
    waiting = [ancestor]
    while waiting:
        parent = waiting.pop()
        children = [process for process in everyone if process.parent == parent]
        found += children
        waiting += [process.pid for process in children]
    return found


def _read(entry: Path) -> Process | None:
    try:
        status = (entry / "stat").read_text(encoding="utf-8", errors="replace")
        command = (entry / "cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None  # it ended meanwhile
    name, _, rest = status.partition("(")[2].rpartition(")")
    fields = rest.split()
    if fields[0] in "ZX":
        return None
    return Process(
        int(entry.name), int(fields[1]), int(fields[2]), fields[19], command.replace("\0", " ").strip() or f"[{name}]"
    )
