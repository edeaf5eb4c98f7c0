"""Restoring into an empty folder: all that was backed up, or nothing, and nothing overwritten."""

import contextlib
from pathlib import Path

import pytest

from store import Store, scan
from store.__main__ import main
from store.backup import backup
from store.manifest import BadBackup
from store.restore import restore
from tests.data_folder import NOW_S, record, two_streams
from tests.numbered import numbers


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return two_streams(tmp_path / "data")


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
