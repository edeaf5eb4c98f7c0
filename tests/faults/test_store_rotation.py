"""Rotation while writers write: by logrotate itself, by hand as fast as it goes, and at the worst moment."""

import gzip
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from store import Damage, NotStored, Store, scan, tail, verify
from tests.faults.store_rotation import compress, logrotate, logrotate_config, rotate
from tests.faults.store_writer import (
    Unaware,
    Unchecked,
    Unlocked,
    append_in_child,
    frozen_between_check_and_write,
    go_on,
    join,
    wait_until_stopped,
)


def numbers(path: Path) -> list[int]:
    told: list[Damage] = []
    found = [record["n"] for record in scan(path, on_damage=told.append)]
    assert told == []
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "prices.jsonl"


def test_logrotate_accepts_the_configuration(path: Path, program: Callable[..., str]) -> None:
    program("logrotate")
    path.write_text("")
    done = logrotate(path.parent, "-d")
    assert done.returncode == 0
    assert "error" not in done.stderr.lower()
    assert "rotating pattern" in done.stderr


class Flood:
    """Appends as fast as it goes in a thread, while its `with` block lasts; `count` is what was acknowledged."""

    def __init__(self, path: Path) -> None:
        self._store = Store(path, durable=False)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.count = 0

    def _run(self) -> None:
        while not self._stop.is_set():
            self._store.append({"ts": "2026-11-21T00:00:00.000Z", "kind": "test", "n": self.count})
            self.count += 1

    def __enter__(self) -> "Flood":
        self._thread.start()
        # On a busy machine a first rotation would else find no file.
        while not self.count and self._thread.is_alive():
            time.sleep(0.001)
        return self

    def __exit__(self, *_: object) -> None:
        # Nor would it have begun a new one after the last: the first of two may have been under way.
        wanted = self.count + 2
        while self.count < wanted and self._thread.is_alive():
            time.sleep(0.001)
        self._stop.set()
        self._thread.join()
        self._store.close()


def rotate_for_real(path: Path, times: int) -> None:
    """Rotate with logrotate so many times; its names have the second in them, so one a second."""
    for at in range(times):
        time.sleep(0 if not at else 1.05)
        done = logrotate(path.parent, "-f")
        assert done.returncode == 0, done.stderr


def test_logrotate_keeps_and_compresses_everything_while_a_writer_writes(
    path: Path, program: Callable[..., str]
) -> None:
    program("logrotate")
    with Flood(path) as flood:
        rotate_for_real(path, 3)
    names = sorted(found.name for found in path.parent.glob("prices.jsonl-*"))
    assert [name.endswith(".gz") for name in names] == [True, True, False]
    assert numbers(path) == list(range(flood.count))
    assert [record["n"] for record in tail(path, 5)] == list(range(flood.count - 5, flood.count))
    assert verify(path).segments == 4


