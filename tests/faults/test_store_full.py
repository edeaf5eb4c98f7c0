"""A full disk: what was stored stays, what was not is said, and the record that tells of it has a place kept for it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store import NotStored, Record, Store, reserve, verify
from tests.faults.small_store_disk import fill, small_disk
from tests.faults.store_rotation import logrotate, rotate
from tests.numbered import numbers


def record(n: int, **fields: object) -> Record:
    return {"ts": f"2026-11-21T00:{n // 60 % 60:02d}:{n % 60:02d}.000Z", "kind": "test", "n": n, **fields}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path) as folder:
        yield folder


def refused(store: Store, n: int) -> NotStored:
    """Append until the disk has no room for more; return what the store says then."""
    for at in range(n, n + 1000):
        try:
            store.append(record(at, x="x" * 3000))
        except NotStored as error:
            return error
    raise AssertionError("the disk was not full")


@pytest.mark.parametrize("kept", [True, False])
def test_record_that_says_the_disk_is_full_is_stored_where_room_was_kept(disk: Path, *, kept: bool) -> None:
    if kept:
        assert reserve.fill(disk)
    with Store(disk / "prices.jsonl") as prices, Store(disk / "events.jsonl") as events:
        events.append(record(0))
        ballast = fill(disk)
        error = refused(prices, 0)
        assert reserve.give_up(disk, error) is kept
        if kept:
            events.append(record(1, error="NotStored", message=str(error)))
        else:
            with pytest.raises(NotStored, match="No space left"):
                events.append(record(1, x="x" * 5000))
        assert numbers(disk / "events.jsonl") == ([0, 1] if kept else [0])
        fill(disk)
        assert not reserve.fill(disk)
        ballast.unlink()
        assert reserve.fill(disk)
        prices.append(record(9999))
    assert numbers(disk / "prices.jsonl")[-1] == 9999
    assert verify(disk / "prices.jsonl").ok


def test_rotation_on_a_full_disk_loses_nothing_and_is_made_up_for(disk: Path, program: Callable[..., str]) -> None:
    program("logrotate")
    path = disk / "prices.jsonl"
    with Store(path) as store:
        for at in range(2):
            store.append_many(record(n, x="y" * 3000) for n in range(at * 20, at * 20 + 20))
            if not at:
                rotate(path, 1)
        (disk / "logrotate.state").write_text("logrotate state -- version 2\n")
        logrotate(disk, "-d")
        ballast = fill(disk)
        done = logrotate(disk, "-f")
        assert done.returncode != 0
        assert numbers(path) == list(range(40))
        ballast.unlink()
        store.append(record(40))
        time.sleep(1.05)  # logrotate's names have the second in them
        assert logrotate(disk, "-f").returncode == 0
    assert numbers(path) == list(range(41))
    assert any(name.suffix == ".gz" for name in disk.iterdir())
