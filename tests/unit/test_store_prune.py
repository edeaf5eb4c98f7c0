"""Pruning: only what a backup holds, and nothing that is gone on from."""

import gzip
from pathlib import Path

import pytest

from store import Store
from store.backup import backup, backups
from store.prune import STAYING, prune
from store.restore import restore
from tests.data_folder import DAY_S, NOW_S, in_days, pruned, record, two_streams
from tests.faults.store_rotation import rotate
from tests.numbered import numbers


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return two_streams(tmp_path / "data")


def test_prune_removes_only_what_is_old_and_in_the_backup(data: Path, tmp_path: Path) -> None:
    to = tmp_path / "backups"
    assert pruned(prune(data, to, 0, now=in_days(1000))) == ([], [])
    assert pruned(prune(data, to, 5, now=in_days(4.9))) == ([], [])
    assert pruned(prune(data, to, 5, now=in_days(6)))[1] == ["there is no backup"]
    made = backup(data, to, now_s=NOW_S)
    rotate(data / "prices.jsonl", 3)
    with Store(data / "prices.jsonl", durable=False) as store:
        store.append(record(40))
    trial = pruned(prune(data, to, 5, now=in_days(6), is_trial=True))
    assert numbers(data / "prices.jsonl") == list(range(41))
    gone, why = pruned(prune(data, to, 5, now=in_days(6)))
    assert trial == (gone, why)
    assert gone == [f"prices.jsonl-20261121-{at}" for at in range(3)]
    assert why == [f"{made.path} does not hold it"]
    assert numbers(data / "prices.jsonl") == list(range(30, 41))
    assert numbers(data / "events.jsonl") == list(range(5))


@pytest.mark.parametrize("live", [None, b"", b"   \n"])
def test_prune_leaves_the_newest_record_however_old_it_is(data: Path, tmp_path: Path, live: bytes | None) -> None:
    rotate(data / "prices.jsonl", 3)
    if live is not None:
        (data / "prices.jsonl").write_bytes(live)
    backup(data, tmp_path / "backups", now_s=NOW_S)
    gone, why = pruned(prune(data, tmp_path / "backups", 5, now=in_days(1000)))
    assert (len(gone), why) == (3, [])
    assert numbers(data / "prices.jsonl") == list(range(30, 40))


def test_prune_leaves_what_writers_go_on_from(data: Path, tmp_path: Path) -> None:
    for name in STAYING:
        for at in range(3):
            with Store(data / name, durable=False) as store:
                store.append(record(at))
            rotate(data / name, at)
    before = sorted(path.name for path in data.iterdir() if not path.name.startswith("prices"))
    backup(data, tmp_path / "backups", now_s=NOW_S)
    gone, _ = pruned(prune(data, tmp_path / "backups", 5, now=in_days(1000)))
    assert len(gone) == 3
    assert sorted(path.name for path in data.iterdir() if not path.name.startswith("prices")) == before


def test_prune_stops_where_the_backup_differs(data: Path, tmp_path: Path) -> None:
    made = backup(data, tmp_path / "backups")
    held = made.path / "prices.jsonl-20261121-1"
    held.chmod(0o640)
    held.write_bytes(held.read_bytes()[:-5])
    gone, why = pruned(prune(data, tmp_path / "backups", 5, now=in_days(6)))
    assert gone == ["prices.jsonl-20261121-0"]
    assert "not those that were backed up" in why[0]
    segment = data / "prices.jsonl-20261121-1"
    segment.write_bytes(segment.read_bytes() + b" \n")
    assert "another content" in pruned(prune(data, tmp_path / "backups", 5, now=in_days(6)))[1][0]


def test_prune_that_dies_leaves_no_half_of_a_segment(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "backups"
    segment = data / "prices.jsonl-20261121-1"
    # A gzip that died left this.
    segment.with_name(f"{segment.name}.gz").write_bytes(gzip.compress(segment.read_bytes())[:50])
    backup(data, to, now_s=NOW_S)
    unlink = Path.unlink

    def die(path: Path, *, missing_ok: bool = False) -> None:
        is_there = path.exists()
        unlink(path, missing_ok=missing_ok)
        if is_there and path.name.startswith(segment.name):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", die)
        with pytest.raises(KeyboardInterrupt):
            list(prune(data, to, 5, now=in_days(6)))
    assert numbers(data / "prices.jsonl") == list(range(10, 40))
    assert pruned(prune(data, to, 5, now=in_days(6)))[0] == [f"prices.jsonl-20261121-{at}" for at in (1, 2)]


def test_what_was_pruned_stays_in_every_later_backup(data: Path, tmp_path: Path) -> None:
    to = tmp_path / "backups"
    backup(data, to, keep_d=1, now_s=NOW_S)
    assert len(pruned(prune(data, to, 5, now=in_days(6)))[0]) == 3
    for day in range(1, 30, 7):
        backup(data, to, keep_d=1, now_s=NOW_S + day * DAY_S)
    assert len(backups(to)) == 1
    restore(to, tmp_path / "back")
    assert numbers(tmp_path / "back" / "prices.jsonl") == list(range(40))
