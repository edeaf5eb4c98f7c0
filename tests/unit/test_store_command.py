"""The command line: what it prints, where, and how it ends."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from store import Record, Store, follow
from store.__main__ import main
from tests.faults.store_rotation import compress, rotate

ROOT = Path(__file__).parents[2]


def record(n: int, **fields: object) -> Record:
    return {"ts": f"2026-11-21T00:{n // 60 % 60:02d}:{n % 60:02d}.000Z", "kind": "test", "n": n, **fields}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """30 records: a compressed segment, a plain one, the live file."""
    path = tmp_path / "prices.jsonl"
    for at in range(3):
        with Store(path) as store:
            store.append_many(record(n) for n in range(at * 10, at * 10 + 10))
        if at < 2:
            segment = rotate(path, at)
            if at < 1:
                compress(segment)
    return path


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "store", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)


def numbers(output: str) -> list[int]:
    return [json.loads(line)["n"] for line in output.splitlines()]


def test_tail_prints_the_last_records_oldest_first(path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for arguments, wanted in (([], 10), (["-n", "15"], 15), (["-n", "0"], 0), (["-n", "99"], 30)):
        assert main(["tail", str(path), *arguments]) == 0
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        assert numbers(out.decode()) == list(range(30))[30 - wanted :]
        assert b'"_c"' not in out
        assert err.decode() == f"store: {path}: 3 files\n"


def test_scan_prints_all_or_a_range(path: Path) -> None:
    assert numbers(run("scan", path).stdout) == list(range(30))
    ranged = run("scan", path, "--since", "2026-11-21T09:00:05+09:00", "--until", "2026-11-21T00:00:25")
    assert numbers(ranged.stdout) == list(range(5, 25))


def test_output_is_utf8_whatever_the_locale_and_steers_no_terminal(path: Path) -> None:
    with Store(path) as store:
        store.append(record(30, title="비트코인 \x1b[31m \x9b2J \u202e"))
    command = [sys.executable, "-m", "store", "tail", str(path), "-n", "1"]
    env = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    out = subprocess.run(command, capture_output=True, check=True, cwd=ROOT, env=env, timeout=60).stdout
    assert "비트코인" in out.decode()
    assert out.decode().strip("\n").isprintable()


def test_verify_ends_with_1_only_where_something_is_damaged(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b'{"torn')
    sound = run("verify", path)
    assert sound.returncode == 0
    assert sound.stdout.startswith("prices.jsonl: ok, 30 records in 3 files")
    assert "1 torn at the end" in sound.stdout
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"n":25', b'"n":26'))
    damaged = run("verify", path.parent)
    assert damaged.returncode == 1
    assert f"{path}:6: does not match its checksum" in damaged.stdout


def test_stats_prints_an_object_for_each_stream(path: Path) -> None:
    with Store(path.with_name("events.jsonl")) as store:
        store.append(record(0))
    events, prices = map(json.loads, run("stats", path.parent).stdout.splitlines())
    assert (events["stream"], events["records"]) == ("events.jsonl", 1)
    assert (prices["records"], prices["segments"], prices["last_ts"]) == (30, 3, record(29)["ts"])
    assert 0 < prices["disk_bytes"] < prices["bytes"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["sing"],
        ["tail"],
        ["tail", "x", "-n", "many"],
        ["tail", "x", "-n", "-1"],
        ["scan", "x", "--since", "soon"],
        ["scan", "x", "--since", "0001-01-01"],
        ["scan", "x", "--until", "9999-12-31T23:59:59"],
        ["prune", "x", "y", "--keep-d", "800000"],
        ["verify"],
    ],
)
def test_wrong_use_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_nothing_there_is_said_and_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tail", str(tmp_path / "prices.jsonl")]) == 0
    assert "nothing there yet" in capsys.readouterr().err
    assert main(["scan", str(tmp_path / "nowhere" / "prices.jsonl")]) == 0
    assert "no such folder" in capsys.readouterr().err


def test_unreadable_folder_ends_with_1_and_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tail", str(tmp_path)]) == 1
    assert f"store: {tmp_path}: is a folder; name one of its streams" in capsys.readouterr().err
    for command in ("verify", "tail", "scan"):
        assert main([command, str(tmp_path / "x.jsonl-20261121-5.gz")]) == 1
        assert "is a compressed segment, which is read with its stream" in capsys.readouterr().err
    assert main(["follow", str(tmp_path / "x.jsonl"), "--from", "2026/x/9"]) == 1
    assert "has no position" in capsys.readouterr().err


def test_missing_permission_says_what_to_do(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str, *_: int) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", name)

    monkeypatch.setattr(os, "open", refuse)
    assert main(["tail", str(path)]) == 1
    said = f"store: {path}: no permission: be in the group of that folder, or its owner (ls -l shows both)"
    assert capsys.readouterr().err.splitlines()[-1] == said


def test_closed_pipe_ends_quietly(path: Path) -> None:
    with Store(path) as store:
        store.append_many(record(n, text="x" * 1000) for n in range(30, 2000))
    shell = f"{sys.executable} -m store scan {path} | head -n 1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {shell}"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0
    assert done.stderr == f"store: {path}: 3 files\n"


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_follow_prints_as_records_come_and_says_where_to_go_on(path: Path, ending: signal.Signals) -> None:
    position = follow(path, "end").position
    command = [sys.executable, "-m", "store", "follow", str(path), "--from", position]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        with Store(path) as store:
            store.append(record(30))
            assert json.loads(process.stdout.readline())["n"] == 30
            rotate(path, 5)
            store.append(record(31))
            assert json.loads(process.stdout.readline())["n"] == 31
        time.sleep(0.05)
        process.send_signal(ending)
        assert process.wait(timeout=60) == 0
        kept = process.stderr.read().splitlines()[-1].rpartition(" ")[2]
    with Store(path) as store:
        store.append(record(32))
    assert next(follow(path, kept)) == record(32)


def test_follow_tells_no_position_past_what_it_printed_when_it_is_asked_to_end(path: Path) -> None:
    """The signal comes after a record was read and before it is printed."""
    code = (
        "import os, signal, sys\nimport store.__main__ as command\nshow = command.show\n"
        "def asked(record):\n    if record['n'] == 7: os.kill(os.getpid(), signal.SIGTERM)\n    return show(record)\n"
        "command.show = asked\nsys.exit(command.main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "follow", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)
    assert done.returncode == 0
    printed = [json.loads(line)["n"] for line in done.stdout.splitlines()]
    kept = done.stderr.splitlines()[-1].rpartition(" ")[2]
    assert printed == list(range(8))
    assert next(follow(path, kept)) == record(8)


def test_moment_that_is_none_says_how_one_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["scan", "x", "--since", "yesterday"])
    assert "'yesterday' is no moment such as 2026-11-21T09:00+09:00" in capsys.readouterr().err


def test_scan_finds_all_when_it_begins_before_the_year_1000(path: Path) -> None:
    assert len(run("scan", path, "--since", "0300-01-01").stdout.splitlines()) == 30


def test_number_of_another_hand_that_is_too_large_ends_nothing(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b'{"ts":"2026-11-21T00:01:00.000Z","kind":"test","n":1e999}\n')
    assert run("scan", path).stdout.splitlines()[-1].endswith('"n":Infinity}')
