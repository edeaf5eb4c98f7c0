"""The machine that these tests wake, and when they are skipped."""

import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.vps.image import suite
from tests.vps.machine.disk import base
from tests.vps.machine.ready import Ready, lay, ready
from tests.vps.machine.scene import Row, Scene, table, woken

NEEDED = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "setpriv": "util-linux",
}


@pytest.fixture(scope="session")
def alone() -> Iterator[Path]:
    """Return where machines are kept, for this run alone: two at once would only measure each other."""
    if "VPS" not in os.environ:
        pytest.skip("boots a whole machine in emulation, for minutes; make vps runs it")
    missing = [f"{name} (Debian: {package})" for name, package in NEEDED.items() if not shutil.which(name)]
    if os.geteuid() != 0 or missing:
        pytest.skip(f"needs root and {', '.join(missing) or 'mmdebstrap'}")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "moss"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "machine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield cache


@pytest.fixture(scope="session")
def asleep(alone: Path, sources: Callable[[str], Path]) -> Ready:
    """Return the machine with moss at work on it, as a snapshot; VPS_MIB says with how much memory."""
    return ready(base(alone, suite()), lay(sources), int(os.environ.get("VPS_MIB", "1024")))


@pytest.fixture(scope="session")
def rows(asleep: Ready) -> Iterator[list[Row]]:
    """Return the list that each fault adds its line to; printed at the end."""
    found: list[Row] = []
    yield found
    sys.stdout.write(f"\n{asleep.facts['versions']}; {asleep.memory_mib} MiB\n{table(found)}")


@pytest.fixture
def wake(asleep: Ready, tmp_path: Path) -> Callable[..., AbstractContextManager[Scene]]:
    """Return what wakes the machine for one fault."""
    return lambda *, copied=False: woken(asleep, tmp_path, copied=copied)
