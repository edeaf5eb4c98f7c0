"""The reserve file: there before the disk is full, given up when it is."""

import errno
from pathlib import Path

import pytest

from store import NotStored, reserve


def full(number: int) -> NotStored:
    return NotStored("events.jsonl", OSError(number, "full"))


def test_reserve_takes_real_room_once(tmp_path: Path) -> None:
    assert reserve.fill(tmp_path)
    before = (tmp_path / reserve.NAME).stat()
    assert before.st_size >= 200_000
    assert before.st_blocks * 512 >= before.st_size
    assert reserve.fill(tmp_path)
    assert (tmp_path / reserve.NAME).stat().st_ino == before.st_ino
    assert [path.name for path in tmp_path.iterdir()] == [reserve.NAME]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_reserve_is_given_up_once_when_there_is_no_room(tmp_path: Path, number: int) -> None:
    reserve.fill(tmp_path)
    assert reserve.give_up(tmp_path, full(number))
    assert not list(tmp_path.iterdir())
    assert not reserve.give_up(tmp_path, full(number))


def test_reserve_stays_when_the_disk_is_not_what_is_wrong(tmp_path: Path) -> None:
    reserve.fill(tmp_path)
    assert not reserve.give_up(tmp_path, full(errno.EIO))
    assert (tmp_path / reserve.NAME).exists()


def test_reserve_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    assert not reserve.fill(tmp_path / "missing")
    assert not reserve.give_up(tmp_path / "missing", full(errno.ENOSPC))
