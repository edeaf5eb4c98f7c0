"""The bot's state is told by what the loop itself wrote, whoever else writes to its store."""

import os
from pathlib import Path
from typing import Any

import pytest

from agent.clock import timestamp
from agent.folder import DataFolder
from agent.status import lines, status
from store import Store

NOW_S = 1_795_251_600.0
DIED_S = NOW_S - 7_200
CANDLE = {"symbol": "KRW-BTC", "source": "upbit", "unit_s": 60, "open": 1, "high": 1, "low": 1, "close": 1, "volume": 1}

Record = dict[str, Any]


def append(data: Path, stream: str, at_s: float, record: Record) -> None:
    """Store a record as it would have been at a moment, the file's own time included."""
    path = data / f"{stream}.jsonl"
    with Store(path) as store:
        store.append({"ts": timestamp(at_s), **record})
    os.utime(path, (at_s, at_s))


def candle(at_s: float) -> Record:
    return {"kind": "candle", "open_ts": timestamp(at_s - 65), **CANDLE}


def state(data: Path) -> str:
    return str(status(DataFolder(data), NOW_S)["state"])


@pytest.fixture
def dead(tmp_path: Path) -> Path:
    """Return the folder of a bot that was killed two hours ago."""
    append(tmp_path, "events", DIED_S - 60, {"kind": "start", "version": "0.1.0"})
    append(tmp_path, "prices", DIED_S, candle(DIED_S))
    assert state(tmp_path) == "silent"
    return tmp_path


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "command", "what": "pause", "by": "owner"},
        {"kind": "alert", "what": "moss-bot.service", "message": "failed", "doing": "nothing"},
        {"kind": "backup", "what": "backup"},
        {"kind": "summary", "day": "2026-11-20"},
        {"kind": "error", "class": "Unreachable", "message": "no answer", "what": "feed yna", "attempt": 3},
        {"kind": "gap", "symbol": "KRW-BTC", "source": "kraken", "from_ts": "", "until_ts": ""},
    ],
    ids=lambda event: event["kind"],
)
def test_status_of_a_dead_bot_stays_silent_when_others_write_events(dead: Path, event: Record) -> None:
    append(dead, "events", NOW_S - 10, event)
    assert state(dead) == "silent"


def test_status_of_a_dead_bot_stays_silent_when_money_is_moved_by_hand(dead: Path) -> None:
    append(dead, "ledger", NOW_S - 10, {"kind": "deposit", "amount": "1", "cash": "1", "positions": {}, "equity": "1"})
    assert state(dead) == "silent"


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "error", "class": "Unreachable", "message": "no answer", "symbol": "KRW-BTC", "attempt": 3},
        {"kind": "error", "class": "ValueError", "message": "odd", "job": "signals", "attempt": 1},
        {"kind": "report", "candles": 0},
        {"kind": "missed", "job": "signals", "count": 1},
    ],
    ids=["market", "job", "report", "missed"],
)
def test_status_is_running_when_the_loop_had_nothing_but_an_event_to_write(dead: Path, event: Record) -> None:
    append(dead, "events", NOW_S - 200, event)
    append(dead, "events", NOW_S - 10, {"kind": "command", "what": "resume", "by": "owner"})
    assert state(dead) == "running"


def test_status_is_silent_when_a_file_is_from_a_time_to_come(dead: Path) -> None:
    os.utime(dead / "prices.jsonl", (NOW_S + 86_400,) * 2)
    assert state(dead) == "silent"


def test_status_is_silent_when_a_demo_died_whose_clock_ran_ahead(dead: Path) -> None:
    append(dead, "events", NOW_S - 100, {"kind": "report", "candles": 60})
    os.utime(dead / "events.jsonl", (DIED_S, DIED_S))
    assert state(dead) == "silent"


def test_status_is_running_when_its_files_were_rotated_a_moment_ago(dead: Path) -> None:
    append(dead, "prices", NOW_S - 50, candle(NOW_S - 50))
    for stream in ("prices", "events"):
        (dead / f"{stream}.jsonl").rename(dead / f"{stream}.jsonl-20261121-{NOW_S:.0f}")
    assert state(dead) == "running"


def test_status_tells_where_records_come_from_when_no_loop_ever_ran(tmp_path: Path) -> None:
    append(tmp_path, "prices", NOW_S - 50, candle(NOW_S - 50))
    report = status(DataFolder(tmp_path), NOW_S)
    assert report["state"] == "never started"
    told = "bot       never started; what is stored came by single passes (`bot.py once`), a replay or a backfill"
    assert next(lines(report)) == (told, False)
