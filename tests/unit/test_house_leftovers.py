"""A test that leaves a process behind fails the run, and the process is ended."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests import leftovers
from tests.layout.source import TOP

LEAVES_CHILD = """
import subprocess
def test_leaves():
    subprocess.Popen(["sleep", "SECONDS"])
"""
# The shell between them ends at once, and the session is another: only the kernel still knows whose it is.
LEAVES_ORPHAN = """
import subprocess
def test_leaves():
    subprocess.run(["sh", "-c", "setsid sleep SECONDS >/dev/null 2>&1 &"], check=True)
"""
LEAVES_NOTHING = """
import subprocess
def test_waits():
    subprocess.run(["sleep", "0.01"], check=True)
    subprocess.Popen(["sleep", "0.3"])
"""


def guarded(source: str, folder: Path, grace_s: float = leftovers.GRACE_S) -> "subprocess.CompletedProcess[str]":
    (folder / "test_it.py").write_text(source, encoding="utf-8")
    (folder / "conftest.py").write_text(
        f"import tests.leftovers\ntests.leftovers.GRACE_S = {grace_s}\n", encoding="utf-8"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        "/dev/null",
        "--rootdir",
        str(folder),
        "-p",
        "tests.leftovers",
    ]
    command += ["-p", "no:cacheprovider", str(folder)]
    return subprocess.run(command, cwd=TOP, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)


def commands() -> Iterator[bytes]:
    for entry in Path("/proc").glob("[0-9]*"):
        # It may end between the two.
        with suppress(OSError):
            yield (entry / "cmdline").read_bytes()


@pytest.mark.parametrize("source", [LEAVES_CHILD, LEAVES_ORPHAN], ids=["child", "orphan"])
def test_run_fails_and_names_it_when_a_process_is_left(source: str, tmp_path: Path) -> None:
    # A length of its own: another run on this machine leaves the like.
    seconds = f"301.{os.getpid()}"
    done = guarded(source.replace("SECONDS", seconds), tmp_path, 0.5)
    assert done.returncode == 1
    assert "left running" in done.stdout
    assert f"sleep {seconds}" in done.stdout
    assert f"sleep\0{seconds}\0".encode() not in commands()


def test_run_passes_when_all_end_in_time(tmp_path: Path) -> None:
    done = guarded(LEAVES_NOTHING, tmp_path)
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout
