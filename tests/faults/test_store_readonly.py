"""A disk that may only be read for a while, and a data folder that goes and comes back, by its mount or its name."""

import errno
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import NotStored, Record, Store, tail, verify
from tests.faults.small_store_disk import small_disk
from tests.numbered import numbers


def record(n: int) -> Record:
    return {"ts": f"2026-11-21T00:00:{n % 60:02d}.000Z", "kind": "test", "n": n}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path) as folder:
        yield folder


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


@pytest.mark.parametrize("durable", [True, False])
def test_append_says_that_the_disk_is_read_only_and_goes_on_when_it_is_not(disk: Path, *, durable: bool) -> None:
    path = disk / "prices.jsonl"
    with Store(path, durable=durable) as store:
        store.append(record(0))
        # What is open for writing keeps a file system writable, unless its disk fails: that is tried below.
        store.close()
        remount(disk, "ro")
        for _ in range(2):
            with pytest.raises(NotStored, match="Read-only file system") as caught:
                store.append(record(1))
            assert caught.value.errno == errno.EROFS
            assert str(path) in str(caught.value)
            assert "writable" in str(caught.value)
        assert tail(path, 5) == [record(0)]
        assert verify(path).ok
        remount(disk, "rw")
        store.append(record(2))
    assert numbers(path) == [0, 2]


def test_torn_tail_is_read_past_while_the_disk_is_read_only_and_healed_afterwards(disk: Path) -> None:
    path = disk / "prices.jsonl"
    with Store(path) as store:
        store.append(record(0))
    with path.open("ab") as file:
        file.write(b'{"ts":"2026')
    remount(disk, "ro")
    with Store(path) as store:
        with pytest.raises(NotStored):
            store.append(record(1))
        assert numbers(path) == [0]
        remount(disk, "rw")
        store.append(record(2))
    assert numbers(path) == [0, 2]


@pytest.mark.parametrize("number", [errno.EROFS, errno.EDQUOT, errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("fails", ["write", "fdatasync"])
def test_what_fails_while_the_file_is_open_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str, number: int
) -> None:
    path = tmp_path / "prices.jsonl"
    call = getattr(os, fails)
    failing: list[str] = []

    def hurt(descriptor: int, *data: bytes) -> object:
        if not failing:
            return call(descriptor, *data)
        if data and failing.pop() == "half":
            return call(descriptor, data[0][:40])
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, fails, hurt)
    with Store(path) as store:
        store.append(record(0))
        # A quota, as a full disk, takes what fits and refuses the rest.
        failing[:] = ["whole", "half"] if fails == "write" else ["whole"]
        with pytest.raises(NotStored, match="; ") as caught:
            store.append(record(1))
        failing.clear()
        assert caught.value.errno == number
        store.append(record(2))
    # After a failed flush it may be there, after a failed write it is not.
    assert numbers(path) == ([0, 2] if fails == "write" else [0, 1, 2])
    assert verify(path).ok


@pytest.mark.parametrize("durable", [True, False])
def test_append_never_writes_beneath_a_mount_that_is_gone(tmp_path: Path, *, durable: bool) -> None:
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("needs root to mount a small disk")
    data = tmp_path / "disk" / "data"
    with small_disk(tmp_path) as disk:
        data.mkdir()
        with Store(data / "prices.jsonl", durable=durable) as store:
            store.append(record(0))
            subprocess.run(["umount", "--lazy", str(disk)], check=True)
            with pytest.raises(NotStored, match="No such file"):
                _until_noticed(store)
            assert list(disk.iterdir()) == []
            subprocess.run(["mount", "-t", "tmpfs", "moss-store", str(disk)], check=True)
            data.mkdir()
            store.append(record(3))
        assert numbers(data / "prices.jsonl") == [3]


def _until_noticed(store: Store) -> None:
    """Append for as long as a mount that is gone may go unnoticed: a second."""
    end_s = time.monotonic() + 1.5
    while time.monotonic() < end_s:
        store.append(record(1))
        time.sleep(0.05)
    # Where the machine stood still meanwhile, this is the first one after it.
    store.append(record(1))
