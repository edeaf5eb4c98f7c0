"""The bot's work on one folder, with a clock and a market that the test moves."""

from decimal import Decimal
from pathlib import Path

import pytest

from agent.clock import timestamp
from agent.errors import Unreachable
from agent.folder import DataFolder
from agent.market.candle import Candle, checked
from agent.parts import plan_of
from agent.settings import Bank, Config, Market, Schedule, Strategy
from agent.trader import GRACE_S, Trader
from store import Store
from tests.fakes.clock import ManualClock
from tests.scripts import records

T0 = 1_582_185_600
BTC, ETH = "KRW-BTC", "KRW-ETH"
ALWAYS = Config(schedule=Schedule(session_open="", session_close=""))


class FakeMarket:
    """Closes by minute, 100 where nothing else is said; `is_down` answers nothing."""

    name = "upbit"
    rows_max = 200
    pages_max = 199
    skew_s = 0.0

    def __init__(self) -> None:
        self.closes: dict[int, float] = {}
        self.is_down = False

    def candles(self, symbol: str, before_s: int, count: int, deadline_s: float) -> list[Candle]:
        if self.is_down:
            raise Unreachable("the fake market is down")
        times = range(before_s - 60 * count, before_s, 60)
        return [self._candle(symbol, open_s) for open_s in times]

    def _candle(self, symbol: str, open_s: int) -> Candle:
        close = self.closes.get(open_s, 100)
        values = {"open": close, "high": close, "low": close, "close": close, "volume": 1}
        return checked(symbol, self.name, open_s, values)


