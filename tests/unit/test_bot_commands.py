"""The bot's commands as a user meets them: their output, their exit status, and how they answer what is wrong."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from agent.usage import FURTHER
from store import Store
from tests.scripts import TOP, records, run, start, wait_for, wait_for_more, write_config

DEMO = '[market]\nsource = "demo"\ndemo_speed = 600\nsymbols = ["KRW-BTC", "KRW-ETH"]\n'


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_ends_cleanly_when_it_is_asked_to(tmp_path: Path, number: signal.Signals) -> None:
    data = tmp_path / "data"
    with start("bot.py", "run", "--config", write_config(tmp_path, DEMO), "--data", data) as process:
        wait_for(lambda: len(records(data, "signals")) >= 4)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out == ""
    assert [event["kind"] for event in records(data, "events") if event["kind"] in ("start", "stop")] == [
        "start",
        "stop",
    ]
    begun = records(data, "events")[0]
    assert (begun["schema"], begun["config"]["market"]["symbols"]) == (1, ["KRW-BTC", "KRW-ETH"])
    assert "its records go to" in err
    assert any(f" {side} " in err for side in ("HOLD", "BUY ", "SELL"))


def test_run_is_the_command_when_none_is_named(tmp_path: Path) -> None:
    data = tmp_path / "data"
    config = write_config(tmp_path, DEMO)
    with start("bot.py", MOSS_CONFIG=str(config), MOSS_DATA=str(data)) as process:
        wait_for(lambda: bool(records(data, "prices")))
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_run_reports_each_hour(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with start("bot.py", "run", "--config", write_config(tmp_path, DEMO), "--data", data) as process:
        wait_for(lambda: any(event["kind"] == "report" for event in records(data, "events")))
        process.terminate()
        process.communicate(timeout=60)
    report = next(event for event in records(data, "events") if event["kind"] == "report")
    assert report["candles"] > 100
    assert report["rss_kib"] > 1000


def test_status_tells_from_the_store_how_it_goes(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with start("bot.py", "run", "--config", write_config(tmp_path, DEMO), "--data", data) as process:
        wait_for(lambda: len(records(data, "signals")) >= 4)
        running = run("bot.py", "status", "--data", data)
        process.kill()
        process.communicate()
    assert (running.returncode, running.stderr) == (0, f"reading {data}\n")
    assert running.stdout.startswith("bot       running since 2")
    assert "headlines 0 scored in the last day, none before\n" in running.stdout
    assert re.search(r"^bank      [\d,]+\.\d\d in all: cash [\d,]+\.\d\d, ", running.stdout, re.MULTILINE)
    for stream in data.glob("*.jsonl"):
        os.utime(stream, (0, 0))
    after = json.loads(run("bot.py", "status", "--json", "--data", data).stdout)
    assert after["state"] == "silent"
    assert list(after["symbols"]) == ["KRW-BTC", "KRW-ETH"]
    assert after["symbols"]["KRW-BTC"]["signal"] == last_of(data, "signals", "KRW-BTC")
    assert after["symbols"]["KRW-BTC"]["candle"] == last_of(data, "prices", "KRW-BTC")
    assert after["ledger"]["equity"] == records(data, "ledger")[-1]["equity"]


def last_of(data: Path, stream: str, symbol: str) -> dict[str, object]:
    record = [record for record in records(data, stream) if record["symbol"] == symbol][-1]
    return {key: value for key, value in record.items() if key != "_c"}


def test_status_says_what_to_do_when_there_is_nothing(tmp_path: Path) -> None:
    done = run("bot.py", "status", "--data", tmp_path / "none")
    assert done.returncode == 1
    assert "there is no such data folder; start bot.py first" in done.stderr
    (tmp_path / "empty").mkdir()
    empty = run("bot.py", "status", "--data", tmp_path / "empty")
    assert (empty.returncode, empty.stdout.splitlines()[0]) == (0, "bot       never started")


def test_check_prints_the_next_runs_of_each_job(tmp_path: Path) -> None:
    done = run("bot.py", "check", "--config", write_config(tmp_path, DEMO), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    jobs = ["prices", "signals", "watch", "report", "cleanup"]
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["config", "data", *jobs]
    assert list(tmp_path.iterdir()) == [tmp_path / "moss.toml"]


@pytest.mark.parametrize("command", ["run", "once", "check"])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[market]\nsorce = 1\n", "line 5: [market] sorce: there is no such key; did you mean source?"),
        ("[strategy]\nfast = 'x'\n", "line 5: [strategy] fast: 'x' must be a whole number"),
        ("[strategy]\nfast = 9\nslow = 9\n", "line 5: [strategy] fast: 9 must be smaller than slow, which is 9"),
    ],
)
def test_commands_end_with_78_and_one_clear_line_when_the_config_is_wrong(
    tmp_path: Path, command: str, text: str, words: str
) -> None:
    config, data = write_config(tmp_path, text), tmp_path / "data"
    done = run("bot.py", command, "--config", config, "--data", data)
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr == f"bot.py: {config} {words}\n"
    assert not data.exists()


def test_run_goes_on_with_the_last_good_config_when_the_file_has_become_wrong(tmp_path: Path) -> None:
    config, data = write_config(tmp_path, DEMO), tmp_path / "data"
    for _ in range(2):
        with start("bot.py", "run", "--config", config, "--data", data) as process:
            wait_for_more(data, "signals", 1)
            process.terminate()
            _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        config.write_text("[market]\nsource = 'dem")
    assert f"{config}: is not TOML" in err
    events = records(data, "events")
    starts = [event for event in events if event["kind"] == "start"]
    assert starts[0]["config"] == starts[1]["config"]
    (alert,) = [event for event in events if event["kind"] == "alert"]
    assert (alert["what"], alert["doing"]) == ("config", "goes on with the last good configuration")
    assert run("bot.py", "check", "--config", config, "--data", data).returncode == 78
    # What a bot is asked that runs on the last good one is asked by it too.
    for command in (["pause"], ["resume"], ["reload"], ["audit"], ["bank", "deposit", "5"]):
        done = run("bot.py", *command, "--config", config, "--data", data)
        assert done.returncode == 0, done.stderr


def test_run_follows_a_new_config_at_sighup_and_keeps_the_old_one_when_it_is_wrong(tmp_path: Path) -> None:
    config, data = write_config(tmp_path, DEMO), tmp_path / "data"
    with start("bot.py", "run", "--config", config, "--data", data) as process:
        wait_for_more(data, "signals", 1)
        config.write_text("[market]\nsource = 'dem")
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: any(event["kind"] == "alert" for event in records(data, "events")))
        wait_for_more(data, "signals", 2)
        write_config(tmp_path, DEMO + "[strategy]\nslow = 9\n")
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: any(event["kind"] == "reload" for event in records(data, "events")))
        wait_for_more(data, "signals", 4)
        process.terminate()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    told = ("start", "alert", "reload", "alert_end", "stop")
    events = [event for event in records(data, "events") if event["kind"] in told]
    assert [event["kind"] for event in events] == list(told)
    assert (events[0]["config"]["strategy"]["slow"], events[2]["config"]["strategy"]["slow"]) == (20, 9)
    assert len({record["rule"] for record in records(data, "signals")}) == 2
    keys = [(record["symbol"], record["open_ts"]) for record in records(data, "prices")]
    assert len(keys) == len(set(keys))


def test_run_tells_systemd_how_it_goes(tmp_path: Path) -> None:
    config, data, heard = write_config(tmp_path, DEMO), tmp_path / "data", list[str]()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(60)

        def hear(word: str) -> None:
            while not heard or word not in heard[-1]:
                heard.append(systemd.recv(4096).decode())

        with start(
            "bot.py", "run", "--config", config, "--data", data, NOTIFY_SOCKET=str(tmp_path / "notify")
        ) as process:
            hear("READY=1")
            assert records(data, "prices")
            hear("KRW-")
            process.send_signal(signal.SIGHUP)
            hear("RELOADING=1")
            hear("READY=1")
            process.terminate()
            hear("STOPPING=1")
            process.communicate(timeout=60)
    assert process.returncode == 0
    assert any(word.startswith("WATCHDOG=1\nSTATUS=") and "KRW-" in word for word in heard)


def test_status_is_red_on_a_terminal_when_the_bot_runs_on_an_old_config(tmp_path: Path) -> None:
    with Store(tmp_path / "events.jsonl") as events:
        head = {"ts": "2020-02-20T08:00:00.000Z"}
        events.append({**head, "kind": "start", "version": "1"})
        events.append({**head, "kind": "alert", "what": "config", "message": "line 3 is wrong", "doing": "goes on"})
    script = shlex.join([sys.executable, str(TOP / "bot.py"), "status", "--data", str(tmp_path)])
    terminal = subprocess.run(["script", "-qec", script, "/dev/null"], capture_output=True, text=True, check=True)
    assert "\x1b[31mconfig    line 3 is wrong: goes on\x1b[0m" in terminal.stdout
    assert "\x1b" not in run("bot.py", "status", "--data", tmp_path).stdout


@pytest.mark.parametrize("command", ["run", "once"])
def test_commands_end_with_1_when_the_data_folder_cannot_be_made(tmp_path: Path, command: str) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = run("bot.py", command, "--config", write_config(tmp_path, DEMO), "--data", blocked / "data")
    assert done.returncode == 1
    assert done.stderr.startswith(f"bot.py: {blocked / 'data'}: cannot be made a data folder")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_run_ends_with_1_when_the_folder_belongs_to_another_user(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, 12345, 12345)
    done = run("bot.py", "once", "--config", write_config(tmp_path, DEMO), "--data", data)
    assert done.returncode == 1
    assert f"{data}: belongs to user 12345, this is 0" in done.stderr
    assert not list(data.iterdir())


def test_help_tells_what_is_done_without_a_command_and_what_each_command_does() -> None:
    done = run("bot.py", "--help")
    assert "run, which is meant where none is named" in " ".join(done.stdout.split())
    told = done.stdout.partition("further commands:")[2]
    assert [line.split()[0] for line in told.splitlines() if line] == list(FURTHER)


@pytest.mark.parametrize("arguments", [["dance"], ["replay"], ["run", "--colour"], ["status", "--json=1"]])
def test_bot_ends_with_2_when_it_is_called_wrongly(tmp_path: Path, arguments: list[str]) -> None:
    done = run("bot.py", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: bot.py" in done.stderr
    assert not list(tmp_path.iterdir())
