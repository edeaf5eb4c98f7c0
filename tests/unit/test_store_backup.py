"""Backing up while writers write: whole, verified, and only what changed is copied."""

import fcntl
import json
import os
import threading
from pathlib import Path

import pytest

from store import Store, verify
from store.__main__ import main
from store.backup import backup, backups
from store.manifest import BackupFailed, load
from store.restore import restore
from tests.data_folder import DAY_S, NOW_S, hurt, record, two_streams
from tests.faults.store_rotation import compress, rotate
from tests.numbered import numbers


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return two_streams(tmp_path / "data")


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
