"""An exception that Python ignored fails a test, but for those that a deadline's next tick raises again."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.layout.source import TOP

IGNORES = """
from agent.deadline import DeadlinePassed
from agent.errors import Stopped
class Finalized:
    def __del__(self):
        raise {error}
def test_ignores():
    Finalized()
"""


def done(folder: Path, error: str, *plugins: str) -> "subprocess.CompletedProcess[str]":
    (folder / "test_it.py").write_text(IGNORES.format(error=error), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", str(folder), *plugins]
    command += ["-W", "error::pytest.PytestUnraisableExceptionWarning", "-p", "no:cacheprovider", str(folder)]
    return subprocess.run(command, cwd=TOP, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)


@pytest.mark.parametrize("error", ["DeadlinePassed", "Stopped('a stop was asked for')"])
def test_run_passes_when_what_was_ignored_comes_again(error: str, tmp_path: Path) -> None:
    ended = done(tmp_path, error, "-p", "tests.ignored")
    assert (ended.returncode, "1 passed" in ended.stdout) == (0, True), ended.stdout


@pytest.mark.parametrize(("error", "plugins"), [("ValueError", ("-p", "tests.ignored")), ("DeadlinePassed", ())])
def test_run_fails_when_anything_else_was_ignored_and_without_the_plugin(
    error: str, plugins: tuple[str, ...], tmp_path: Path
) -> None:
    ended = done(tmp_path, error, *plugins)
    assert ended.returncode == 1, ended.stdout
    assert error in ended.stdout
