"""What has rotted, in the data or in a backup: noticed, told, and mended from where it is sound."""

from collections.abc import Callable
from pathlib import Path

import pytest

from store import Store
from store.backup import backup, backups
from store.prune import prune
from store.restore import restore
from tests.data_folder import DAY_S, NOW_S, hurt, in_days, pruned, record, two_streams
from tests.faults.store_rotation import rotate
from tests.numbered import numbers


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return two_streams(tmp_path / "data")


def test_rotten_segment_does_not_replace_the_sound_one_of_the_backup(data: Path, tmp_path: Path) -> None:
    to = tmp_path / "backups"
    backup(data, to, now_s=NOW_S)
    segment = data / "prices.jsonl-20261121-1"
    segment.write_bytes(segment.read_bytes().replace(b'"n":15', b'"n":99'))
    packed = data / "prices.jsonl-20261121-0.gz"
    packed.write_bytes(packed.read_bytes()[:-20])
    made = backup(data, to, now_s=NOW_S + 1)
    assert [why.partition(":")[0] for why in made.damaged] == [str(packed), str(segment)]
    restore(to, tmp_path / "back")
    assert numbers(tmp_path / "back" / "prices.jsonl") == list(range(40))


def test_segment_that_was_broken_from_the_start_is_kept_as_it_lies(data: Path, tmp_path: Path) -> None:
    packed = data / "prices.jsonl-20261121-0.gz"
    packed.write_bytes(packed.read_bytes()[:-20])
    for to in (tmp_path / "backups", tmp_path / "one.tar.gz"):
        made = backup(data, to)
        assert len(made.damaged) == 1
        restore(to, tmp_path / f"back{to.suffix}")
        assert (tmp_path / f"back{to.suffix}" / packed.name).read_bytes() == packed.read_bytes()


@pytest.mark.parametrize("name", ["prices.jsonl-20261121-0.gz", "prices.jsonl-20261121-1", "events.jsonl"])
@pytest.mark.parametrize("harm", [hurt, Path.unlink])
def test_file_that_rotted_in_the_backup_is_copied_anew_from_the_data(
    data: Path, tmp_path: Path, harm: Callable[[Path], None], name: str
) -> None:
    to = tmp_path / "backups"
    harm(backup(data, to, now_s=NOW_S).path / name)
    made = backup(data, to, now_s=NOW_S + 1)
    assert made.copied == 1
    assert [why.rpartition("; ")[2] for why in made.damaged] == ["copied anew from the data"]
    restore(to, tmp_path / "back")
    assert numbers(tmp_path / "back" / "prices.jsonl") == list(range(40))
    assert numbers(tmp_path / "back" / "events.jsonl") == list(range(5))
    assert backup(data, to, now_s=NOW_S + 2).damaged == []


def test_file_that_rotted_in_the_backup_and_in_the_data_is_told_of_both(data: Path, tmp_path: Path) -> None:
    to = tmp_path / "backups"
    segment = "prices.jsonl-20261121-1"
    for folder in (backup(data, to, now_s=NOW_S).path, data):
        hurt(folder / segment)
    rotted, kept = backup(data, to, now_s=NOW_S + 1).damaged
    assert "copied anew" in rotted
    assert kept.startswith(f"{data / segment}: line ")
    restore(to, tmp_path / "back")
    assert (tmp_path / "back" / segment).read_bytes() == (data / segment).read_bytes()


def test_pruned_segment_that_rotted_is_taken_from_an_older_backup(data: Path, tmp_path: Path) -> None:
    to = tmp_path / "backups"
    segment = "prices.jsonl-20261121-1"
    first, second = (backup(data, to, now_s=NOW_S + at).path for at in range(2))
    list(prune(data, to, 5, now=in_days(6)))
    # As on a disk that knows no links.
    (second / segment).unlink()
    (second / segment).write_bytes((first / segment).read_bytes())
    hurt(second / segment)
    made = backup(data, to, now_s=NOW_S + 2)
    assert [why.rpartition("; ")[2] for why in made.damaged] == [f"taken from {first}"]
    restore(to, tmp_path / "back")
    assert numbers(tmp_path / "back" / "prices.jsonl") == list(range(40))
    assert backup(data, to, now_s=NOW_S + 3).damaged == []


def test_pruned_segment_that_rotted_everywhere_is_told_until_it_is_removed(data: Path, tmp_path: Path) -> None:
    to = tmp_path / "backups"
    segment = "prices.jsonl-20261121-1"
    hurt(backup(data, to, now_s=NOW_S).path / segment)
    for name in (segment, "prices.jsonl-20261121-0.gz"):
        (data / name).unlink()
    for at in (1, 2):
        made = backup(data, to, now_s=NOW_S + at)
        assert "no backup has it sound: `restore" in "".join(made.damaged)
    for path in backups(to):
        (path / segment).unlink()
    assert "goes without it" in "".join(backup(data, to, now_s=NOW_S + 3).damaged)
    assert backup(data, to, now_s=NOW_S + 4).damaged == []
    restore(to, tmp_path / "back")
    assert numbers(tmp_path / "back" / "prices.jsonl") == [*range(10), *range(20, 40)]


def test_backup_after_one_with_a_damaged_manifest_keeps_what_only_that_one_has(data: Path, tmp_path: Path) -> None:
    to = tmp_path / "backups"
    backup(data, to, keep_d=1, now_s=NOW_S)
    rotate(data / "prices.jsonl", 3)
    with Store(data / "prices.jsonl") as store:
        store.append(record(40))
    newest = backup(data, to, keep_d=1, now_s=NOW_S + 1).path
    assert len(pruned(prune(data, to, 5, now=in_days(6)))[0]) == 4
    (newest / "manifest.json").write_bytes(b"")
    made = backup(data, to, keep_d=1, now_s=NOW_S + 2)
    assert [f"{newest}: the manifest is damaged" in why for why in made.damaged] == [True]
    restore(to, tmp_path / "back")
    assert numbers(tmp_path / "back" / "prices.jsonl") == list(range(41))
    made = backup(data, to, keep_d=1, now_s=NOW_S + 2 * DAY_S)
    assert made.damaged == []
    assert backups(to) == [newest, made.path]
