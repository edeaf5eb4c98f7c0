"""What every test may ask for, and what holds for all of them."""

import gc
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.ignored import ticks_passed_over
from tests.leftovers import no_process_left

__all__ = ["no_process_left", "ticks_passed_over"]

FILES_OPEN_MAX = 200
TOP = Path(__file__).resolve().parent.parent

# What this shell is set up for must not decide how a test goes.
_OURS = ("MOSS_RECORDED", "MOSS_SEED")
for _name in list(os.environ):
    if (_name.startswith("MOSS_") and _name not in _OURS) or _name in ("STATE_DIRECTORY", "NOTIFY_SOCKET"):
        del os.environ[_name]
# logrotate and cron lie where an ordinary user's PATH does not look.
os.environ["PATH"] = os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin") + ":/usr/sbin:/sbin"
# A shell script ignores interrupts for what it starts behind an &, and every process of a test would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadline: a machine with one busy core is no fault of the code.
hypothesis.settings.register_profile("moss", deadline=None, print_blob=True)
hypothesis.settings.load_profile("moss")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Call bytes by the name of their argument.

    pytest would spell them out, and those of a gzip hold the second it was made in: two workers that collect on either
    side of a second would know a test by two names, and run nothing.
    """
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], Path]:
    """Return what gives the path of a recorded file such as "market/x.json"; it skips where none are kept."""
    folder = Path(os.environ.get("MOSS_RECORDED") or TOP.parent / "shared" / "data")

    def find(name: str) -> Path:
        if not folder.is_dir():
            pytest.skip(
                f"needs recorded data, which is not part of the project: no {folder} (MOSS_RECORDED names another)"
            )
        path = folder / name
        assert path.exists(), f"{folder} is there and holds no {name}"
        return path

    return find


@pytest.fixture(scope="session")
def program() -> Callable[..., str]:
    """Return what gives the path of a program such as "jq"; it skips, naming Debian's package, where there is none.

    In CI, where all of them get installed, a missing one is a failure.
    """

    def find(name: str, package: str = "") -> str:
        path = shutil.which(name)
        if path is None:
            missing = f"needs {name} (Debian: apt-get install {package or name})"
            if os.environ.get("CI"):
                pytest.fail(missing, pytrace=False)
            pytest.skip(missing)
        return path

    return find


@pytest.fixture
def seed() -> int:
    """Return the seed of a random test and print it, for a failure to be repeated; MOSS_SEED sets it."""
    chosen = int(os.environ.get("MOSS_SEED") or random.SystemRandom().randrange(2**32))
    print(f"MOSS_SEED={chosen} repeats this test")
    return chosen


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Return what lays out a small project of the given files, every package among them complete, and gives its top."""

    def lay(files: dict[str, str]) -> Path:
        for package in ("agent", "agent/market", "agent/news", "store"):
            (tmp_path / package).mkdir(exist_ok=True)
            (tmp_path / package / "__init__.py").touch()
        for module in ("agent/clock.py", "agent/config.py", "agent/folder.py", "agent/fetch.py", "agent/alive.py"):
            (tmp_path / module).touch()
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return lay


@pytest.fixture(scope="session")
def files_open_max() -> list[int]:
    """Return the count of open files above which it is worth to look for cycles that hold some."""
    return [FILES_OPEN_MAX]


@pytest.fixture(autouse=True)
def few_files_open(files_open_max: list[int]) -> Iterator[None]:
    """Let go of what earlier tests left open in cycles: select() takes no descriptor above 1023."""
    yield
    if _files_open() > files_open_max[0]:
        gc.collect()
        # What is left is held by somebody: to look again after each test would take longer than the tests.
        files_open_max[0] = max(FILES_OPEN_MAX, _files_open() + FILES_OPEN_MAX // 4)


@pytest.fixture(autouse=True)
def bot_just_begun() -> Iterator[None]:
    """Let a bot within the tests' own process have begun with the test: after 45 minutes it tells of a silent scorer.

    One that is not imported yet has not begun, and is not imported for this.
    """
    with pytest.MonkeyPatch.context() as patch:
        if watch := sys.modules.get("agent.watch"):
            patch.setattr(watch, "_BEGUN_S", time.monotonic())
        yield


def _files_open() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
