"""Appending: what is acknowledged is there, and what stands in the way is said."""

import errno
import os
import resource
import threading
import time
from pathlib import Path

import pytest

from store import NotStored, Record, Store, tail
from tests.faults.store_rotation import rotate


def record(n: int, **fields: object) -> Record:
    return {"ts": f"2026-11-21T00:00:{n % 60:02d}.000Z", "kind": "test", "n": n, **fields}


def numbers(path: Path) -> list[int]:
    def no_damage(damage: object) -> None:
        raise AssertionError(damage)

    return [found["n"] for found in tail(path, 1_000_000, on_damage=no_damage)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "prices.jsonl"


@pytest.mark.parametrize("durable", [True, False])
def test_append_stores_in_order(path: Path, *, durable: bool) -> None:
    with Store(path, durable=durable) as store:
        for n in range(10):
            store.append(record(n))
    assert numbers(path) == list(range(10))


def test_append_flushes_before_it_returns_only_when_durable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    monkeypatch.setattr(os, "fdatasync", flushed.append)
    with Store(path, durable=False) as store:
        store.append(record(0))
    assert len(flushed) == 0
    with Store(path) as store:
        store.append(record(1))
        assert len(flushed) == 1
        store.append_many([record(2), record(3)])
        assert len(flushed) == 2


def test_append_many_writes_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    write = os.write

    def counted(descriptor: int, data: bytes) -> int:
        written.append(len(data))
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", counted)
    with Store(path) as store:
        store.append_many(record(n) for n in range(100))
    assert len(written) == 1
    assert numbers(path) == list(range(100))


def test_append_many_of_nothing_makes_no_file(path: Path) -> None:
    with Store(path) as store:
        store.append_many([])
    assert not path.exists()


def test_bad_record_writes_nothing(path: Path) -> None:
    with Store(path) as store:
        store.append(record(0))
        before = path.read_bytes()
        with pytest.raises(ValueError, match="ts"):
            store.append_many([record(1), {"kind": "test"}])
        with pytest.raises(ValueError, match="not storable"):
            store.append(record(2, x=float("nan")))
    assert path.read_bytes() == before


def test_append_opens_again_after_close(path: Path) -> None:
    store = Store(path)
    store.append(record(0))
    store.close()
    store.close()
    store.append(record(1))
    store.close()
    assert numbers(path) == [0, 1]


def test_file_is_readable_by_the_group_and_nobody_else(path: Path) -> None:
    with Store(path) as store:
        store.append(record(0))
    assert path.stat().st_mode & 0o777 == 0o640


def test_append_makes_a_new_file_after_rotation(path: Path) -> None:
    with Store(path) as store:
        store.append(record(0))
        segment = rotate(path, 1)
        store.append(record(1))
    # In a burst, what was written to the rotated file is taken back.
    assert len(segment.read_bytes().split()) == 1
    assert len(path.read_bytes().splitlines()) == 1
    assert numbers(path) == [0, 1]


def test_append_raises_while_the_folder_is_gone_and_goes_on_when_it_is_back(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "prices.jsonl"
    with Store(path) as store:
        store.append(record(0))
        folder.rename(tmp_path / "away")
        for _ in range(2):
            with pytest.raises(NotStored, match="No such file"):
                store.append(record(1))
        (tmp_path / "away").rename(folder)
        store.append(record(2))
    assert numbers(path) == [0, 2]


def test_append_raises_when_the_path_cannot_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for bad in (tmp_path, tmp_path / "file" / "prices.jsonl", tmp_path / "missing" / "prices.jsonl"):
        with pytest.raises(NotStored) as caught:
            Store(bad).append(record(0))
        assert str(bad) in str(caught.value)
        assert caught.value.errno in {errno.EISDIR, errno.ENOTDIR, errno.ENOENT}


def test_failed_flush_is_never_retried_on_its_descriptor(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flush = os.fdatasync
    closed: list[int] = []
    close = os.close
    failing = [True]

    def fdatasync(descriptor: int) -> None:
        if failing.pop() if failing else False:
            raise OSError(errno.EIO, "Input/output error")
        flush(descriptor)

    def counted(descriptor: int) -> None:
        closed.extend([descriptor] * (descriptor >= 0))
        close(descriptor)

    with Store(path) as store:
        monkeypatch.setattr(os, "fdatasync", fdatasync)
        monkeypatch.setattr(os, "close", counted)
        with pytest.raises(NotStored, match="Input/output") as caught:
            store.append(record(0))
        assert caught.value.errno == errno.EIO
        assert store._descriptor == -1
        assert len(closed) == 2  # the folder's and the file's
        store.append(record(1))
    assert numbers(path)[-1] == 1


@pytest.mark.parametrize("room_bytes", [0, 1, 50, 130, 200])
def test_short_write_leaves_nothing_behind_when_the_quota_ends_inside_a_batch(path: Path, room_bytes: int) -> None:
    with Store(path) as store:
        store.append(record(0))
        before_bytes = path.stat().st_size
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (before_bytes + room_bytes, hard))
        try:
            with pytest.raises(NotStored, match="File too large"):
                store.append_many([record(n) for n in range(1, 4)])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert numbers(path) == [0]
        assert path.read_bytes().endswith(b"\n")
        store.append(record(4))
    assert numbers(path) == [0, 4]


def test_write_that_is_cut_short_once_goes_on_to_the_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    cuts = [10]
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[: cuts.pop() if cuts else None]))
    with Store(path) as store:
        store.append(record(0))
    assert numbers(path) == [0]


def test_two_stores_in_two_threads_lose_nothing(path: Path) -> None:
    def fill(first: int) -> None:
        with Store(path, durable=False) as store:
            for n in range(first, first + 500):
                store.append(record(n))

    threads = [threading.Thread(target=fill, args=(first,)) for first in (0, 500)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers(path)) == list(range(1000))


def test_append_gives_up_on_a_lock_after_a_while_and_writes_after_it_is_free(path: Path) -> None:
    with Store(path) as first, Store(path) as second:
        first.append(record(0))
        second.append(record(1))
        first._lock()
        second.lock_wait_s_max = 0.05
        started_s = time.monotonic()
        with pytest.raises(NotStored, match=r"another writer did not let go in 0\.05 s"):
            second.append(record(2))
        assert 0.05 <= time.monotonic() - started_s < 20
        first.close()
        second.append(record(3))
    assert numbers(path) == [0, 1, 3]


def test_lock_on_a_rotated_file_stands_in_nobodys_way(path: Path) -> None:
    with Store(path) as frozen, Store(path) as other:
        frozen.append(record(0))
        other.append(record(1))
        frozen._lock()
        rotate(path, 1)
        other.append(record(2))
    assert numbers(path) == [0, 1, 2]


def test_interrupted_append_looks_at_the_file_afresh(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write

    def interrupted(descriptor: int, data: bytes) -> int:
        write(descriptor, data[:20])
        raise KeyboardInterrupt

    with Store(path) as store:
        store.append(record(0))
        monkeypatch.setattr(os, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.append(record(1))
        monkeypatch.setattr(os, "write", write)
        store.append(record(2))
    assert numbers(path) == [0, 2]
