"""`moss tail`: records in words, merged by time, each once."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from agent.ticker import Ticker, merged
from store import Store
from tests.scripts import TOP, environment

ZONE = timezone(timedelta(hours=9))
SIGNAL = {
    "ts": "2026-11-21T03:05:05.202Z",
    "kind": "signal",
    "symbol": "KRW-BTC",
    "candle_ts": "2026-11-21T03:04:00.000Z",
    "price": 98_100_000.0,
    "signal": "BUY",
    "reason": "fast>slow",
}
LINES: list[tuple[dict[str, Any], str]] = [
    (SIGNAL, "12:05 BUY  KRW-BTC 98,100,000 fast>slow"),
    (SIGNAL | {"signal": "HOLD", "price": 0.5}, "12:05 HOLD KRW-BTC 0.5 fast>slow"),
    ({"kind": "alert", "what": "disk", "message": "full", "doing": "waits"}, "12:05 ⚠ disk: full; moss: waits"),
    ({"kind": "alert_end", "what": "disk"}, "12:05 ✓ disk: is over"),
    ({"kind": "stop", "version": "0.1.0", "pid": 7, "seen_ts": SIGNAL["ts"]}, "12:05 stop: version 0.1.0"),
    (
        {"kind": "error", "class": "Unreachable", "message": "no\x1b[2J"},
        "12:05 error: class Unreachable, message no [2J",
    ),
    ({"kind": "reload", "config": {"market": {}}}, "12:05 a new configuration is followed"),
    ({"kind": "gap", "config": {}, "minutes": 3}, "12:05 gap: minutes 3"),
]


@pytest.mark.parametrize(("record", "line"), LINES)
def test_record_is_one_line_in_words(record: dict[str, Any], line: str) -> None:
    assert Ticker(ZONE, is_coloured=False).line({"ts": SIGNAL["ts"], **record}) == line


def test_line_has_colour_only_when_a_terminal_shows_it() -> None:
    assert Ticker(ZONE, is_coloured=True).line(SIGNAL) == "\x1b[32m12:05 BUY  KRW-BTC 98,100,000 fast>slow\x1b[0m"


def at(second: int) -> dict[str, Any]:
    return {"ts": f"2026-11-21T03:00:{second:02d}.000Z", "kind": "stop", "second": second}


def test_streams_are_merged_by_time_and_each_record_comes_once(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("signals.jsonl", "events.jsonl", "never.jsonl")]
    one, two = (Store(path, durable=False) for path in paths[:2])
    for second in range(0, 10, 2):
        one.append(at(second))
        two.append(at(second + 1))
    later: Iterator[list[tuple[Store, int]]] = iter([[(two, 10), (one, 11)], [], [(one, 12)], [(two, 13)]])

    def wait() -> bool:
        for store, second in (batch := next(later, None)) or []:
            store.append(at(second))
        return batch is None

    assert [record["second"] for record in merged(paths, 4, wait)] == [6, 7, 8, 9, 10, 11, 12, 13]
    assert list(merged(paths[2:], 4, lambda: True)) == []
    one.close()
    two.close()


def test_command_follows_until_it_is_interrupted(tmp_path: Path) -> None:
    store = Store(tmp_path / "signals.jsonl", durable=False)
    store.append(SIGNAL)
    with subprocess.Popen(
        [sys.executable, "-m", "agent.ticker", "--data", tmp_path, "-n", "1"],
        cwd=TOP,
        env=environment(MOSS_CONFIG="/dev/null"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        watchdog = threading.Timer(30, process.kill)
        watchdog.start()
        assert process.stdout
        assert process.stdout.readline() == "12:05 BUY  KRW-BTC 98,100,000 fast>slow\n"
        store.append(SIGNAL | {"signal": "SELL"})
        assert process.stdout.readline() == "12:05 SELL KRW-BTC 98,100,000 fast>slow\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        watchdog.cancel()
    assert (process.returncode, said) == (0, f"reading {tmp_path}\n")
    store.close()


def test_command_says_what_to_do_when_there_is_no_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "agent.ticker", "--data", str(tmp_path / "nowhere")]
    done = subprocess.run(command, cwd=TOP, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "there is no such data folder" in done.stderr
