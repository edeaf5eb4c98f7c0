"""The desk opens nothing for writing: seen in every system call of a whole visit."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.desks import RunningDesk, fill_store, port_of
from tests.scripts import TOP, environment

# Whatever makes, changes or takes away something on a disk.
CALLS = (
    "open,openat,openat2,creat,truncate,ftruncate,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,"
    "linkat,symlink,symlinkat,mknod,mknodat,chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat,utimensat,setxattr,"
    "fsetxattr,fallocate,mount"
)
VISIT = ("/api/prices", "/api/series?points=100", "/api/performance", "/api/status", "/health", "/docs", "/")


def changes(trace: str) -> list[str]:
    """Return the calls of a trace that could change a file; /dev/null is none."""
    found = []
    for line in trace.splitlines():
        call = line.partition("(")[0].rpartition(" ")[2]
        if call.startswith("open") or call == "creat":
            if not re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND", line) or '"/dev/null"' in line:
                continue
        elif call not in CALLS.split(","):
            continue
        found.append(line)
    return found


def traced(strace: str, log: Path, *command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [strace, "-f", "-qq", "-s", "200", "-e", f"trace={CALLS}", "-o", str(log), *command],
        cwd=TOP,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_desk_opens_nothing_for_writing_through_a_whole_visit(program: Callable[..., str], tmp_path: Path) -> None:
    pytest.importorskip("uvicorn", reason="needs the desk's packages")
    data, log = tmp_path / "data", tmp_path / "trace"
    fill_store(data)
    command = [sys.executable, "-m", "desk", "serve", "--data", str(data), "--port", "0", "--idle-exit-s", "5"]
    process = traced(program("strace"), log, *command)
    try:
        desk = RunningDesk(process, port_of(process))
        for path in VISIT:
            desk.get(path)
        process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    trace = log.read_text()
    assert "prices.jsonl" in trace, "it was not even read"
    assert changes(trace) == []


def test_trace_shows_it_when_something_is_written(program: Callable[..., str], tmp_path: Path) -> None:
    log = tmp_path / "trace"
    line = f"from store import Store; Store({str(tmp_path / 'x.jsonl')!r}).append(dict(ts='2026', kind='x'))"
    traced(program("strace"), log, sys.executable, "-c", line).communicate(timeout=60)
    assert any("x.jsonl" in change for change in changes(log.read_text()))
