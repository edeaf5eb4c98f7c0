"""The hourly report: every minute of the hour accounted for, whatever happened in it."""

import json
import os
import random
import time
from pathlib import Path
from typing import Any

import pytest

from agent.clock import seconds, timestamp
from agent.digest import Digest, _watch_time, main
from agent.folder import DataFolder
from agent.settings import Config, Market, Schedule
from store import Store
from tests.scripts import records

HOUR = "2026-03-11T12:00:00.000Z"
FROM_S = int(seconds(HOUR)) - 3_600
UNTIL_S = FROM_S + 3_600
BTC, ETH = "KRW-BTC", "KRW-ETH"
TWO = Config(market=Market(symbols=(BTC, ETH)))


class Hour:
    """A data folder that a test fills."""

    def __init__(self, folder: Path) -> None:
        self.folder = DataFolder(folder)

    def add(self, stream: str, at_s: float, kind: str, **fields: object) -> None:
        with Store(self.folder.stream(stream), durable=False) as store:
            store.append({"ts": timestamp(at_s), "kind": kind, **fields})

    def candles(self, symbol: str, minutes: range) -> None:
        for minute in minutes:
            open_s = FROM_S + 60 * minute
            self.add("prices", open_s + 66, "candle", symbol=symbol, open_ts=timestamp(open_s), close=1)

    def report(self, settings: Config = TWO, facts: dict[str, Any] | None = None) -> dict[str, Any]:
        return Digest(settings, self.folder, "report", UNTIL_S).fields(facts or {})


def test_report_accounts_for_every_minute_of_the_hour(tmp_path: Path) -> None:
    hour = Hour(tmp_path)
    hour.candles(BTC, range(-5, 60))
    hour.candles(ETH, range(40))
    hour.candles(ETH, range(50, 60))
    gap = {"from_ts": timestamp(FROM_S + 60 * 40), "until_ts": timestamp(FROM_S + 60 * 45)}
    hour.add("events", FROM_S + 3_000, "gap", symbol=ETH, source="upbit", **gap)
    report = hour.report()
    assert report["symbols"] == {
        BTC: {"candles": 60, "without_trade": 0, "gap": 0},
        ETH: {"candles": 50, "without_trade": 5, "gap": 5},
    }
    assert (report["candles"], report["without_trade"], report["gap"]) == (110, 5, 5)


def test_report_counts_minutes_not_fetched_yet_as_gap_while_the_exchange_is_down(tmp_path: Path) -> None:
    hour = Hour(tmp_path)
    hour.candles(BTC, range(30))
    hour.candles(ETH, range(30))
    hour.add("events", FROM_S + 3_599, "error", **{"class": "Unreachable"}, message="down", symbol=BTC)
    report = hour.report()
    assert report["symbols"][BTC] == {"candles": 30, "without_trade": 0, "gap": 30}
    assert report["symbols"][ETH] == {"candles": 30, "without_trade": 30, "gap": 0}
    assert report["errors"] == {"Unreachable": 1}


