"""The backup endpoint down, slow, hanging, refusing, answering garbage; a full disk; a kill; a disk that is lost."""

import itertools
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent import offbox
from agent.night import main
from store import Record, Store, scan, verify
from store.manifest import BadBackup
from store.restore import restore
from tests.fakes.bucket import KEY, Bucket
from tests.fakes.exchange import FakeUpbit
from tests.fakes.server import Reply, Request
from tests.fakes.trouble import Act, TroubleServer, drip, flood, hang, refusing_url, reset, say
from tests.faults.small_store_disk import fill, small_disk
from tests.faults.store_rotation import compress, rotate
from tests.scripts import TOP, environment, records, run, write_config

SECRET = "MOSS_BACKUP_URL"  # noqa: S105 - the name of one


def append(data: Path, stream: str, first: int, end: int, kind: str = "test") -> None:
    with Store(data / f"{stream}.jsonl", durable=False) as store:
        store.append_many(
            {"ts": f"2026-01-01T00:{n // 60 % 60:02d}:{n % 60:02d}.000Z", "kind": kind, "n": n}
            for n in range(first, end)
        )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    append(folder, "events", 0, 1, "start")
    append(folder, "prices", 0, 100)
    compress(rotate(folder / "prices.jsonl", 1))
    append(folder, "prices", 100, 200)
    return folder


def send(data: Path, *arguments: str) -> int:
    return main(["offbox", "--data", str(data), *arguments])


def errors(data: Path) -> list[Record]:
    return [event for event in scan(data / "events.jsonl") if event["kind"] == "error"]


def numbers(data: Path) -> list[int]:
    return [record["n"] for record in scan(data / "prices.jsonl")]


GARBAGE = say(b"\x00\xff garbage, no HTTP\r\n\r\n" * 50)
DRIPPING = drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x")
FLOOD = flood(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n", b"x" * 65536, 1600)


@pytest.mark.parametrize("act", [hang, GARBAGE, DRIPPING, FLOOD, reset(b"HTTP/1.1 2")])
def test_endpoint_that_hangs_or_talks_garbage_ends_in_time_and_is_told_without_its_address(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], act: Act
) -> None:
    with TroubleServer(act) as server:
        monkeypatch.setenv(SECRET, f"{server.url}/{KEY}")
        begun_s = time.monotonic()
        assert send(data, "--deadline-s", "2") in (75, 1)
        # It would hang, or drip, for half a minute.
        assert time.monotonic() - begun_s < 20
    (told,) = errors(data)
    assert told["what"] == "offbox"
    assert KEY not in str(told) + capsys.readouterr().err


@pytest.mark.parametrize(("status", "tries"), [(500, 3), (503, 3), (403, 1), (301, 1), (202, 1)])
def test_refusal_is_told_and_all_is_sent_when_it_is_over(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, tries: int
) -> None:
    with Bucket() as bucket:
        monkeypatch.setenv(SECRET, bucket.url)
        bucket.trouble = lambda _request: Reply(status, headers={"Location": f"{bucket.server.url}/elsewhere"})
        assert send(data) == (1 if status == 202 else 75)
        assert len(bucket.server.requests) == tries
        assert str(status) in errors(data)[0]["message"]
        assert KEY not in str(errors(data))
        bucket.trouble = None
        assert send(data) == 0
        restore(bucket.download(tmp_path / "fetched"), tmp_path / "back")
    assert numbers(tmp_path / "back") == list(range(200))


