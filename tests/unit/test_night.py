"""The process beside the loop: what it does on a data folder, and what it says when it cannot."""

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

from agent.clock import timestamp
from agent.folder import DataFolder
from agent.night import main
from store import Record, Store, scan, verify
from store.restore import restore
from tests.fakes.bucket import KEY, Bucket
from tests.faults.store_rotation import compress, rotate

SECRET = "MOSS_BACKUP_URL"  # noqa: S105 - the name of one


def fill(data: Path, stream: str, first: int, end: int, kind: str = "test", **fields: Any) -> None:  # noqa: ANN401 - of records
    with Store(data / f"{stream}.jsonl", durable=False) as store:
        store.append_many(
            {"ts": f"2026-01-01T00:{n // 60 % 60:02d}:{n % 60:02d}.000Z", "kind": kind, "n": n, **fields}
            for n in range(first, end)
        )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two streams, one with a compressed and a plain segment, and events."""
    folder = tmp_path / "data"
    folder.mkdir()
    fill(folder, "events", 0, 1, "start")
    for at in range(3):
        fill(folder, "prices", at * 100, at * 100 + 100)
        if at < 2:
            segment = rotate(folder / "prices.jsonl", at + 1)
            if at == 0:
                compress(segment)
    return folder


def config(tmp_path: Path, text: str = "") -> Path:
    path = tmp_path / "moss.toml"
    path.write_text(f'[backup]\nfolder = "{tmp_path}/backups"\n{text}')
    return path


def night(command: str, data: Path, *arguments: str | Path) -> int:
    return main([command, "--data", str(data), *map(str, arguments)])


def events(data: Path, kind: str) -> list[Record]:
    return [event for event in scan(data / "events.jsonl") if event["kind"] == kind]


def content(data: Path) -> dict[str, list[Record]]:
    return {name: list(scan(data / f"{name}.jsonl")) for name in ("prices", "events")}


def test_backup_is_verified_told_and_can_be_restored(data: Path, tmp_path: Path) -> None:
    (data / "labels.tsv").write_text("1\tgood\n")
    before = content(data)
    assert night("backup", data, "--config", config(tmp_path)) == 0
    (told,) = events(data, "backup")
    assert told["what"] == "backup"
    assert (told["records"], told["files"], told["verified"], told["removed"], told["pruned"]) == (301, 6, True, 0, 0)
    assert told["seconds"] >= 0
    restore(tmp_path / "backups", tmp_path / "back")
    assert content(tmp_path / "back") == before
    assert (tmp_path / "back" / "moss.toml").read_text() == (tmp_path / "moss.toml").read_text()
    assert (tmp_path / "back" / "labels.tsv").read_text() == "1\tgood\n"


def test_backup_prunes_only_where_the_config_says_so_and_what_it_holds(data: Path, tmp_path: Path) -> None:
    before = content(data)["prices"]
    assert night("backup", data, "--config", config(tmp_path, "[store]\nkeep_d = 1\n")) == 0
    (told,) = events(data, "backup")
    assert told["pruned"] == 2
    assert [record["n"] for record in scan(data / "prices.jsonl")] == list(range(200, 300))
    restore(tmp_path / "backups", tmp_path / "back")
    assert content(tmp_path / "back")["prices"] == before


def test_pruning_without_a_backup_folder_is_an_error(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "moss.toml"
    path.write_text("[store]\nkeep_d = 1\n")
    assert night("backup", data, "--config", path) == 1
    (told,) = events(data, "error")
    assert (told["what"], told["class"]) == ("backup", "FolderError")
    assert len(content(data)["prices"]) == 300


def test_damage_in_the_data_is_told_and_backed_up_as_it_lies(data: Path, tmp_path: Path) -> None:
    segment = data / "prices.jsonl-20261121-2"
    segment.write_bytes(segment.read_bytes().replace(b'"n":150', b'"n":151'))
    assert night("backup", data, "--config", config(tmp_path)) == 1
    (told,) = events(data, "error")
    assert "prices.jsonl-20261121-2:51" in told["message"]
    assert events(data, "backup")[0]["verified"] is True


def test_backup_that_found_damage_is_not_made_again_when_it_is_tried_again(data: Path, tmp_path: Path) -> None:
    segment = data / "prices.jsonl-20261121-2"
    segment.write_bytes(segment.read_bytes().replace(b'"n":150', b'"n":151'))
    places = ["--config", str(config(tmp_path))]
    due = ["--since", timestamp(time.time() - 1)]
    assert [night("backup", data, *places, *due) for _ in range(3)] == [1, 0, 0]
    assert len(events(data, "backup")) == len(events(data, "error")) == 1
    # By hand, and at the next midnight, it is; within the same second there is one of that name.
    assert night("backup", data, *places) == 1
    assert night("backup", data, *places, "--since", timestamp(time.time() + 1)) == 1
    assert len(events(data, "error")) == 3


def test_backup_into_the_data_itself_is_refused(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "moss.toml"
    path.write_text(f'[backup]\nfolder = "{data}/backups"\n')
    assert night("backup", data, "--config", path) == 1
    assert "elsewhere" in events(data, "error")[0]["message"]


def test_two_at_once_wait_for_each_other_and_then_give_up(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with DataFolder(data).hold("night"):
        assert night("backup", data, "--deadline-s", "1") == 75
    assert f"process {os.getpid()}" in capsys.readouterr().err


def test_backup_that_takes_too_long_is_ended_and_told(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.keep.backup", lambda *_, **__: time.sleep(30))
    assert night("backup", data, "--config", config(tmp_path), "--deadline-s", "0.3") == 1
    assert "within its time" in events(data, "error")[0]["message"]


@pytest.mark.parametrize("url", ["", "http://example.com/x", "ftp://example.com", "https://[", "nothing"])
def test_offbox_refuses_an_address_that_is_none_and_does_not_say_it(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    monkeypatch.setenv(SECRET, f"{url}/{KEY}" if url else "")
    assert night("offbox", data) == (78 if url else 2)
    said = capsys.readouterr().err
    assert SECRET in said
    assert KEY not in said


def test_offbox_sends_each_segment_once_and_live_files_when_they_changed(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Bucket() as bucket:
        monkeypatch.setenv(SECRET, bucket.url)
        assert night("offbox", data, "--config", config(tmp_path)) == 0
        box = bucket.box
        first = [
            "events.jsonl.a",
            "prices.jsonl-20261121-1.gz",
            "prices.jsonl-20261121-2",
            "prices.jsonl.a",
            "moss.toml.a",
        ]
        assert bucket.puts == [f"{box}/{name}" for name in [*first, "offbox.jsonl.a", "manifest.json"]]
        (told,) = events(data, "backup")
        assert (told["what"], told["to"], told["files"]) == ("offbox", box, 7)
        # The event of the first run has changed the events; nothing else is new.
        compress(data / "prices.jsonl-20261121-2")
        assert night("offbox", data, "--config", config(tmp_path)) == 0
        later = [name.partition("/")[2] for name in bucket.puts[7:]]
        assert later[0] == "events.jsonl.b"
        assert not [name for name in later if "prices" in name]
        before = content(data)["prices"]
        restore(bucket.download(tmp_path / "fetched"), tmp_path / "back")
        assert content(tmp_path / "back")["prices"] == before
        assert verify(tmp_path / "back" / "prices.jsonl").ok
        # What was restored goes by a new name, and all is sent there once.
        count = len(bucket.puts)
        assert night("offbox", tmp_path / "back", "--config", config(tmp_path)) == 0
        assert night("offbox", tmp_path / "back", "--config", config(tmp_path)) == 0
        assert bucket.boxes[0] == box
        assert re.fullmatch(rf"{box}-\d{{8}}T\d{{9}}Z", bucket.boxes[1])
        assert all(name.startswith(f"{bucket.boxes[1]}/") for name in bucket.puts[count:])
        assert len([name for name in bucket.puts[count:] if "prices" in name]) == 3
        assert not (tmp_path / "back" / "restored.json").exists()
    said = capsys.readouterr()
    assert KEY not in said.err + said.out
    assert KEY not in "".join(path.read_text(errors="replace") for path in data.iterdir() if path.is_file())


def test_rotation_between_two_runs_neither_misses_nor_doubles(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Bucket() as bucket:
        monkeypatch.setenv(SECRET, bucket.url)
        assert night("offbox", data) == 0
        rotate(data / "prices.jsonl", 3)
        assert night("offbox", data) == 0
        restore(bucket.download(tmp_path / "fetched"), tmp_path / "back")
    assert content(tmp_path / "back")["prices"] == content(data)["prices"]


def test_placeholder_in_the_address_takes_the_name(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Bucket() as bucket:
        monkeypatch.setenv(SECRET, bucket.url.replace("moss?", "moss/{name}?"))
        assert night("offbox", data) == 0
        assert f"{bucket.box}/manifest.json" in bucket.objects


def test_backup_waits_and_says_so_when_its_disk_is_nearly_full(data: Path, tmp_path: Path) -> None:
    assert night("backup", data, "--config", config(tmp_path, "[watch]\ndisk_free_mib_min = 1000000\n")) == 1
    assert not (tmp_path / "backups").exists()
    (error,) = events(data, "error")
    assert "MiB left; the backup waits until there are 1000000" in error["message"]
    assert events(data, "summary")
