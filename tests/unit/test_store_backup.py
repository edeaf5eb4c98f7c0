"""Backing up while writers write, restoring into an empty folder, and pruning what a backup holds."""

import contextlib
import fcntl
import gzip
import json
import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store import Record, Store, scan, verify
from store.__main__ import main
from store.backup import backup, backups
from store.manifest import BackupFailed, BadBackup, load
from store.prune import STAYING, Kept, prune
from store.restore import restore
from tests.faults.store_rotation import compress, rotate

NOW_S = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
DAY_S = 86_400


def record(n: int) -> Record:
    return {"ts": f"2026-11-21T00:{n // 60 % 60:02d}:{n % 60:02d}.000Z", "kind": "test", "n": n}


def numbers(path: Path) -> list[int]:
    def no_damage(damage: object) -> None:
        raise AssertionError(damage)

    return [found["n"] for found in scan(path, on_damage=no_damage)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two streams: 40 prices in a compressed segment, two plain ones and the live file; 5 events in the live file."""
    folder = tmp_path / "data"
    folder.mkdir()
    for at in range(4):
        with Store(folder / "prices.jsonl", durable=False) as store:
            store.append_many(record(n) for n in range(at * 10, at * 10 + 10))
        if at < 3:
            segment = rotate(folder / "prices.jsonl", at)
            if at < 1:
                compress(segment)
    with Store(folder / "events.jsonl", durable=False) as store:
        store.append_many(record(n) for n in range(5))
    (folder / "bot.lock").write_text("1")
    return folder


@pytest.mark.parametrize("name", ["backups", "one.tar", "one.tar.gz", "one.tgz"])
def test_backup_comes_back_as_it_was(data: Path, tmp_path: Path, name: str) -> None:
    config = tmp_path / "moss.toml"
    config.write_text("[market]\n")
    made = backup(data, tmp_path / name, config=config)
    assert (len(made.manifest.entries), made.copied, made.damaged) == (6, 6, [])
    manifest = restore(tmp_path / name, tmp_path / "back")
    assert manifest == made.manifest
    for stream, count in (("prices.jsonl", 40), ("events.jsonl", 5)):
        assert numbers(tmp_path / "back" / stream) == numbers(data / stream) == list(range(count))
    names = {path.name for path in data.iterdir()} - {"bot.lock"} | {"moss.toml", "restored.json"}
    assert {path.name for path in (tmp_path / "back").iterdir()} == names
    with Store(tmp_path / "back" / "prices.jsonl") as store:
        store.append(record(40))
    assert not list(tmp_path.glob("*.part"))


def test_backup_leaves_a_torn_tail_behind(data: Path, tmp_path: Path) -> None:
    with (data / "prices.jsonl").open("ab") as file:
        file.write(b'{"torn')
    backup(data, tmp_path / "backups")
    restore(tmp_path / "backups", tmp_path / "back")
    assert (tmp_path / "back" / "prices.jsonl").read_bytes().endswith(b"}\n")
    assert numbers(tmp_path / "back" / "prices.jsonl") == list(range(40))


def test_second_backup_copies_only_what_changed(data: Path, tmp_path: Path) -> None:
    to = tmp_path / "backups"
    first = backup(data, to, now_s=NOW_S)
    with Store(data / "events.jsonl") as store:
        store.append(record(5))
    second = backup(data, to, now_s=NOW_S + 1)
    assert (first.copied, second.copied) == (5, 1)
    segment = "prices.jsonl-20261121-1"
    assert (first.path / segment).stat().st_ino == (second.path / segment).stat().st_ino
    compress(data / segment)
    assert backup(data, to, now_s=NOW_S + 2).copied == 1
    for at, path in enumerate(backups(to)):
        restore(path, tmp_path / f"back{at}")
        assert numbers(tmp_path / f"back{at}" / "prices.jsonl") == list(range(40))
        assert len(numbers(tmp_path / f"back{at}" / "events.jsonl")) == (5 if at == 0 else 6)


def test_backups_within_one_second_get_a_name_each(data: Path, tmp_path: Path) -> None:
    made = [backup(data, tmp_path / "backups") for _ in range(3)]
    assert [each.path for each in made] == backups(tmp_path / "backups")
    assert [each.copied for each in made] == [5, 0, 0]
    # A clock that stands still is no other case.
    names = [backup(data, tmp_path / "still", now_s=NOW_S + at).path.name for at in (59, 59, 59)]
    assert names == [f"moss-20261201T00{each}Z" for each in ("0059", "0100", "0101")]


def test_backup_after_one_by_a_clock_ahead_is_the_newest(data: Path, tmp_path: Path) -> None:
    to = tmp_path / "backups"
    copied = []
    for day in range(6):
        with Store(data / "events.jsonl", durable=False) as store:
            store.append(record(5 + day))
        is_ahead = day == 1
        made = backup(data, to, keep_d=2, now_s=NOW_S + day * DAY_S + is_ahead * 365 * DAY_S)
        assert backups(to)[-1] == made.path
        copied.append(made.copied)
    assert copied == [5, *[1] * 5]
    assert [load(path).made[:10] for path in backups(to)] == ["2026-12-04", "2026-12-05", "2026-12-06"]
    restore(to, tmp_path / "back")
    assert numbers(tmp_path / "back" / "events.jsonl") == list(range(11))


def test_backup_where_links_cannot_be_made_copies(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    backup(data, tmp_path / "backups", now_s=NOW_S)
    monkeypatch.setattr(os, "link", refuse)
    backup(data, tmp_path / "backups", now_s=NOW_S + 1)
    restore(tmp_path / "backups", tmp_path / "back")
    assert numbers(tmp_path / "back" / "prices.jsonl") == list(range(40))


def test_backup_while_writers_write_and_files_rotate_is_a_whole_beginning(data: Path, tmp_path: Path) -> None:
    path = data / "prices.jsonl"
    ended = threading.Event()

    def write() -> None:
        with Store(path, durable=False) as store:
            n = 40
            while not ended.is_set():
                store.append(record(n))
                n += 1

    def turn() -> None:
        epoch = 100
        while not ended.wait(0.02):
            if path.exists():
                rotate(path, epoch := epoch + 1)
                if epoch % 2:
                    compress(path.with_name(f"{path.name}-20261121-{epoch}"))

    threads = [threading.Thread(target=work) for work in (write, turn)]
    for thread in threads:
        thread.start()
    try:
        made = [backup(data, tmp_path / "backups", now_s=NOW_S + at) for at in range(8)]
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    lengths = []
    for at, each in enumerate(made):
        restore(each.path, tmp_path / f"back{at}")
        found = numbers(tmp_path / f"back{at}" / "prices.jsonl")
        assert found == list(range(len(found)))
        assert verify(tmp_path / f"back{at}" / "prices.jsonl").torn == 0
        lengths.append(len(found))
    assert lengths == sorted(lengths)
    assert lengths[-1] > lengths[0] >= 40


def test_changed_backup_is_not_restored(data: Path, tmp_path: Path) -> None:
    made = backup(data, tmp_path / "backups")
    file = made.path / "prices.jsonl-20261121-1"
    file.chmod(0o640)
    whole = file.read_bytes()
    for broken in (whole[:-1], whole.replace(b'"n":15', b'"n":16')):
        file.write_bytes(broken)
        with pytest.raises(BadBackup, match="not those that were backed up"):
            restore(tmp_path / "backups", tmp_path / "back")
        assert list((tmp_path / "back").iterdir()) == []
    file.unlink()
    with pytest.raises(BadBackup, match=f"{file}: is missing from the backup; name an older backup"):
        restore(tmp_path / "backups", tmp_path / "back")


@pytest.mark.parametrize("name", ["backups", "one.tar"])
def test_damaged_backup_comes_back_but_for_what_is_damaged_when_it_is_asked_for(
    data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    made = backup(data, tmp_path / name)
    if made.path.is_dir():
        (made.path / "events.jsonl").unlink()
    file = made.path / "prices.jsonl-20261121-1" if made.path.is_dir() else made.path
    file.chmod(0o640)
    file.write_bytes(file.read_bytes().replace(b'"n":15', b'"n":16'))
    arguments = ["restore", str(tmp_path / name), str(tmp_path / "back")]
    assert main(arguments) == 1
    assert "with `restore --damaged`" in capfd.readouterr().err
    assert list((tmp_path / "back").iterdir()) == []
    assert main([*arguments, "--damaged"]) == 1
    said = capfd.readouterr()
    assert f"{made.path}/prices.jsonl-20261121-1: " in said.err
    assert f"{1 + made.path.is_dir()} DAMAGED or missing" in said.out
    assert [found["n"] for found in scan(tmp_path / "back" / "prices.jsonl")] == [*range(15), *range(16, 40)]
    assert (tmp_path / "back" / "events.jsonl").exists() is not made.path.is_dir()


def test_restore_of_a_folder_whose_newest_manifest_is_damaged_says_what_to_do(data: Path, tmp_path: Path) -> None:
    first, second = (backup(data, tmp_path / "backups", now_s=NOW_S + at).path for at in range(2))
    (second / "manifest.json").write_bytes(b"")
    with pytest.raises(BadBackup, match=f"{second}: the manifest is damaged: .*; name an older backup"):
        restore(tmp_path / "backups", tmp_path / "back")
    restore(first, tmp_path / "back")


def test_cut_archive_is_not_restored(data: Path, tmp_path: Path) -> None:
    for name in ("one.tar", "one.tar.gz"):
        backup(data, tmp_path / name)
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(BadBackup, match="no whole backup"):
            restore(tmp_path / name, tmp_path / "back")
        assert list((tmp_path / "back").iterdir()) == []


def test_manifest_that_names_another_folder_is_refused(data: Path, tmp_path: Path) -> None:
    made = backup(data, tmp_path / "backups")
    text = (made.path / "manifest.json").read_text()
    (made.path / "manifest.json").write_text(text.replace('"stored": "events.jsonl"', '"stored": "../events.jsonl"'))
    with pytest.raises(BadBackup, match="no file of a backup"):
        restore(made.path, tmp_path / "back")


def test_restore_overwrites_nothing(data: Path, tmp_path: Path) -> None:
    backup(data, tmp_path / "backups")
    before = {path: path.read_bytes() for path in data.iterdir()}
    with pytest.raises(BadBackup, match="is not empty"):
        restore(tmp_path / "backups", data)
    assert {path: path.read_bytes() for path in data.iterdir()} == before
    with pytest.raises(BadBackup, match="holds no backup"):
        restore(tmp_path, tmp_path / "back")


def test_restore_that_died_stands_in_no_way(data: Path, tmp_path: Path) -> None:
    backup(data, tmp_path / "backups")
    (tmp_path / "back" / ".restoring").mkdir(parents=True)
    (tmp_path / "back" / ".restoring" / "prices.jsonl").write_text("half")
    restore(tmp_path / "backups", tmp_path / "back")
    assert numbers(tmp_path / "back" / "prices.jsonl") == list(range(40))


@pytest.mark.parametrize("left", range(7))
def test_restore_that_died_while_it_put_files_in_place_is_finished_by_the_same_one(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    to, back = tmp_path / "one.tar", tmp_path / "back"
    backup(data, to)
    renames = iter(range(left))
    rename = Path.rename

    def die(path: Path, target: Path) -> None:
        if next(renames, None) is None:
            raise KeyboardInterrupt
        rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", die)
        for _ in range(2):
            with contextlib.suppress(KeyboardInterrupt):
                restore(to, back)
                break
    assert len([path for path in back.iterdir() if path.is_file()]) == left
    if left < 6:
        restore(to, back)
    for stream, count in (("prices.jsonl", 40), ("events.jsonl", 5)):
        assert numbers(back / stream) == list(range(count))
    assert not (back / ".restoring").exists()


def test_restore_that_died_is_not_finished_where_something_else_was_at_work(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to, back = tmp_path / "backups", tmp_path / "back"
    backup(data, to)

    def die(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("store.restore.flush", die)
        with pytest.raises(KeyboardInterrupt):
            restore(to, back)
    with Store(back / "prices.jsonl") as store:
        store.append(record(40))
    for _ in range(2):
        with pytest.raises(BadBackup, match=r"a restore died here, and prices\.jsonl is not, or no more, what"):
            restore(to, back)
    assert numbers(back / "prices.jsonl") == list(range(41))
    assert list((back / ".restoring").iterdir()) == []


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


def test_failed_backup_leaves_earlier_ones_and_nothing_else(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "backups"
    first = backup(data, to, now_s=NOW_S)
    with Store(data / "events.jsonl") as store:
        store.append(record(5))
    flush = os.fsync

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        backup(data, to, now_s=NOW_S + 1)
    with pytest.raises(OSError, match="No space"):
        backup(data, tmp_path / "one.tar", now_s=NOW_S + 1)
    monkeypatch.setattr(os, "fsync", flush)
    assert [path.name for path in to.iterdir()] == [first.path.name]
    assert not list(tmp_path.glob("one*"))
    (to / "moss-20261130T000000Z.part").mkdir()
    backup(data, to, now_s=NOW_S + 2)
    assert len(list(to.iterdir())) == 2
    (to / "moss-2026.tar.gz.part").touch()
    (to / "moss-20261130T000000Z.part").touch()
    backup(data, to, now_s=NOW_S + 3)
    assert len(list(to.iterdir())) == 5


def test_two_backups_at_once_into_one_folder_are_refused(data: Path, tmp_path: Path) -> None:
    to = tmp_path / "backups"
    to.mkdir()
    descriptor = os.open(to, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(BackupFailed, match="another backup is at work"):
        backup(data, to, now_s=NOW_S)
    os.close(descriptor)
    backup(data, tmp_path / "one.tar")
    with pytest.raises(BackupFailed, match="no backup is overwritten"):
        backup(data, tmp_path / "one.tar")
    with pytest.raises(BackupFailed, match="no such data folder"):
        backup(data / "nowhere", to)


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


def hurt(file: Path) -> None:
    """Change one byte of a file in a backup, and nothing that its folder says of it."""
    file.chmod(0o640)
    before = file.stat()
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(whole)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


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


def pruned(found: Iterator[str | Kept]) -> tuple[list[str], list[str]]:
    told = list(found)
    gone = [Path(name).name for name in told if isinstance(name, str)]
    return gone, [kept.why for kept in told if isinstance(kept, Kept)]


def in_days(days: float) -> datetime:
    return datetime(2026, 11, 21, tzinfo=UTC) + timedelta(days=days)


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


def test_commands_back_up_restore_and_prune(data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    to, back = str(tmp_path / "backups"), str(tmp_path / "back")
    assert main(["prune", str(data), to, "--keep-d", "0"]) == 0
    assert main(["backup", str(data), to, "--keep-d", "14"]) == 0
    assert capfd.readouterr().out.endswith("5 files copied, all verified\n")
    hurt(backups(to)[0] / "events.jsonl")
    assert main(["backup", str(data), to, "--keep-d", "14"]) == 1
    said = capfd.readouterr()
    assert said.out.endswith("1 files copied, not all sound\n")
    assert "copied anew from the data" in said.err
    assert main(["restore", to, back]) == 0
    assert main(["restore", to, back]) == 1
    assert "is not empty" in capfd.readouterr().err
    assert main(["prune", str(data), to, "--keep-d", "1", "--dry-run"]) == 0
    manifest = load(backups(to)[0])
    assert json.loads((backups(to)[0] / "manifest.json").read_text())["format"] == 1
    assert set(manifest.entries) == {"events.jsonl", "prices.jsonl"} | {f"prices.jsonl-20261121-{n}" for n in range(3)}
