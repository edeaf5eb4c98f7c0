"""Which old backups go: those of which a later one has every record."""

from pathlib import Path

import pytest

from store import Store
from store.backup import backup, backups
from store.manifest import load
from store.restore import restore
from tests.data_folder import DAY_S, NOW_S, record, two_streams
from tests.faults.store_rotation import compress, rotate
from tests.numbered import numbers


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return two_streams(tmp_path / "data")


@pytest.mark.parametrize("backfilled", [False, True])
def test_old_backups_go_when_a_backfill_put_older_records_in_front(
    data: Path, tmp_path: Path, *, backfilled: bool
) -> None:
    to, path = tmp_path / "backups", data / "prices.jsonl"
    for day in range(12):
        backup(data, to, keep_d=5, now_s=NOW_S + day * DAY_S)
        rotate(path, 1000 + day)
        if backfilled and day == 4:
            with Store(data / "earlier.jsonl") as store:
                store.append(record(0))
            rotate(data / "earlier.jsonl", 500).rename(data / "prices.jsonl-20261120-500")
        with Store(path) as store:
            store.append(record(100 + day))
    assert len(backups(to)) == 6


def test_old_backups_are_removed_and_the_newest_never(data: Path, tmp_path: Path) -> None:
    to = tmp_path / "backups"
    for day in range(5):
        backup(data, to, keep_d=2, now_s=NOW_S + day * DAY_S)
    assert len(backups(to)) == 3
    backup(data, to, keep_d=2, now_s=NOW_S + 100 * DAY_S)
    assert len(backups(to)) == 1


@pytest.mark.parametrize("is_packed", [False, True])
def test_old_backup_stays_while_no_newer_one_has_what_its_live_files_had(
    data: Path, tmp_path: Path, *, is_packed: bool
) -> None:
    to = tmp_path / "backups"

    def write(day: int) -> None:
        with Store(data / "prices.jsonl", durable=False) as store:
            store.append_many(record(n) for n in range(40 + day * 10, 50 + day * 10))

    def keep(day: int) -> None:
        backup(data, to, keep_d=2, now_s=NOW_S + day * DAY_S)
        segment = rotate(data / "prices.jsonl", 100 + day)
        if is_packed:
            compress(segment)

    for day in range(3):
        write(day)
        keep(day)
    # The disk is lost, and a bot begins anew.
    for path in data.iterdir():
        path.unlink()
    for day in range(3, 9):
        write(day)
        with Store(data / "events.jsonl", durable=False) as store:
            store.append(record(day))
        keep(day)
    days = [load(path).made[:10] for path in backups(to)]
    assert days == ["2026-12-03", "2026-12-07", "2026-12-08", "2026-12-09"]
    held = set()
    for at, path in enumerate(backups(to)):
        restore(path, tmp_path / f"back{at}")
        held |= set(numbers(tmp_path / f"back{at}" / "prices.jsonl"))
    assert held == set(range(130))
