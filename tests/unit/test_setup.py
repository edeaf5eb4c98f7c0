"""`make` sets up an environment with an interpreter that fits, says what is missing, and trusts nothing half done."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.layout.source import TOP

CANDIDATES = ("python3", "python3.13", "python3.12", "python3.11")

# Stands in for an interpreter: it tells its story in `log`, and makes an environment that holds itself.
FAKE = """#!/bin/sh
echo "$(basename "$0") $*" >> LOG
case "$1 $2" in
    "-V "*) echo "Python VERSION" ;;
    "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    "-m pip") [ ! -e NO_NETWORK ] ;;
esac
"""
BROKEN = "#!/bin/sh\necho 'pyenv: command not found' >&2\nexit 127\n"


class Clone:
    """A fresh clone's files for setting up, and a PATH on which no candidate fits until one is put there."""

    def __init__(self, folder: Path) -> None:
        self.top = folder / "clone"
        self.programs = folder / "bin"
        self.log = folder / "log"
        self.no_network = folder / "no_network"
        self.top.mkdir()
        self.programs.mkdir()
        for name in ("Makefile", "requirements.lock", "requirements-dev.lock"):
            shutil.copy(TOP / name, self.top)
        for name in CANDIDATES:
            self.put(name, BROKEN)

    def put(self, name: str, script: str = FAKE, version: str = "3.11.9") -> Path:
        path = self.programs / name
        for word, meant in (("LOG", self.log), ("VERSION", version), ("NO_NETWORK", self.no_network)):
            script = script.replace(word, str(meant))
        path.write_text(script, encoding="utf-8")
        path.chmod(0o755)
        return path

    def make(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        clean = {"PATH": f"{self.programs}:/usr/local/bin:/usr/bin:/bin", "HOME": str(self.top)}
        return subprocess.run(
            ["make", *arguments],
            cwd=self.top,
            env=clean,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    def calls(self, words: str) -> int:
        return sum(words in line for line in self.log.read_text(encoding="utf-8").splitlines())


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_setup_says_what_to_install_when_no_python_fits(clone: Clone) -> None:
    done = clone.make(".venv/ready")
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "Python 3.11 or newer with venv" in done.stderr
    assert "python3-venv" in done.stderr
    assert not (clone.top / ".venv").exists()


def test_setup_takes_the_first_python_that_works_when_others_only_exist(clone: Clone) -> None:
    clone.put("python3.12", version="3.12.4")
    clone.put("python3.11", version="3.11.9")
    done = clone.make(".venv/ready")
    assert done.returncode == 0, done.stderr
    assert "setting up .venv with python3.12 (Python 3.12.4)" in done.stderr
    assert clone.calls("python3.12 -m venv .venv") == 1
    assert clone.calls("python3.11 -m venv") == 0


def test_setup_takes_the_python_it_is_told_to(clone: Clone) -> None:
    clone.put("python3")
    mine = clone.put("mine", version="3.13.1")
    assert clone.make(".venv/ready", f"PYTHON={mine}").returncode == 0
    assert clone.calls("mine -m venv .venv") == 1


def test_setup_is_made_again_when_another_version_is_asked_for(clone: Clone) -> None:
    clone.put("python3")
    mine = clone.put("mine", version="3.13.1")
    clone.make(".venv/ready")
    clone.make(".venv/ready", f"PYTHON={mine}")
    assert clone.calls("mine -m venv .venv") == 1
    clone.make(".venv/ready")
    assert clone.calls("-m venv .venv") == 2


def test_setup_installs_only_what_the_lock_names_by_hash(clone: Clone) -> None:
    clone.put("python3")
    clone.make(".venv/ready")
    assert clone.calls("--require-hashes --only-binary :all: -r requirements.lock") == 1
    assert clone.calls("requirements-dev.lock") == 0


def test_setup_is_done_once_and_again_when_the_lock_changes(clone: Clone) -> None:
    clone.put("python3")
    for _ in range(2):
        assert clone.make(".venv/ready").returncode == 0
    assert clone.calls("-m venv") == 1
    (clone.top / "requirements.lock").touch()
    clone.make(".venv/ready")
    assert clone.calls("-m venv") == 2


def test_setup_is_made_again_when_it_was_interrupted(clone: Clone) -> None:
    clone.put("python3")
    clone.no_network.touch()
    assert clone.make(".venv/ready").returncode != 0
    (clone.top / ".venv" / "half").touch()
    clone.no_network.unlink()
    assert clone.make(".venv/ready").returncode == 0
    assert not (clone.top / ".venv" / "half").exists()


def test_setup_is_made_again_when_its_python_is_gone(clone: Clone) -> None:
    clone.put("python3")
    clone.make(".venv/ready")
    (clone.top / ".venv" / "bin" / "python").unlink()
    assert clone.make(".venv/ready").returncode == 0
    assert clone.calls("-m venv") == 2


def test_tools_are_added_to_what_is_there(clone: Clone) -> None:
    clone.put("python3")
    clone.make(".venv/ready")
    assert clone.make(".venv/ready-dev").returncode == 0
    assert (clone.calls("-m venv"), clone.calls("-r requirements-dev.lock")) == (1, 1)


def test_tools_that_cannot_be_fetched_leave_the_demo_working(clone: Clone) -> None:
    clone.put("python3")
    clone.make(".venv/ready")
    clone.no_network.touch()
    assert clone.make(".venv/ready-dev").returncode != 0
    assert clone.make(".venv/ready").returncode == 0
    assert clone.calls("-m venv") == 1


def test_tools_go_into_a_new_environment_when_adding_them_was_interrupted(clone: Clone) -> None:
    clone.put("python3")
    clone.make(".venv/ready")
    (clone.top / ".venv" / "with-tools").touch()
    (clone.top / ".venv" / "half").touch()
    assert clone.make(".venv/ready-dev").returncode == 0
    assert not (clone.top / ".venv" / "half").exists()
    assert clone.make(".venv/ready-dev").returncode == 0
    assert clone.calls("-r requirements-dev.lock") == 1


def test_help_names_every_target(clone: Clone) -> None:
    done = clone.make()
    for target in ("run", "test", "chaos", "check", "lock", "clean"):
        assert f"make {target} " in done.stdout
