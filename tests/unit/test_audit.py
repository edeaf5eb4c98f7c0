"""The audit: what it accounts for, and that it notices what is wrong."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.audit import Audit, Findings
from agent.clock import seconds
from agent.folder import DataFolder
from agent.market.candle import record_of
from agent.settings import Config, Strategy
from store import Record, Store, newest
from tests.scripts import TOP, records, run, write_config
from tests.unit.test_market_strategies import own
from tests.unit.test_trader import ALWAYS, BTC, T0, TraderBench


def lived(folder: Path, config: Config = ALWAYS, minutes: int = 120) -> TraderBench:
    bench = TraderBench(folder, config)
    bench.market.closes = {T0 + 60 * minute: 100 + (minute * 37) % 23 for minute in range(-300, 600)}
    for minute in range(minutes):
        bench.live(1)
        if minute % 17 == 0:
            bench.restart()
    return bench


def audit(bench: TraderBench, day: str | None = None) -> Findings:
    return Audit(bench.config, DataFolder(bench.folder), seconds(day) if day else None).result()


@pytest.mark.parametrize("name", ["sma_cross", "sma_rsi", "rsi"])
def test_audit_decides_every_evaluation_the_same_when_all_is_well(tmp_path: Path, name: str) -> None:
    bench = lived(tmp_path, Config(schedule=ALWAYS.schedule, strategy=Strategy(name=name)))
    found = audit(bench)
    assert found.is_well, found.troubles
    assert (found.candles, found.same, found.otherwise) == (len(records(tmp_path, "prices")), 24, 0)
    assert next(found.lines()).startswith("minutes     319: 319 candles, 0 without trade, 0 in gaps")


def test_audit_counts_minutes_without_trade_and_gaps_apart(tmp_path: Path) -> None:
    bench = lived(tmp_path, minutes=10)
    path = tmp_path / "prices.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:10] + lines[20:50] + lines[55:]))
    times = [json.loads(line)["open_ts"] for line in lines]
    with Store(tmp_path / "events.jsonl") as events:
        gap = {"symbol": BTC, "source": "upbit", "from_ts": times[50], "until_ts": times[55]}
        events.append({"ts": times[60], "kind": "gap", **gap})
    found = audit(bench)
    assert (found.candles, found.without_trade, found.in_gaps) == (len(lines) - 15, 10, 5)


@pytest.mark.parametrize("fault", ["lost", "altered", "doubled", "signal", "damaged"])
def test_audit_notices_when_something_is_wrong(tmp_path: Path, fault: str) -> None:
    bench = lived(tmp_path)
    path = tmp_path / ("signals.jsonl" if fault == "signal" else "prices.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        del line["_c"]
    at = 15 if fault == "signal" else 250
    if fault == "lost":
        del lines[at]
    elif fault == "doubled":
        lines.insert(at, lines[at])
    elif fault == "altered":
        lines[at]["close"] += 0.5
        lines[at]["high"] += 0.5
    elif fault == "signal":
        lines[at]["signal"] = "BUY" if lines[at]["signal"] != "BUY" else "SELL"
    text = "".join(json.dumps(line) + "\n" for line in lines)
    path.write_text(text.replace('"volume"', '"vol', 1) if fault == "damaged" else text)
    found = audit(bench)
    assert not found.is_well
    assert found.troubles


def test_audit_of_a_day_counts_only_that_day(tmp_path: Path) -> None:
    bench = lived(tmp_path, minutes=1100)
    whole, first, second = audit(bench), audit(bench, "2020-02-20T00:00+09:00"), audit(bench, "2020-02-21T00:00+09:00")
    assert first.candles + second.candles == whole.candles
    assert first.same + second.same == whole.same
    assert second.candles == (T0 + 1100 * 60 - seconds("2020-02-21T00:00+09:00")) // 60
    assert first.is_well
    assert second.is_well


def test_audit_knows_the_rules_of_earlier_starts(tmp_path: Path) -> None:
    bench = lived(tmp_path, minutes=30)
    bench.trader.tell_start()
    bench.config = Config(schedule=ALWAYS.schedule, strategy=Strategy(fast=3, slow=9))
    bench.restart()
    bench.trader.tell_start()
    bench.live(30)
    found = audit(bench)
    assert found.is_well, found.troubles
    assert found.same == 12


def test_audit_goes_on_when_the_file_of_an_earlier_strategy_is_broken(tmp_path: Path) -> None:
    strategy = own(tmp_path)
    bench = lived(tmp_path / "data", minutes=30)
    bench.config = Config(schedule=ALWAYS.schedule, strategy=Strategy(name=f"file:{strategy}"))
    bench.restart()
    bench.trader.tell_start()
    own(tmp_path, "raise ValueError")
    found = Audit(ALWAYS, DataFolder(bench.folder), None).result()
    assert (found.same, found.otherwise) == (6, 0)


def test_audit_of_a_day_is_well_when_the_bot_was_down_for_days_before(tmp_path: Path) -> None:
    bench = lived(tmp_path, minutes=60)
    bench.clock.sleep_s(3 * 86_400)
    bench.restart()
    bench.live(30)
    found = audit(bench, "2020-02-23T00:00+09:00")
    assert found.is_well, found.troubles
    assert found.same == 6


def test_audit_of_a_day_looks_once_for_what_was_before_when_a_rule_has_no_averages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = lived(tmp_path, replace(ALWAYS, strategy=Strategy(name="rsi")))
    looks: list[Path] = []

    def look(path: Path) -> Iterator[Record]:
        looks.append(path)
        return newest(path)

    monkeypatch.setattr("agent.audit.newest", look)
    found = audit(bench, "2020-02-20T00:00+09:00")
    assert found.same > 1
    assert len(looks) == 1


@pytest.mark.parametrize("strategy", [Strategy(name="sma_rsi"), Strategy(name="rsi"), Strategy(slow=300)])
def test_audit_is_well_when_a_backfill_brought_candles_that_the_bot_did_not_have(
    tmp_path: Path, strategy: Strategy
) -> None:
    bench = lived(tmp_path, Config(schedule=ALWAYS.schedule, strategy=strategy))
    first_s = int(seconds(records(tmp_path, "prices")[0]["open_ts"]))
    with Store(tmp_path / f"prices.jsonl-20200219-{first_s - 90_000}") as segment:
        for candle in bench.market.candles(BTC, first_s, 400, 1):
            segment.append(record_of(candle, candle.end_s))
    before = audit(bench)
    assert before.is_well, before.troubles
    # From the next start on it decides with them.
    bench.restart()
    bench.live(60)
    found = audit(bench)
    assert found.is_well, found.troubles
    assert (found.candles, found.same) == (before.candles + 60, before.same + 12)


def test_audit_is_well_when_the_clock_was_ahead_for_a_while(tmp_path: Path) -> None:
    bench = lived(tmp_path, minutes=30)
    for ahead_s in (3_600, -3_600):
        bench.clock.wall_s += ahead_s
        bench.market.skew_s -= ahead_s
        bench.live(60)
    found = audit(bench)
    assert found.is_well, found.troubles
    assert found.same > 12


def test_audit_goes_on_when_a_strategy_file_of_an_earlier_start_is_gone(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text((TOP / "agent/market/strategies/rsi.py").read_text().replace("class Rsi", "class Strategy"))
    parameters = (("rsi", 5), ("rsi_oversold", 30.0), ("rsi_overbought", 70.0))
    strategy = Strategy(f"file:{own}", parameters=parameters)
    bench = lived(tmp_path / "data", Config(schedule=ALWAYS.schedule, strategy=strategy))
    bench.trader.tell_start()
    own.unlink()
    bench.config = ALWAYS
    bench.restart()
    bench.live(60)
    found = audit(bench)
    assert (found.same, found.otherwise) == (12, 24)
    assert f"{own}: the strategy cannot be read" in found.troubles[0]
    assert "cannot be decided again" in found.troubles[0]


def test_audit_command_prints_both_counts_and_ends_with_1_when_not_all_is_well(tmp_path: Path) -> None:
    bench, config = lived(tmp_path / "data"), write_config(tmp_path, "")
    good = run("bot.py", "audit", "--data", bench.folder, "--config", config)
    assert (good.returncode, len(good.stdout.splitlines())) == (0, 2)
    day = run("bot.py", "audit", "2020-02-20", "--data", bench.folder, "--config", config)
    assert day.stdout == good.stdout
    path = bench.folder / "prices.jsonl"
    path.write_text(path.read_text().replace('"close":101', '"close":102'))
    bad = run("bot.py", "audit", "--data", bench.folder, "--config", config)
    assert bad.returncode == 1
    assert "evaluations 24: " in bad.stdout
    for name in ("tomorrow", "0001-01-01"):
        wrong = run("bot.py", "audit", name, "--data", bench.folder, "--config", config)
        assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 2)
