"""Recorded candles decided again: held against a check of its own, and against the live loop."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.settings import Config, Schedule
from tests.scripts import records, run, write_config
from tests.unit.test_trader import TraderBench

T0 = 1_582_185_600
HEADER = "time,open,high,low,close,volume\n"
RECORDED = ("upbit_1m_20200220_170000-20200220_202000.json", "upbit_1m_20200220_202000-20200220_210000.json")


def expected(closes: dict[str, int], fast: int, slow: int, every: int) -> list[tuple[str, str]]:
    """Decide by the definition, in ten lines of its own: whole prices, minutes without a hole, every n-th end."""
    values, last = list(closes.items()), 0
    found: list[tuple[str, str]] = []
    for index in range(len(values)):
        end_min = int(values[index][0][11:13]) * 60 + int(values[index][0][14:16]) + 1
        if end_min % every or index + 1 < slow:
            continue
        window = [price for _, price in values[: index + 1]]
        now = sum(window[-fast:]) * slow - sum(window[-slow:]) * fast
        crossed = "BUY" if now > 0 and last <= 0 else "SELL" if now < 0 and last >= 0 else "HOLD"
        found.append((values[index][0], crossed if len(found) else "HOLD"))
        last = now
    return found


@pytest.mark.parametrize(("fast", "slow"), [(5, 20), (2, 3), (3, 50)])
def test_replay_signals_equal_a_plain_check_on_recorded_candles(
    recorded: Callable[[str], Path], tmp_path: Path, fast: int, slow: int
) -> None:
    paths = [recorded(f"market/{name}") for name in RECORDED]
    rows = sorted((row for path in paths for row in json.loads(path.read_text())), key=lambda row: row["timestamp"])
    closes = {row["candle_date_time_utc"] + ".000Z": int(row["trade_price"]) for row in rows}
    config = write_config(tmp_path, f"[strategy]\nfast = {fast}\nslow = {slow}\n")
    done = run("bot.py", "replay", *paths, "--config", config)
    assert done.returncode == 0, done.stderr
    signals = [json.loads(line) for line in done.stdout.splitlines()]
    decided = [(signal["candle_ts"], signal["signal"]) for signal in signals if signal["sma_slow"] is not None]
    assert decided == expected(closes, fast, slow, 5)
    assert {"BUY", "SELL", "HOLD"} <= {side for _, side in decided}
    assert all(signal["price"] == closes[signal["candle_ts"]] for signal in signals)


def test_replay_gives_the_same_bytes_when_it_runs_again(recorded: Callable[[str], Path], tmp_path: Path) -> None:
    paths = [recorded(f"market/{name}") for name in RECORDED]
    for name in ("a", "b"):
        assert run("bot.py", "replay", *paths, "--data", tmp_path / name).returncode == 0
    streams = sorted(path.name for path in (tmp_path / "a").glob("*.jsonl"))
    assert streams == ["ledger.jsonl", "prices.jsonl", "signals.jsonl"]
    for name in streams:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert len(records(tmp_path / "a", "prices")) == 240
    assert {record["ts"] for record in records(tmp_path / "a", "prices")} >= {"2020-02-20T08:01:00.000Z"}


def test_replay_decides_what_the_live_loop_decided(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    config = Config(schedule=Schedule(session_open="", session_close=""))
    live = TraderBench(tmp_path / "live", config)
    live.market.closes = {T0 + 60 * minute: round(chance.uniform(90, 110), 2) for minute in range(-300, 400)}
    live.live(400)
    stored = tmp_path / "live" / "prices.jsonl"
    path = write_config(tmp_path, "")
    assert run("bot.py", "replay", stored, "--config", path, "--data", tmp_path / "again").returncode == 0
    first = live_from(records(tmp_path / "live", "signals"))
    again = live_from(records(tmp_path / "again", "signals"))
    # The replay begins with the first stored candle, the live loop with the two hundredth: compare from there on.
    assert first[1:] == again[-len(first) + 1 :]
    assert len(first) == 80


def live_from(signals: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in signal.items() if key not in ("ts", "_c")} for signal in signals]


def test_replay_decides_each_due_minute_of_a_hole(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_text(HEADER + f"{T0},1,1,1,1,1\n{T0 + 3600},2,2,2,2,1\n")
    done = run("bot.py", "replay", path, "--config", write_config(tmp_path, "[strategy]\nfast = 1\nslow = 2\n"))
    signals = [json.loads(line) for line in done.stdout.splitlines()]
    ends = [datetime.fromisoformat(signal["candle_ts"]).astimezone(UTC).minute + 1 for signal in signals]
    assert ends == list(range(5, 61, 5))
    assert {signal["reason"] for signal in signals[1:]} == {"fast=slow"}
    assert signals[0]["ts"] == "2020-02-20T08:05:00.000Z"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        (HEADER + f"{T0},1,1,1,x,1\n", "line 2: close is 'x'"),
        (HEADER + f"{T0 + 60},1,1,1,1,1\n{T0},1,1,1,1,1\n", "line 3: is older than the candle before it"),
        (HEADER + f"{T0},1,1,1,1,1\n{T0},2,2,2,2,1\n", "line 3: a second candle of the same minute"),
    ],
)
def test_replay_ends_with_1_and_one_clear_line_when_a_file_is_bad(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "candles.csv"
    path.write_text(content)
    done = run("bot.py", "replay", path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"{path} {words}".replace(f"{path} is", f"{path}: is") in line


def test_replay_refuses_a_folder_when_it_holds_records(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_text(HEADER + f"{T0},1,1,1,1,1\n")
    data = tmp_path / "data"
    assert run("bot.py", "replay", path, "--data", data).returncode == 0
    before = {file.name: file.read_bytes() for file in data.iterdir()}
    done = run("bot.py", "replay", path, "--data", data)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "holds records already" in done.stderr
    assert before == {file.name: file.read_bytes() for file in data.iterdir()}


def test_replay_stores_nothing_when_only_the_environment_names_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_text(HEADER + "".join(f"{T0 + 60 * n},1,1,1,1,1\n" for n in range(30)))
    done = run("bot.py", "replay", path, MOSS_DATA=str(tmp_path / "data"))
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 6
    assert not (tmp_path / "data").exists()