def test_report_adds_up_to_the_hour_whatever_is_missing(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for round_ in range(20):
        hour = Hour(tmp_path / str(round_))
        hour.folder.path.mkdir()
        for minute in range(-10, 60):
            if chance.random() < 0.8:
                hour.candles(BTC, range(minute, minute + 1))
            if chance.random() < 0.05:
                first_s = FROM_S + 60 * minute
                moments = {
                    "from_ts": timestamp(first_s),
                    "until_ts": timestamp(first_s + chance.randrange(60, 7_200, 60)),
                }
                hour.add("events", FROM_S + 600, "gap", symbol=BTC, source="upbit", **moments)
        report = hour.report(Config())
        assert report["candles"] + report["without_trade"] + report["gap"] == 60
        assert min(report["candles"], report["without_trade"], report["gap"]) >= 0


def test_report_tells_what_was_done_and_how_the_process_is(tmp_path: Path) -> None:
    hour = Hour(tmp_path)
    for minute, signal in ((5, "BUY"), (10, "HOLD"), (15, "HOLD")):
        hour.add("signals", FROM_S + 60 * minute, "signal", symbol=BTC, signal=signal)
    hour.add("signals", UNTIL_S + 6, "signal", symbol=BTC, signal="SELL")
    hour.add("ledger", FROM_S - 60, "deposit", equity="1000")
    hour.add("ledger", FROM_S + 300, "fill", equity="990.5")
    hour.add("sentiment", FROM_S + 10, "score", score=0.5)
    hour.add("sentiment", FROM_S + 20, "score", score=-0.25)
    hour.add("events", FROM_S + 30, "breaker", host="x", state="open")
    hour.add("events", FROM_S + 90, "alert", what="memory", message="m", doing="d")
    report = hour.report(facts={"rss_kib": 33_000, "cpu_s": 1.5, "fetches_ms": [10.0, 20.0, 90.0]})
    assert (report["evaluations"], report["signals"]) == (3, {"BUY": 1, "HOLD": 2})
    assert (report["fills"], report["equity"], report["equity_change"]) == (1, "990.5", "-9.5")
    assert (report["scores"], report["score_mean"]) == (2, 0.125)
    assert (report["fetch_ms_median"], report["fetch_ms_max"]) == (20.0, 90.0)
    assert (report["rss_kib"], report["cpu_s"]) == (33_000, 1.5)
    assert report["breaker"] == {"x": "open"}
    assert [alert["what"] for alert in report["alerts"]] == ["memory"]
    assert report["store_bytes"] == sum(path.stat().st_size for path in tmp_path.glob("*.jsonl"))
    assert report["records_a_minute"] == round(8 / 60, 2)


def test_digest_of_the_session_looks_back_to_its_opening(tmp_path: Path) -> None:
    settings = Config(schedule=Schedule(session_open="09:00", session_close="23:00"))
    closing = Digest(settings, DataFolder(tmp_path), "closing", UNTIL_S).fields({})
    opening = Digest(settings, DataFolder(tmp_path), "opening", UNTIL_S).fields({})
    assert seconds(closing["until_ts"]) - seconds(closing["from_ts"]) == 14 * 3_600
    assert seconds(opening["until_ts"]) - seconds(opening["from_ts"]) == 10 * 3_600


def test_digest_command_stores_one_record_and_fills_the_reserve(tmp_path: Path) -> None:
    places = ["--data", str(tmp_path), "--now", timestamp(UNTIL_S + 7), "--until", timestamp(UNTIL_S)]
    assert main(["report", *places, "--facts", json.dumps({"rss_kib": 5})]) == 0
    assert main(["closing", *places]) == 0
    report, summary = records(tmp_path, "events")
    assert (report["kind"], report["ts"], report["rss_kib"]) == ("report", timestamp(UNTIL_S + 7), 5)
    assert (summary["kind"], summary["what"]) == ("summary", "closing")
    assert (tmp_path / "reserve").stat().st_size > 100_000


def test_digest_command_that_is_tried_again_stores_nothing_twice_and_does_the_rest(tmp_path: Path) -> None:
    config = tmp_path / "moss.toml"
    config.write_text(f'[report]\nprometheus = "{tmp_path}/gone/m.prom"\n')
    places = ["--data", str(tmp_path / "data"), "--config", str(config), "--until", timestamp(UNTIL_S)]
    (tmp_path / "data").mkdir()
    for attempt in range(3):
        now = ["--now", timestamp(UNTIL_S + 7 + 60 * attempt), "--facts", json.dumps({"cpu_s": attempt})]
        assert main(["report", *places, *now]) == 1
    (tmp_path / "gone").mkdir()
    assert main(["report", *places, *now]) == 0
    assert main(["opening", *places, *now]) == main(["closing", *places, *now]) == 0
    told = [event.get("what", event["kind"]) for event in records(tmp_path / "data", "events")]
    assert told == ["report", "opening", "closing"]
    # What was stored is what is shown.
    assert "\nmoss_cpu_s 0\n" in (tmp_path / "gone" / "m.prom").read_text()


def test_time_that_is_no_longer_set_is_an_alert_until_it_is_again(tmp_path: Path) -> None:
    stamp = tmp_path / "synchronized"
    for age_h, kinds in ((1, []), (25, ["alert"]), (26, ["alert"]), (0, ["alert", "alert_end"])):
        stamp.touch()
        os.utime(stamp, (time.time() - 3_600 * age_h, time.time() - 3_600 * age_h))
        _watch_time(TWO, DataFolder(tmp_path), UNTIL_S, stamp)
        assert [event["kind"] for event in records(tmp_path, "events")] == kinds
    # Without timesyncd there is nothing to say.
    _watch_time(TWO, DataFolder(tmp_path), UNTIL_S, tmp_path / "none")
    assert len(records(tmp_path, "events")) == 2


def test_digest_command_says_what_is_wrong_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--data", str(tmp_path), "--until", "yesterday"]) == 1
    assert capfd.readouterr().err.startswith("report: Invalid isoformat string: 'yesterday'")
