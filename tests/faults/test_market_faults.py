"""Each fault of an exchange by name: the bot goes on, tells of it, decides on nothing untrue, and loses no minute."""

import re
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent.clock import seconds
from agent.history import History
from agent.market import upbit
from agent.market.candle import Candle
from tests.fakes.exchange import FakeUpbit
from tests.fakes.markets import BTC, T0, Bench, upbit_bench, wave
from tests.faults.market_faults import FAULTS, LATE

# Of each pass, in real seconds. What hangs takes all of its deadline, and without one half a minute: a busy machine may
# be seconds late. What answers at once has plenty of time.
DEADLINE_S, SHORT_S, MARGIN_S = 10.0, 0.4, 10
# Seven minutes hold at least one evaluation; four more are longer than the breaker's longest wait.
FAULT_MIN, AFTER_MIN = 7, 10


def live_through(bench: Bench, minutes: int, deadline_s: float = DEADLINE_S) -> None:
    """Let minutes pass; fail where a pass takes longer than it may."""
    for _ in range(minutes):
        began_s = time.monotonic()
        bench.live(1, deadline_s)
        assert time.monotonic() - began_s <= deadline_s + MARGIN_S


def untrue(bench: Bench) -> list[object]:
    """Return what is stored and is not so: candles, and signals whose price is not the last one before their end."""
    wrong: list[object] = []
    for candle in bench.records("prices"):
        close = wave(BTC, int(seconds(candle["open_ts"])))
        figures = [candle[name] for name in ("open", "high", "low", "close", "volume")]
        if close is None or figures != [close, close + 1, close - 1, close, 1.5]:
            wrong.append(candle)
    for signal in bench.records("signals"):
        at = int(seconds(signal["candle_ts"]))
        if signal["price"] != (wave(BTC, at) or wave(BTC, at - 60)):
            wrong.append(signal)
    return wrong


def unaccounted(bench: Bench) -> list[int]:
    """Return the moments at which an evaluation fell due and neither a signal nor a `missed` event tells of it."""
    told = {int(seconds(signal["candle_ts"])) + 60 for signal in bench.records("signals")}
    told |= {int(seconds(event["due_ts"])) for event in bench.records("events", "missed")}
    return [due_s for due_s in range(T0 + 300, int(bench.clock.now_s()), 300) if due_s not in told]


@pytest.mark.parametrize("name", FAULTS)
def test_bot_goes_on_and_loses_no_minute_when_its_exchange_has_this_fault(name: str, tmp_path: Path) -> None:
    fault = FAULTS[name]
    with upbit_bench(tmp_path) as (bench, exchange):
        bench.live(12)
        with fault.open(bench, exchange):
            live_through(bench, FAULT_MIN, SHORT_S if fault.words == LATE[1] else DEADLINE_S)
            assert_told(bench, name)
        live_through(bench, AFTER_MIN)
        assert bench.holes(exchange) == []
        assert untrue(bench) == []
        assert "clock" in name or unaccounted(bench) == []
        assert bench.records("signals")[-1]["candle_ts"] >= "2020-02-20T08:24"


def assert_told(bench: Bench, name: str) -> None:
    errors = bench.records("events", "error")
    if "clock" in name:
        (event,) = bench.records("events", "clock")
        assert abs(event["skew_s"]) == pytest.approx(3600, abs=2)
        assert name.rpartition(" ")[2] in event["message"]
    elif not FAULTS[name].error:
        assert errors == []
    else:
        assert len(errors) == FAULT_MIN
        assert re.fullmatch(FAULTS[name].error, errors[0]["class"])
        assert re.search(FAULTS[name].words, errors[0]["message"]), errors[0]["message"]
        assert [event["attempt"] for event in errors] == list(range(1, FAULT_MIN + 1))


@pytest.mark.parametrize("second", [0.2, 5.0])
@pytest.mark.parametrize("ahead_s", [0.4, 1.9, 7.0, 9.4])
def test_no_unfinished_minute_is_stored_when_the_clock_is_a_little_ahead(
    ahead_s: float, second: float, tmp_path: Path
) -> None:
    exchange = FakeUpbit(wave, lambda: bench.clock.now_s() - ahead_s)
    with exchange.server as server:
        bench = Bench(tmp_path, f'upbit_url = "{server.url}"', T0 + second)
        for _ in range(20):
            bench.trader.take_prices(10)
            bench.clock.sleep_s(60)
    assert untrue(bench) == []
    assert set(bench.holes(exchange)) <= {T0 + 18 * 60, T0 + 19 * 60}


