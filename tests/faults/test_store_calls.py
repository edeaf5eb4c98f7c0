"""One kill before, inside and after every system call of an append, in every state that a file may be in."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from store import Damage, Record, Store, newest, scan, verify
from store.line import encode
from tests.faults.store_calls import MOMENTS, killed_at
from tests.faults.store_rotation import ROOT, rotate
from tests.faults.store_writer import BlankingForward, Unhealed


def record(n: int, **fields: object) -> Record:
    return {"ts": f"2026-11-21T00:00:{n:02d}.000Z", "kind": "test", "n": n, **fields}


def missing(path: Path) -> None:
    path.unlink(missing_ok=True)


def sound(path: Path) -> None:
    path.write_bytes(encode(record(0)))


def torn(path: Path) -> None:
    path.write_bytes(encode(record(0)) + encode(record(7, x="x" * 9000))[:-20])


def zeroed(path: Path) -> None:
    path.write_bytes(encode(record(0)) + encode(record(7))[:20] + b"\0" * 5000 + b"\n")


STATES = {"missing": missing, "sound": sound, "torn": torn, "zeroed": zeroed}


class Rotated(Store):
    """Finds at its second look that the file was rotated meanwhile."""

    def _stays(self) -> bool:
        if not list(Path(self._path).parent.glob("*.jsonl-*")):
            rotate(Path(self._path), 1)
        return super()._stays()


def append_killed(folder: Path, writer: type[Store], state: str) -> tuple[list[tuple[str, str]], int, int]:
    """Kill an append of two records at every call; return the kills, the records lost, the damage a reader was told."""
    kills = []
    lost = damaged = 0
    for moment in MOMENTS:
        for number in range(100):
            path = folder / f"{moment}{number}" / "prices.jsonl"
            path.parent.mkdir()
            STATES[state](path)

            def work(path: Path = path) -> None:
                writer(path).append_many([record(1, x="x" * 9000), record(2)])

            name = killed_at(number, moment, work)
            with writer(path) as after:
                after.append(record(9))
            told: list[Damage] = []
            found = [each["n"] for each in scan(path, on_damage=told.append)]
            back = [each["n"] for each in newest(path, on_damage=lambda _: None)]
            wanted = ([] if state == "missing" else [0]) + [9]
            assert found == sorted(back)
            assert len(found) == len(set(found))
            lost += len(set(wanted) - set(found))
            damaged += len(told)
            if writer in (Store, Rotated):
                assert [n for n in found if n in wanted] == wanted, (name, moment, found)
                assert set(found) - set(wanted) <= {1, 2}
                assert verify(path).ok
                # What is torn at the end of a rotated segment stays there, where no reader takes it for a line.
                assert verify(path).torn == 0 or writer is Rotated
            if not name:
                break
            kills.append((name, moment))
    return kills, lost, damaged


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("writer", [Store, Rotated])
def test_kill_at_any_call_loses_nothing(tmp_path: Path, writer: type[Store], state: str) -> None:
    kills, lost, damaged = append_killed(tmp_path, writer, state)
    sys.stdout.write(f"{len(kills)} kills at {', '.join(name for name, moment in kills if moment == 'before')}\n")
    assert (lost, damaged) == (0, 0)
    assert {name for name, _ in kills} >= {"open", "fsync", "flock", "stat", "lseek", "write", "fdatasync"}
    assert ("pwrite" in {name for name, _ in kills}) == (state in ("torn", "zeroed") or writer is Rotated)


@pytest.mark.parametrize(("writer", "state"), [(Unhealed, "torn"), (Unhealed, "sound")])
def test_kill_at_any_call_loses_without_healing(tmp_path: Path, writer: type[Store], state: str) -> None:
    _, lost, damaged = append_killed(tmp_path, writer, state)
    assert lost > 0
    assert damaged > 0


def test_kill_at_any_call_shows_torn_lines_when_blanked_from_the_beginning(tmp_path: Path) -> None:
    class RotatedForward(BlankingForward, Rotated):
        pass

    assert append_killed(tmp_path, RotatedForward, "sound")[2] > 0


_TRACED = """
import json, os, sys
from pathlib import Path
from store import Store
from tests.faults.store_calls import watched
names = []
def around(name, call, arguments):
    names.append(name)
    return call(*arguments)
store = Store(Path(sys.argv[1]))
with watched(around):
    os.getppid()
    store.append({"ts": "2026-11-21T00:00:00.000Z", "kind": "test", "n": 1})
    os.getppid()
print(json.dumps(names))
"""


def test_no_system_call_of_an_append_is_left_out(tmp_path: Path, program: Callable[..., str]) -> None:
    sound(tmp_path / "prices.jsonl")
    log = tmp_path / "log"
    command = [program("strace"), "-o", str(log), sys.executable, "-c", _TRACED, str(tmp_path / "prices.jsonl")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        pytest.skip(f"strace may not trace here: {done.stderr.strip()[:100]}")
    called = [line.partition("(")[0] for line in log.read_text().splitlines()]
    begin = called.index("getppid") + 1
    traced = called[begin : called.index("getppid", begin)]
    kernel = {"openat": "open", "pread64": "pread", "newfstatat": "stat", "pwrite64": "pwrite", "fstat": "stat"}
    memory = {"mmap", "munmap", "brk", "mprotect", "madvise"}
    watched = ["stat" if name == "fstat" else name for name in json.loads(done.stdout)]
    assert [kernel.get(name, name) for name in traced if name not in memory] == watched
