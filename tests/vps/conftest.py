"""The machines that these tests run on, and when they are skipped."""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.scripts import TOP
from tests.vps.box import Box
from tests.vps.image import PYTHONS, base, suite

NEEDED = {"systemd-nspawn": "systemd-container", "mmdebstrap": "mmdebstrap", "nsenter": "util-linux"}
PARTS = ("bot.py", "sentiment.py", "agent", "store", "desk", "systemd", "logrotate", "docs", "crontab")
INSTALL = "bash /src/{}/systemd/install.sh {} 2>&1"
_numbers = itertools.count(1)
Sources = Callable[[str], Path]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheels of both locks: the machines have no network."""
    folder = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--dest", str(folder)]
    # The image's Python, which need not be this one.
    command += ["--python-version", PYTHONS[suite()], "--require-hashes", "--only-binary", ":all:", "--requirement"]
    for lock in ("requirements.lock", "desk/dashboard/requirements.lock", "desk/dashboard/vendor.txt"):
        alone = ["--no-deps"] if lock.endswith(".txt") else []
        subprocess.run([*command, str(TOP / lock), *alone], check=True, timeout=300, stderr=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Callable[[str], Path]:
    """Return what lays out a copy of the project, with its wheels, in a folder that all machines see as /src/NAME."""
    top = tmp_path_factory.mktemp("src")

    def lay(name: str) -> Path:
        if (top / name).exists():
            return top / name
        for part in (*PARTS, "requirements.lock", "LICENSE"):
            place = top / name / part
            if (TOP / part).is_dir():
                shutil.copytree(TOP / part, place, ignore=shutil.ignore_patterns("__pycache__"))
            elif (TOP / part).exists():
                place.parent.mkdir(exist_ok=True)
                shutil.copy(TOP / part, place)
        shutil.copytree(wheels, top / name / "wheels")
        return top / name

    return lay


@pytest.fixture(scope="session")
def cache() -> Path:
    """Return where images of systems are kept; skip where none can be booted."""
    if "CHAOS_S" not in os.environ:
        pytest.skip("boots a whole system, for minutes; make chaos runs it")
    missing = [f"{name} (Debian: {package})" for name, package in NEEDED.items() if not shutil.which(name)]
    if os.geteuid() != 0 or missing:
        pytest.skip(f"needs root and {', '.join(missing) or 'namespaces'}")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "moss"


@pytest.fixture(scope="session")
def boot(cache: Path) -> Callable[[Path], AbstractContextManager[Box]]:
    """Return what boots a machine that sees the given folder as /src."""
    root = base(cache)
    return lambda source: Box(root, source, name())


def name() -> str:
    """Return a name for a machine that no other has."""
    return f"moss-{os.getpid()}-{next(_numbers)}"


@pytest.fixture(scope="module")
def box(boot: Callable[[Path], AbstractContextManager[Box]], sources: Callable[[str], Path]) -> Iterator[Box]:
    """Return a machine on which install.sh was run by ada, with the built-in market at 600 times its speed."""
    now = sources("now")
    with boot(now.parent) as machine:
        prepare(machine)
        machine.ask("SUDO_USER=ada bash /src/now/systemd/install.sh 2>&1", limit_s=180)
        yield machine


def prepare(machine: Box) -> None:
    """Make the user ada, and a config that needs no exchange and no news site."""
    machine.ask("useradd --create-home ada && mkdir -p /etc/moss")
    machine.path("/etc/moss/moss.toml").write_text(
        '[market]\nsource = "demo"\ndemo_speed = 600\nsymbols = ["KRW-BTC", "KRW-ETH"]\n'
        '[schedule]\nsession_open = ""\nsession_close = ""\n'
        '[news]\nfeeds = [{ name = "sample", url = "demo:" }]\n'
    )


def running(box: Box) -> tuple[str, str]:
    """Return the release that runs and the number of its process."""
    release = box.ask("readlink /opt/moss/current")
    return release.rpartition("/")[2], box.ask("systemctl show --property MainPID --value moss-bot")


def version(source: Path, name: str) -> None:
    """Make a copy of the project another release."""
    init = source / "agent/__init__.py"
    text = init.read_text()
    (line,) = [line for line in text.splitlines() if line.startswith("__version__ = ")]
    init.write_text(text.replace(line, f'__version__ = "{name}"'))