def test_no_unfinished_minute_is_stored_when_an_exchange_no_longer_says_its_time(tmp_path: Path) -> None:
    exchange = FakeUpbit(wave, lambda: bench.clock.now_s() - 7)
    with exchange.server as server:
        bench = Bench(tmp_path, f'upbit_url = "{server.url}"')
        bench.live(3)
        exchange.trouble = lambda request: replace(exchange.answer(request), headers={"Date": ""})
        bench.live(10)
    assert untrue(bench) == []


def test_every_minute_of_five_hours_is_there_when_the_exchange_is_back(tmp_path: Path) -> None:
    with upbit_bench(tmp_path) as (bench, exchange):
        bench.live(12)
        with FAULTS["503"].open(bench, exchange):
            bench.live(300)
        assert len(bench.records("events", "error")) == 300
        asked_before = len(exchange.server.requests)
        bench.live(5)
        assert len(exchange.server.requests) - asked_before <= 8
        assert bench.holes(exchange) == []
        assert untrue(bench) == []
        assert unaccounted(bench) == []
        stored = bench.minutes("upbit")
        assert stored == sorted(stored)
        assert not bench.records("events", "gap")


def test_every_minute_is_there_when_faults_change_by_the_minute_and_the_bot_restarts(tmp_path: Path) -> None:
    quick = [name for name in FAULTS if not re.search("hang|drip|clock|bomb|MB|429|418", name)]
    with upbit_bench(tmp_path) as (bench, exchange):
        bench.live(6)
        for index, name in enumerate(quick):
            with FAULTS[name].open(bench, exchange):
                live_through(bench, 2)
            if index % 3 == 0:
                bench.restart()
            live_through(bench, index % 4)
        live_through(bench, AFTER_MIN)
        assert bench.holes(exchange) == []
        assert untrue(bench) == []


def careless_candles(rows: Any, symbol: str) -> list[Candle]:  # noqa: ANN401 - whatever came
    """Read an answer the way that many bots do: what cannot be read is left out, and nothing else is looked at."""
    found = {}
    for row in rows if isinstance(rows, list) else []:
        try:
            prices = [Decimal(str(row[name])) for name in upbit._FIELDS]
            open_s = int(seconds(row["candle_date_time_utc"]))
        except (ArithmeticError, KeyError, TypeError):
            continue
        found[open_s] = Candle(symbol, "upbit", open_s, *prices)
    return [found[open_s] for open_s in sorted(found)]


@pytest.mark.parametrize("name", ["price beside its own range", "null", "negative price", "absurd price"])
def test_control_that_reads_carelessly_stores_what_is_not_so(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upbit, "candles_of", careless_candles)
    with upbit_bench(tmp_path) as (bench, exchange):
        bench.live(12)
        with FAULTS[name].open(bench, exchange):
            bench.live(FAULT_MIN)
        assert not bench.records("events", "error")
        assert untrue(bench)


def test_control_that_never_looks_back_has_holes_after_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(History, "_begin", lambda _self, end_s: end_s - 600)
    with upbit_bench(tmp_path) as (bench, exchange):
        bench.live(12)
        with FAULTS["503"].open(bench, exchange):
            bench.live(30)
        bench.live(5)
        assert bench.holes(exchange)


def test_control_that_trusts_its_own_clock_stores_the_unfinished_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(History, "_ahead_s", lambda _self: 0.0)
    with upbit_bench(tmp_path) as (bench, exchange):
        bench.live(12)
        with FAULTS["clock an hour ahead"].open(bench, exchange):
            bench.live(FAULT_MIN)
        assert untrue(bench)


def test_control_that_takes_nothing_for_no_trade_decides_on_what_is_not_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_the_check(history: History, _end_s: int) -> int:
        history._newest_s = None
        return T0

    with upbit_bench(tmp_path) as (bench, exchange):
        bench.live(12)
        monkeypatch.setattr(History, "_begin", without_the_check)
        with FAULTS["empty array"].open(bench, exchange):
            bench.live(FAULT_MIN)
        assert untrue(bench)