class TraderBench:
    """A trader over a folder; `restart` makes it anew, as a new process would."""

    def __init__(self, folder: Path, config: Config = ALWAYS) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.config = folder, config
        self.clock, self.market = ManualClock(T0 + 6), FakeMarket()
        self.trader = self._born()

    def __del__(self) -> None:
        self.trader.__exit__()

    def restart(self) -> None:
        self.trader.__exit__()
        self.trader = self._born()

    def _born(self) -> Trader:
        trader = Trader(self.config, DataFolder(self.folder), self.clock, self.market, plan_of(self.config))
        trader.read_back()
        return trader

    def live(self, minutes: int, close: float | None = None) -> None:
        """Let minutes pass, each with its price pass, and every fifth with an evaluation."""
        for _ in range(minutes):
            due_s = int(self.clock.now_s() // 60 * 60) + 60
            if close is not None:
                self.market.closes[due_s - 60] = close
            self.clock.sleep_s(60)
            self.trader.take_prices(10)
            if due_s % 300 == 0:
                self.trader.decide(due_s)

    def signals(self) -> list[tuple[str, str]]:
        return [(record["candle_ts"][11:16], record["signal"]) for record in records(self.folder, "signals")]

    def kinds(self, stream: str) -> list[str]:
        return [record["kind"] for record in records(self.folder, stream)]


@pytest.fixture
def bench(tmp_path: Path) -> TraderBench:
    return TraderBench(tmp_path)


def test_trader_decides_every_five_minutes_and_trades_on_the_crossings(bench: TraderBench) -> None:
    bench.live(5)
    bench.live(10, close=120)
    bench.live(5, close=70)
    assert bench.signals() == [("08:04", "HOLD"), ("08:09", "BUY"), ("08:14", "HOLD"), ("08:19", "SELL")]
    deposit, buy, sell = records(bench.folder, "ledger")
    assert (deposit["kind"], deposit["amount"], deposit["positions"]) == ("deposit", "10000000", {})
    assert (buy["kind"], buy["side"], buy["price"], buy["positions"]) == (
        "fill",
        "BUY",
        "120.06",
        {BTC: buy["quantity"]},
    )
    assert buy["candle_ts"] == "2020-02-20T08:09:00.000Z"
    assert (sell["side"], sell["quantity"], sell["positions"]) == ("SELL", buy["quantity"], {})
    assert sell["cash"] == sell["equity"]


@pytest.mark.parametrize("restart_each_min", [1, 2, 7, 13])
def test_trader_decides_the_same_when_it_is_restarted_again_and_again(tmp_path: Path, restart_each_min: int) -> None:
    steady, restless = TraderBench(tmp_path / "a"), TraderBench(tmp_path / "b")
    for made in (steady, restless):
        made.market.closes = {T0 + 60 * minute: 100 + (minute * 37) % 23 - (minute // 9) % 5 for minute in range(200)}
        made.market.closes |= {T0 + 60 * minute: 101 for minute in range(60, 70)}
    for minute in range(200):
        steady.live(1)
        restless.live(1)
        if minute % restart_each_min == 0:
            restless.restart()
    for stream in ("prices", "signals", "ledger"):
        assert records(restless.folder, stream) == records(steady.folder, stream)
    assert {"BUY", "SELL", "HOLD"} == {signal for _, signal in steady.signals()}


def test_trader_fills_first_what_a_kill_left_unfilled(bench: TraderBench) -> None:
    bench.live(5)
    bench.live(5, close=120)
    ledger = bench.folder / "ledger.jsonl"
    whole = ledger.read_text()
    ledger.write_text(whole.splitlines()[0] + "\n")
    bench.clock.sleep_s(3600)
    bench.restart()
    again = records(bench.folder, "ledger")[-1]
    assert (again["kind"], again["side"], again["price"]) == ("fill", "BUY", "120.06")
    assert again["candle_ts"] == "2020-02-20T08:09:00.000Z"
    bench.restart()
    assert len(records(bench.folder, "ledger")) == 2


def test_trader_tells_once_that_a_signal_cannot_be_filled(bench: TraderBench) -> None:
    bench.live(5)
    bench.live(5, close=70)
    for _ in range(3):
        bench.restart()
    events = [record for record in records(bench.folder, "events") if record["kind"] == "unfilled"]
    assert [(event["side"], event["candle_ts"][11:16]) for event in events] == [("SELL", "08:09")]
    assert bench.kinds("ledger") == ["deposit"]


def test_trader_deposits_once_whatever_the_config_says_later(bench: TraderBench) -> None:
    richer = Config(schedule=ALWAYS.schedule, bank=Bank(cash=ALWAYS.bank.cash * 2))
    bench.config = richer
    bench.restart()
    assert [record["amount"] for record in records(bench.folder, "ledger")] == ["10000000"]


def test_trader_decides_late_on_the_minutes_up_to_then_when_prices_come_within_the_grace(bench: TraderBench) -> None:
    bench.live(9)
    bench.market.is_down = True
    bench.live(1)
    assert bench.signals()[-1] == ("08:04", "HOLD")
    bench.market.is_down = False
    bench.live(1, close=500)
    assert bench.signals()[-1] == ("08:09", "HOLD")
    assert records(bench.folder, "signals")[-1]["price"] == 100


def test_trader_tells_what_it_missed_when_prices_come_after_the_grace(bench: TraderBench) -> None:
    bench.live(9)
    bench.market.is_down = True
    bench.live(1)
    bench.clock.sleep_s(GRACE_S)
    bench.market.is_down = False
    bench.live(4)
    assert bench.signals() == [("08:04", "HOLD"), ("08:14", "HOLD")]
    (missed,) = [record for record in records(bench.folder, "events") if record["kind"] == "missed"]
    assert missed["due_ts"] == timestamp(T0 + 600)


def test_trader_tells_of_trouble_each_time_and_counts_the_attempts(bench: TraderBench) -> None:
    bench.market.is_down = True
    bench.live(3)
    bench.market.is_down = False
    bench.live(1)
    bench.market.is_down = True
    bench.live(1)
    errors = [record for record in records(bench.folder, "events") if record["kind"] == "error"]
    assert [event["attempt"] for event in errors] == [1, 2, 3, 1]
    assert errors[0]["class"] == "Unreachable"
    assert errors[0]["next_ts"] == timestamp(T0 + 66 + 60)


def test_trader_decides_nothing_outside_the_session(tmp_path: Path) -> None:
    hours = Schedule(session_open="17:05", session_close="17:20")
    bench = TraderBench(tmp_path, Config(schedule=hours))
    bench.live(30)
    assert [time for time, _ in bench.signals()] == ["08:04", "08:09", "08:14"]
    assert len(records(tmp_path, "prices")) == 229


def test_trader_starts_its_averages_anew_when_the_rule_changes(bench: TraderBench) -> None:
    bench.live(10)
    bench.config = Config(schedule=ALWAYS.schedule, strategy=Strategy(fast=3, slow=9))
    bench.restart()
    bench.live(5)
    last = records(bench.folder, "signals")[-1]
    assert last["reason"] == "fast=slow, no last evaluation to compare with"


@pytest.mark.parametrize("name", ["rsi", "sma_rsi"])
@pytest.mark.parametrize("restart_each_min", [3, 11])
def test_trader_decides_the_same_with_a_fading_average_when_it_is_restarted(
    tmp_path: Path, name: str, restart_each_min: int
) -> None:
    strategy = Strategy(name=name, rsi=5, slow=6, fast=2, rsi_oversold=Decimal(40))
    config = Config(schedule=ALWAYS.schedule, strategy=strategy)
    steady, restless = TraderBench(tmp_path / "a", config), TraderBench(tmp_path / "b", config)
    for made in (steady, restless):
        # A price that stands still for hours, as RSI remembers it: only its last moves count, however long ago.
        made.market.closes = {T0 + 60 * minute: 100 + (minute * 37) % 23 for minute in range(60)}
        made.market.closes |= {T0 + 60 * minute: 90 for minute in range(60, 900)}
    for minute in range(900):
        steady.live(1)
        restless.live(1)
        if minute % restart_each_min == 0 and (minute < 70 or minute > 880):
            restless.restart()
    for one, other in zip(records(steady.folder, "signals"), records(restless.folder, "signals"), strict=True):
        if one["rsi"] is not None:
            assert other["rsi"] == pytest.approx(one["rsi"], abs=1e-9)
        assert {**one, "rsi": 0, "_c": 0, "reason": ""} == {**other, "rsi": 0, "_c": 0, "reason": ""}
    assert len(steady.signals()) == 180
    assert any(signal != "HOLD" for _, signal in steady.signals()) or name == "sma_rsi"


def test_trader_values_what_it_holds_when_another_market_trades_first_after_a_restart(tmp_path: Path) -> None:
    config = Config(schedule=ALWAYS.schedule, market=Market(symbols=(BTC, ETH)))
    bench = TraderBench(tmp_path, config)
    with Store(tmp_path / "ledger.jsonl") as ledger:
        head = {"ts": timestamp(T0), "kind": "deposit", "symbol": ETH, "amount": "100"}
        ledger.append({**head, "cash": "1000000", "positions": {ETH: "100"}, "equity": "1010000"})
    bench.live(5)
    bench.restart()
    bench.live(5, close=120)
    fill = next(record for record in records(tmp_path, "ledger") if record["kind"] == "fill")
    held = {symbol: Decimal(quantity) for symbol, quantity in fill["positions"].items()}
    assert set(held) == {BTC, ETH}
    assert Decimal(fill["equity"]) == Decimal(fill["cash"]) + 120 * sum(held.values())


def test_trader_values_what_it_fills_at_its_start(bench: TraderBench) -> None:
    bench.live(5)
    bench.live(5, close=120)
    (bench.folder / "ledger.jsonl").write_text((bench.folder / "ledger.jsonl").read_text().splitlines()[0] + "\n")
    bench.restart()
    fill = records(bench.folder, "ledger")[-1]
    assert Decimal(fill["equity"]) == Decimal(fill["cash"]) + 120 * Decimal(fill["positions"][BTC])


def test_trader_judges_no_earlier_minute_again_when_the_clock_is_set_back(bench: TraderBench) -> None:
    bench.live(30)
    before = bench.signals()
    bench.clock.wall_s -= 900
    bench.live(14)
    assert bench.signals() == before
    bench.live(10)
    times = [time for time, _ in bench.signals()]
    assert times == sorted(set(times))
    assert len(times) > len(before)


def test_trader_misses_an_evaluation_when_it_comes_to_it_only_after_the_grace(bench: TraderBench) -> None:
    bench.live(3)
    bench.clock.sleep_s(60 + GRACE_S)
    bench.trader.take_prices(10)
    bench.trader.decide(T0 + 300 - 60)
    missed = [record for record in records(bench.folder, "events") if record["kind"] == "missed"]
    assert [event["due_ts"] for event in missed] == [timestamp(T0 + 240)]
    assert not bench.signals()


def test_start_says_how_the_run_before_it_ended(bench: TraderBench, monkeypatch: pytest.MonkeyPatch) -> None:
    def start() -> None:
        bench.restart()
        bench.trader.tell_start()
        # A try again of what is stored stores nothing more.
        bench.trader.tell_start()

    start()
    bench.trader.tell_stop()
    start()
    start()
    monkeypatch.setattr("agent.alive.boot_id", lambda: "another boot")
    start()
    starts = [record for record in records(bench.folder, "events") if record["kind"] == "start"]
    assert [start["previous"] for start in starts] == [None, "stopped", "died", "machine"]