def test_endpoint_that_is_down_is_told(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing_url() as url:
        monkeypatch.setenv(SECRET, f"{url}{KEY}")
        assert send(data) == 75
    assert "refuses connections" in errors(data)[0]["message"]


@pytest.mark.parametrize("takes_turns", [True, False])
def test_bucket_is_a_whole_backup_wherever_a_run_breaks_off(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, takes_turns: bool
) -> None:
    if not takes_turns:
        # The control: one name for each live file.
        monkeypatch.setattr(offbox, "_TURNS", (".a", ".a"))
    broken = 0
    with Bucket() as bucket:
        monkeypatch.setenv(SECRET, bucket.url)
        assert send(data) == 0
        for at in range(8):
            append(data, "prices", 200 + at, 201 + at)
            left = [at % 4]

            def gone(_request: Request, left: list[int] = left) -> Reply | None:
                left[0] -= 1
                return Reply(404) if left[0] < 0 else None

            bucket.trouble = gone
            assert send(data) in (0, 75)
            bucket.trouble = None
            try:
                restore(bucket.download(tmp_path / f"fetched{at}"), tmp_path / f"back{at}")
                found = numbers(tmp_path / f"back{at}")
                assert found == list(range(len(found)))
                assert len(found) >= 200
            except BadBackup:
                broken += 1
    assert (broken == 0) is takes_turns


@pytest.mark.parametrize("says_before", [True, False])
def test_bucket_is_a_whole_backup_when_an_index_came_but_its_answer_did_not(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, says_before: bool
) -> None:
    if not says_before:
        # The control: it says only afterwards which names the index has.
        say_all = offbox.Offbox._note
        monkeypatch.setattr(
            offbox.Offbox,
            "_note",
            lambda run, kind, *rest, **more: kind == "indexing" or say_all(run, kind, *rest, **more),
        )
    broken = 0
    with Bucket() as bucket:
        monkeypatch.setenv(SECRET, bucket.url)

        def breaks_off(left: int, *, comes: bool) -> None:
            """Send, and let the answer to one of the requests be lost, and with `comes` only the answer."""
            requests = iter(range(left + 1))

            def trouble(request: Request) -> Reply | None:
                if next(requests, left) < left:
                    return None
                if comes:
                    bucket.objects[request.path.removeprefix(f"/p/{KEY}/b/moss/")] = request.body
                return Reply(404)

            bucket.trouble = trouble
            assert send(data) in (0, 75)
            bucket.trouble = None

        assert send(data) == 0
        count = 200
        for first, second in itertools.product(range(4), range(5)):
            for left, comes in ((first, True), (second, False)):
                append(data, "prices", count, count + 1)
                count += 1
                breaks_off(left, comes=comes)
            try:
                restore(bucket.download(tmp_path / f"got{count}"), tmp_path / f"back{count}")
                assert numbers(tmp_path / f"back{count}") in ([*range(each)] for each in range(200, count + 1))
            except BadBackup:
                broken += 1
            # What is left is sent, and the next two begin where all is well.
            assert send(data) == 0
    assert (broken == 0) is says_before


def test_what_a_killed_run_sent_is_in_the_index_of_the_next_though_nothing_is_new(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with Bucket() as bucket:
        monkeypatch.setenv(SECRET, bucket.url)
        assert send(data) == 0
        # Once more, for what that run itself stored of itself.
        assert send(data) == 0
        append(data, "prices", 200, 204)
        with monkeypatch.context() as patch:
            patch.setattr(offbox.Offbox, "_send_index", killed)
            with pytest.raises(KeyboardInterrupt):
                send(data)
        assert send(data) == 0
        restore(bucket.download(tmp_path / "fetched"), tmp_path / "back")
    assert numbers(tmp_path / "back") == list(range(204))


def test_kills_while_sending_leave_a_whole_backup_and_the_next_run_sends_the_rest(
    data: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    with Bucket() as bucket:
        bucket.trouble = lambda _request: time.sleep(0.05)
        command = [sys.executable, "-m", "agent.night", "offbox", "--data", str(data)]
        for at in range(5):
            append(data, "prices", 200 + at, 201 + at)
            with subprocess.Popen(command, cwd=TOP, env=environment(MOSS_BACKUP_URL=bucket.url)) as process:
                time.sleep(chance.uniform(0.3, 0.9))
                process.send_signal(signal.SIGKILL)
            if any(name.endswith("manifest.json") for name in list(bucket.objects)):
                restore(bucket.download(tmp_path / f"fetched{at}"), tmp_path / f"back{at}")
                assert len(numbers(tmp_path / f"back{at}")) >= 200
        subprocess.run(command, cwd=TOP, env=environment(MOSS_BACKUP_URL=bucket.url), check=True)
        restore(bucket.download(tmp_path / "fetched"), tmp_path / "back")
    assert numbers(tmp_path / "back") == list(range(205))


@pytest.mark.parametrize("is_said", [True, False])
def test_bucket_stays_a_whole_backup_wherever_the_first_run_after_a_restore_breaks_off(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_said: bool
) -> None:
    broken = 0
    with Bucket() as bucket:
        monkeypatch.setenv(SECRET, bucket.url)
        assert send(data) == 0
        append(data, "prices", 200, 300)
        assert send(data) == 0
        box, objects = bucket.box, dict(bucket.objects)
        for at in range(8):
            bucket.objects = dict(objects)
            back = tmp_path / f"back{at}"
            restore(bucket.download(tmp_path / f"fetched{at}"), back)
            if not is_said:
                # The control: nothing says that the folder was brought back.
                (back / "restored.json").unlink()
            append(back, "prices", 300, 400)
            left = iter(range(at))

            def gone(_request: Request, left: Iterator[int] = left) -> Reply | None:
                return Reply(404) if next(left, None) is None else None

            bucket.trouble = gone
            assert send(back) in (0, 75)
            bucket.trouble = None
            try:
                restore(bucket.download(tmp_path / f"old{at}", box), tmp_path / f"old{at}-back")
                assert numbers(tmp_path / f"old{at}-back") in (list(range(300)), list(range(400)))
            except BadBackup:
                broken += 1
            assert send(back) == 0
            newest = bucket.boxes[-1]
            restore(bucket.download(tmp_path / f"new{at}", newest), tmp_path / f"new{at}-back")
            assert numbers(tmp_path / f"new{at}-back") == list(range(400))
            assert (newest != box) is is_said
    assert (broken == 0) is is_said


def test_folder_that_was_brought_back_writes_over_nothing_though_its_first_run_is_killed(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with Bucket() as bucket:
        monkeypatch.setenv(SECRET, bucket.url)
        assert send(data) == 0
        objects = dict(bucket.objects)
        restore(bucket.download(tmp_path / "fetched"), tmp_path / "back")
        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", killed)
            with pytest.raises(KeyboardInterrupt):
                send(tmp_path / "back")
        assert bucket.objects == objects
        assert send(tmp_path / "back") == 0
        assert {name: bucket.objects[name] for name in objects} == objects
        restore(bucket.download(tmp_path / "again", bucket.boxes[-1]), tmp_path / "back2")
    assert numbers(tmp_path / "back2") == list(range(200))


def test_address_that_was_changed_gets_a_whole_backup_and_back_at_the_old_one_another(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Bucket() as old, Bucket() as new:
        for turn, bucket in enumerate((old, new, new, old)):
            append(data, "prices", 200 + turn, 201 + turn)
            monkeypatch.setenv(SECRET, bucket.url)
            assert send(data) == 0
            restore(bucket.download(tmp_path / f"fetched{turn}", bucket.boxes[-1]), tmp_path / f"back{turn}")
            assert numbers(tmp_path / f"back{turn}") == list(range(201 + turn))
        assert (len(old.boxes), len(new.boxes)) == (2, 1)
        # Another key in the query is no other address.
        monkeypatch.setenv(SECRET, f"{old.url}&until=2027")
        assert send(data) == 0
        assert len(old.boxes) == 2
    assert KEY not in (data / "offbox.jsonl").read_text()


def test_notes_of_an_earlier_version_are_of_the_address_there_is(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Bucket() as bucket:
        monkeypatch.setenv(SECRET, bucket.url)
        assert send(data) == 0
        notes = [{key: value for key, value in note.items() if key != "place"} for note in scan(data / "offbox.jsonl")]
        (data / "offbox.jsonl").unlink()
        with Store(data / "offbox.jsonl") as store:
            store.append_many(notes)
        append(data, "prices", 200, 201)
        bucket.server.requests.clear()
        assert send(data) == 0
        assert len(bucket.boxes) == 1
        assert f"{bucket.box}/prices.jsonl-20261121-1" not in bucket.puts


def test_backup_onto_a_full_disk_leaves_the_ones_before_and_is_told(data: Path, tmp_path: Path) -> None:
    config = tmp_path / "moss.toml"
    with small_disk(tmp_path) as disk:
        config.write_text(f'[backup]\nfolder = "{disk}/backups"\n[watch]\ndisk_free_mib_min = 1\n')
        arguments = ["backup", "--data", str(data), "--config", str(config)]
        assert main(arguments) == 0
        # More than the disk has, which is not nearly full yet.
        append(data, "prices", 200, 40_000)
        time.sleep(1.05)  # a backup's name has the second in it
        assert main(arguments) == 1
        assert "No space left" in errors(data)[0]["message"]
        assert len(list((disk / "backups").iterdir())) == 1
        fill(disk)
        assert main(arguments) == 1
        assert "the backup waits" in errors(data)[1]["message"]
        restore(disk / "backups", tmp_path / "back")
    assert numbers(tmp_path / "back") == list(range(200))


def test_lost_disk_comes_back_from_the_bucket_and_the_exchange_fills_the_gap(
    tmp_path: Path, program: Callable[..., str]
) -> None:
    curl, jq = program("curl"), program("jq")
    data = tmp_path / "data"
    late_s = 5_400
    with Bucket() as bucket, (exchange := FakeUpbit(lambda _symbol, _open_s: 98_100_000.0)).server:
        exchange.now_s = lambda: time.time() - late_s
        config = write_config(tmp_path, f'[market]\nupbit_url = "{exchange.server.url}"\nsymbols = ["KRW-BTC"]\n')
        arguments = ("--config", config, "--data", data)
        assert run("bot.py", "once", *arguments).returncode == 0
        secret = environment(MOSS_BACKUP_URL=bucket.url)
        command = [sys.executable, "-m", "agent.night", "offbox", *map(str, arguments)]
        subprocess.run(command, cwd=TOP, env=secret, check=True)
        before = {name: records(data, name) for name in ("prices", "ledger", "signals")}
        shutil.rmtree(data)

        # As docs/operations.md has it.
        fetch = f"""
            URL='{bucket.server.url}/p/{KEY}/b/moss/{bucket.box}' QUERY='?sig={KEY}'
            mkdir fetched && cd fetched
            {curl} -fsS "$URL/manifest.json$QUERY" -o manifest.json
            {jq} -r '.files[].stored' manifest.json | while read -r name; do
                {curl} -fsS "$URL/$name$QUERY" -o "$name" || exit 1
            done
        """
        subprocess.run(["sh", "-euc", fetch], cwd=tmp_path, check=True, env=environment())
        done = subprocess.run(
            [sys.executable, "-m", "store", "restore", str(tmp_path / "fetched"), str(data)], cwd=TOP, check=False
        )
        assert done.returncode == 0
        assert {name: records(data, name) for name in before} == before
        assert (data / "moss.toml").read_text() == config.read_text()

        exchange.now_s = time.time
        assert run("bot.py", "once", *arguments).returncode == 0
        assert run("bot.py", "audit", *arguments).returncode == 0
    opened = [record["open_ts"] for record in records(data, "prices")]
    assert len(opened) == len(set(opened)) > 195 + late_s // 60
    assert verify(data / "prices.jsonl").ok