def test_copytruncate_would_lose(path: Path, program: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    program("logrotate")
    written = Path.write_text
    monkeypatch.setattr(Path, "write_text", lambda to, text: written(to, text.replace("nocreate", "copytruncate")))
    assert "copytruncate" in logrotate_config(path.parent).read_text().split("{")[1]
    with Flood(path) as flood:
        rotate_for_real(path, 3)
    found = {record["n"] for record in scan(path, on_damage=lambda _: None)}
    assert not found.issuperset(range(flood.count))


def rotate_under(path: Path, processes: list[int]) -> int:
    """Rotate, and compress a moment later, as fast as it goes, until the processes have ended; return how often."""
    ended = threading.Event()

    def wait() -> None:
        for process in processes:
            join(process)
        ended.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    epoch = 0
    while not ended.wait(0.002):
        if epoch:
            compress(path.with_name(f"{path.name}-20261121-{epoch}"))
        while not path.exists() and not ended.is_set():
            time.sleep(0.0005)
        if path.exists():
            rotate(path, epoch := epoch + 1)
    waiter.join()
    return epoch


def two_writers(writer: type[Store], path: Path, line_bytes: int, count: int) -> list[int]:
    """Start two processes that append `count` numbered records each; return their ids."""
    firsts = (0, count)
    return [
        append_in_child(writer(path, durable=False), at, at + count, path.with_name(f"done{at}"), line_bytes)
        for at in firsts
    ]


def test_two_writers_lose_nothing_under_rotation(path: Path) -> None:
    assert rotate_under(path, two_writers(Store, path, 0, 10_000)) > 5
    assert sorted(numbers(path)) == list(range(20_000))


def test_writers_that_do_not_look_at_the_path_lose_under_rotation(path: Path) -> None:
    rotate_under(path, two_writers(Unaware, path, 0, 10_000))
    assert len({record["n"] for record in scan(path, on_damage=lambda _: None)}) < 20_000


def test_two_writers_of_long_lines_lose_nothing(path: Path) -> None:
    for process in two_writers(Store, path, 20_000, 1_500):
        join(process)
    assert sorted(numbers(path)) == list(range(3_000))


def test_two_writers_of_long_lines_lose_without_the_lock(path: Path) -> None:
    for process in two_writers(Unlocked, path, 20_000, 1_500):
        join(process)
    assert len({record["n"] for record in scan(path, on_damage=lambda _: None)}) < 3_000


def rotate_and_forget_the_writer(path: Path) -> None:
    """Rotate, compress and remove at once, with a gzip that waits for nobody."""
    segment = rotate(path, 1)
    Path(f"{segment}.gz").write_bytes(gzip.compress(segment.read_bytes()))
    segment.unlink()


@pytest.mark.parametrize("writer", [Store, Unchecked])
def test_writer_frozen_between_check_and_write(path: Path, tmp_path: Path, writer: type[Store]) -> None:
    with Store(path) as before:
        before.append({"ts": "2026-11-21T00:00:00.000Z", "kind": "test", "n": 0})
    done = tmp_path / "done"
    process = append_in_child(frozen_between_check_and_write(writer(path)), 1, 2, done)
    wait_until_stopped(process)
    rotate_and_forget_the_writer(path)
    go_on(process)
    assert done.read_text() == "1\n"
    assert numbers(path) == ([0, 1] if writer is Store else [0])


def test_writer_frozen_after_its_folder_was_long_the_same(path: Path, tmp_path: Path) -> None:
    with Store(path) as store:
        store.append({"ts": "2026-11-21T00:00:00.000Z", "kind": "test", "n": 0})
        time.sleep(0.2)
        store.append({"ts": "2026-11-21T00:00:00.000Z", "kind": "test", "n": 1})
        assert store._changed_ns == tmp_path.stat().st_ctime_ns
        done = tmp_path.with_name("done")
        process = append_in_child(frozen_between_check_and_write(store), 2, 3, done)
        wait_until_stopped(process)
        rotate_and_forget_the_writer(path)
        go_on(process)
    assert numbers(path) == [0, 1, 2]


def test_line_is_taken_back_from_a_segment_that_still_lies_there(path: Path, tmp_path: Path) -> None:
    with Store(path) as before:
        before.append({"ts": "2026-11-21T00:00:00.000Z", "kind": "test", "n": 0})
    process = append_in_child(frozen_between_check_and_write(Store(path)), 1, 2, tmp_path / "done")
    wait_until_stopped(process)
    rotate(path, 1)
    go_on(process)
    assert numbers(path) == [0, 1]
    assert path.exists()


def test_stopped_lock_holder_stops_nobody_for_long(path: Path, tmp_path: Path) -> None:
    process = append_in_child(frozen_between_check_and_write(Store(path)), 0, 1, tmp_path / "done")
    wait_until_stopped(process)
    with Store(path) as other:
        other.lock_wait_s_max = 0.1
        started_s = time.monotonic()
        with pytest.raises(NotStored, match=r"another writer did not let go in 0\.1 s"):
            other.append({"ts": "2026-11-21T00:00:00.000Z", "kind": "test", "n": 1})
        assert time.monotonic() - started_s < 20
        rotate(path, 1)
        other.append({"ts": "2026-11-21T00:00:00.000Z", "kind": "test", "n": 2})
        go_on(process)
        other.append({"ts": "2026-11-21T00:00:00.000Z", "kind": "test", "n": 3})
    assert numbers(path) == [2, 0, 3]


def test_lockgz_waits_for_a_writer_in_the_segment(path: Path, tmp_path: Path) -> None:
    with Store(path) as before:
        before.append({"ts": "2026-11-21T00:00:00.000Z", "kind": "test", "n": 0})
    process = append_in_child(frozen_between_check_and_write(Unchecked(path)), 1, 2, tmp_path / "done")
    wait_until_stopped(process)
    segment = rotate(path, 1)
    packer = threading.Thread(target=compress, args=(segment,))
    packer.start()
    time.sleep(0.2)
    assert segment.exists()
    go_on(process)
    packer.join()
    assert not segment.exists()
    assert numbers(path) == [0, 1]


def test_rotation_that_dies_while_it_compresses_loses_nothing(path: Path, program: Callable[..., str]) -> None:
    program("logrotate")
    with Store(path) as store:
        for n in range(2):
            store.append({"ts": "2026-11-21T00:00:00.000Z", "kind": "test", "n": n})
            rotate_for_real(path, 1)
            half = sorted(path.parent.glob("prices.jsonl-*[0-9]"))[-1]
            Path(f"{half}.gz").write_bytes(gzip.compress(half.read_bytes())[:20])
            assert numbers(path) == list(range(n + 1))
            time.sleep(1.05)
    assert numbers(path) == [0, 1]
