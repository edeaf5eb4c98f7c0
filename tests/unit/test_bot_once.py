"""One pass of the bot, as a process, against a fake exchange."""

import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from agent.breaker import Breaker
from agent.clock import seconds
from agent.config import load
from agent.fetch import Fetcher
from agent.folder import DataFolder
from agent.market.candle import checked, record_of
from agent.market.sources import source_of
from agent.parts import plan_of
from agent.settings import Config, Market
from agent.single_pass import _in_turn
from agent.trader import Trader
from store import Store
from tests.fakes.clock import ManualClock
from tests.fakes.exchange import FakeBinance, FakeCoinbase, FakeExchange, FakeKraken, FakeUpbit
from tests.fakes.server import Reply, Request
from tests.fakes.trouble import refusing_url
from tests.scripts import records, run, start, wait_for, write_config

BTC, ETH = "KRW-BTC", "KRW-ETH"
FAKES: dict[str, tuple[type[FakeExchange], str]] = {
    "coinbase": (FakeCoinbase, "BTC-USD"),
    "kraken": (FakeKraken, "XBTUSD"),
    "binance": (FakeBinance, "BTCUSDT"),
}


def flat(_symbol: str, _open_s: int) -> float | None:
    return 98_100_000.0


def config_for(exchange: FakeUpbit, folder: Path, *symbols: str, more: str = "") -> Path:
    names = ", ".join(f'"{symbol}"' for symbol in symbols or (BTC,))
    return write_config(folder, f'[market]\nupbit_url = "{exchange.server.url}"\nsymbols = [{names}]\n{more}')


def once(config: Path, data: Path) -> tuple[int, str]:
    began_s = time.monotonic()
    done = run("bot.py", "once", "--config", config, "--data", data)
    # Of the minute that an exchange hangs, as long as a busy machine takes for what is done in five seconds.
    assert time.monotonic() - began_s < 30
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_once_stores_candles_and_decides_when_the_store_is_empty(tmp_path: Path) -> None:
    with (exchange := FakeUpbit(flat)).server:
        data = tmp_path / "data"
        status, said = once(config_for(exchange, tmp_path), data)
    assert status == 0, said
    prices, signals = records(data, "prices"), records(data, "signals")
    assert len(prices) == 200
    assert [record["open_ts"] for record in prices] == sorted({record["open_ts"] for record in prices})
    assert list(signals[0])[:9] == [
        "ts",
        "kind",
        "symbol",
        "source",
        "candle_ts",
        "price",
        "signal",
        "strategy",
        "rule",
    ]
    assert signals[0]["candle_ts"] == prices[-1]["open_ts"]
    assert (signals[0]["signal"], signals[0]["sma_fast"], signals[0]["sma_slow"]) == ("HOLD", 98_100_000, 98_100_000)
    deposit = records(data, "ledger")[0]
    assert (deposit["kind"], deposit["cash"], deposit["equity"]) == ("deposit", "10000000", "10000000")
    assert "HOLD KRW-BTC 98,100,000 fast=slow" in said


@pytest.mark.parametrize("name", FAKES)
def test_once_reads_the_exchange_that_the_config_names(name: str, tmp_path: Path) -> None:
    make, symbol = FAKES[name]
    market = f'[market]\nsource = "{name}"\nsymbols = ["{symbol}"]\n{name}_url = '
    with make(flat).server as server:
        config = write_config(tmp_path, f'{market}"{server.url}"\nfallback = [{{source = "bithumb"}}]\n')
        status, said = once(config, tmp_path / "data")
    assert status == 0, said
    prices = records(tmp_path / "data", "prices")
    assert {(record["symbol"], record["source"]) for record in prices} == {(symbol, name)}
    assert len(prices) == 200
    assert [record["signal"] for record in records(tmp_path / "data", "signals")] == ["HOLD"]


def test_once_comes_to_every_market_by_and_by_when_its_exchange_allows_one_request_a_second(tmp_path: Path) -> None:
    symbols = [f"A{number}USD" for number in range(6)]
    with FakeKraken(flat).server as server:
        market = f'[market]\nsource = "kraken"\nkraken_url = "{server.url}"\nsymbols = {symbols}\n'
        config, data = write_config(tmp_path, market), tmp_path / "data"
        statuses = [once(config, data)[0]]
        # Two are enough, unless a minute ends meanwhile, which all have to be asked for again.
        while statuses[-1] == 75 and len(statuses) < 6:
            statuses.append(once(config, data)[0])
    assert {record["symbol"] for record in records(data, "signals")} == set(symbols)
    assert (statuses[0], statuses[-1]) == (75, 0)
    errors = [event["message"] for event in records(data, "events") if event["kind"] == "error"]
    assert {message.rpartition("; ")[2] for message in errors} == {"run it again"}


def test_turns_of_single_passes_reach_the_busy_markets_behind_those_that_trade_seldom() -> None:
    symbols = [f"A{number}USD" for number in range(6)]
    closed_s = 1_800_000_000
    newest_s = {symbol: closed_s - 60 * (180 if number < 4 else 2) for number, symbol in enumerate(symbols)}
    trader = SimpleNamespace(
        config=Config(market=Market(source="kraken", symbols=tuple(symbols))),
        histories=dict.fromkeys(symbols),
        engine=SimpleNamespace(markets={symbol: SimpleNamespace(newest_s=at) for symbol, at in newest_s.items()}),
        clock=ManualClock(closed_s + 60),
    )
    asked = set[str]()
    for _ in range(6):
        asked |= _in_turn(cast("Trader", trader)).keys()
        trader.clock.sleep_s(1)
    assert asked == set(symbols)
    # What is known already is asked for last.
    trader.engine.markets["A0USD"].newest_s = trader.engine.markets["A1USD"].newest_s = closed_s
    for _ in range(6):
        assert set(_in_turn(cast("Trader", trader))) == set(symbols[2:])
        trader.clock.sleep_s(1)


def test_once_stores_and_decides_nothing_twice_when_it_runs_again(tmp_path: Path) -> None:
    with (exchange := FakeUpbit(flat)).server:
        config, data = config_for(exchange, tmp_path, BTC, ETH), tmp_path / "data"
        for _ in range(4):
            assert once(config, data)[0] == 0
    for stream, key in (("prices", "open_ts"), ("signals", "candle_ts")):
        keys = [(record["symbol"], record[key]) for record in records(data, stream)]
        assert len(keys) == len(set(keys))
    assert {record["symbol"] for record in records(data, "signals")} == {BTC, ETH}
    assert len(records(data, "ledger")) == 1


@pytest.mark.parametrize(
    ("reply", "status", "kind"),
    [
        (Reply(500, b"oops"), 75, "Unreachable"),
        (Reply(503, b""), 75, "Unreachable"),
        (Reply(404, b'{"error":{"name":404,"message":"Code not found"}}'), 75, "Refused"),
        (Reply(400, b"{}"), 75, "Refused"),
        (Reply(429, b"", {"Retry-After": "60"}), 75, "Unreachable"),
        (Reply(418, b"<html>"), 75, "Unreachable"),
        (Reply(200, b"<html>maintenance</html>"), 1, "Unusable"),
        (Reply(200, b'[{"market": "KRW-BTC", "unit": 1'), 1, "Unusable"),
        (Reply(200, b'{"error": {"name": 200}}'), 1, "Unusable"),
        (Reply(200, b"[NaN]"), 1, "Unusable"),
        (Reply(200, b"[" * 100_000), 1, "Unusable"),
    ],
)
def test_once_stores_an_error_and_nothing_else_when_the_answer_is_bad(
    tmp_path: Path, reply: Reply, status: int, kind: str
) -> None:
    def trouble(_request: Request) -> Reply:
        return reply

    with (exchange := FakeUpbit(flat)).server:
        exchange.trouble = trouble
        data = tmp_path / "data"
        ended, said = once(config_for(exchange, tmp_path), data)
    assert ended == status, said
    assert "/v1/candles/minutes/1" in said
    assert not records(data, "prices")
    assert not records(data, "signals")
    (event,) = records(data, "events")
    assert (event["kind"], event["class"], event["symbol"], event["attempt"]) == ("error", kind, BTC, 1)


def test_once_ends_with_75_when_the_exchange_is_not_there(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with refusing_url() as url:
        market = f'[market]\nupbit_url = "{url}"\nsymbols = ["{BTC}"]\n'
        status, said = once(write_config(tmp_path, market), data)
    assert status == 75, said
    assert records(data, "events")[0]["class"] == "Unreachable"


def test_once_ends_in_time_when_the_exchange_hangs(tmp_path: Path) -> None:
    over = threading.Event()

    def hang(_request: Request) -> None:
        over.wait(60)

    with (exchange := FakeUpbit(flat)).server:
        exchange.trouble = hang
        try:
            status, said = once(config_for(exchange, tmp_path, BTC, ETH), tmp_path / "data")
        finally:
            over.set()
        assert status == 75, said
        assert len(records(tmp_path / "data", "events")) == 2


def test_once_serves_the_other_markets_when_one_is_in_trouble(tmp_path: Path) -> None:
    def only_btc_fails(request: Request) -> Reply | None:
        return Reply(200, b"[{}]") if request.query.get("market") == BTC else None

    with (exchange := FakeUpbit(flat)).server:
        exchange.trouble = only_btc_fails
        data = tmp_path / "data"
        status, said = once(config_for(exchange, tmp_path, BTC, ETH), data)
    assert status == 1, said
    assert {record["symbol"] for record in records(data, "prices")} == {ETH}
    assert [record["symbol"] for record in records(data, "signals")] == [ETH]


def test_once_asks_again_when_an_earlier_process_was_told_to_wait(tmp_path: Path) -> None:
    with (exchange := FakeUpbit(flat)).server:
        config, data = config_for(exchange, tmp_path), tmp_path / "data"
        exchange.trouble = lambda _: Reply(429, b"", {"Retry-After": "3600"})
        assert once(config, data)[0] == 75
        exchange.trouble = lambda _: None
        assert once(config, data)[0] == 0


def test_once_fetches_what_is_missing_when_it_was_down_for_days(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    open_s = (int(time.time()) // 60 - 2000) * 60
    values = {"open": 100, "high": 101, "low": 99, "close": 100, "volume": 1}
    with Store(data / "prices.jsonl") as prices:
        prices.append(record_of(checked(BTC, "upbit", open_s, values), open_s))
    with (exchange := FakeUpbit(flat)).server:
        status, said = once(config_for(exchange, tmp_path), data)
    assert status == 0, said
    times = [seconds(record["open_ts"]) for record in records(data, "prices")]
    # Rows that came late before the bot's first candle are stored too, as far back as it looks for such rows.
    assert sorted(times) == list(range(int(min(times)), int(max(times)) + 60, 60))
    assert len(times) >= 2000


def test_once_ends_with_75_and_an_error_event_when_more_is_missing_than_it_has_time_for(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    open_s = (int(time.time()) // 60 - 19_000) * 60
    values = {"open": 100, "high": 101, "low": 99, "close": 100, "volume": 1}
    with Store(data / "prices.jsonl") as prices:
        prices.append(record_of(checked(BTC, "upbit", open_s, values), open_s))
    with (exchange := FakeUpbit(flat)).server:
        status, said = once(config_for(exchange, tmp_path), data)
    assert status == 75, said
    assert "run it again" in said
    error = records(data, "events")[-1]
    assert (error["kind"], error["class"]) == ("error", "Unreachable")
    assert "run it again" in error["message"]
    assert 200 < len(records(data, "prices")) < 19_000
    assert records(data, "signals") == []


def test_once_ends_with_75_and_says_who_when_another_holds_the_folder(tmp_path: Path) -> None:
    with (exchange := FakeUpbit(flat)).server:
        config, data = config_for(exchange, tmp_path), tmp_path / "data"
        with start("bot.py", "run", "--config", config, "--data", data) as holder:
            try:
                wait_for(lambda: bool(records(data, "prices")))
                status, said = once(config, data)
            finally:
                holder.terminate()
                holder.communicate()
    assert status == 75
    assert f"bot already runs here, as process {holder.pid}" in said
    assert holder.returncode == 0


def test_run_tells_when_it_leaves_an_exchange_alone_and_asks_again(tmp_path: Path) -> None:
    clock = ManualClock(time.time())
    with (exchange := FakeUpbit(flat, clock.now_s)).server:
        exchange.trouble = lambda _: Reply(500, b"")
        config = config_for(exchange, tmp_path)
        folder = DataFolder(tmp_path / "data")
        folder.prepare()
        fetcher = Fetcher(clock, host=lambda name: Breaker(name, lambda change: trader.tell_breaker(change)))
        settings = load(str(config), {})
        with Trader(settings, folder, clock, source_of(settings.market, fetcher), plan_of(settings)) as trader:
            trader.read_back()
            for _ in range(8):
                trader.take_prices(10)
                clock.sleep_s(1)
            exchange.trouble = lambda _: None
            clock.sleep_s(300)
            trader.take_prices(10)
    changes = [event for event in records(folder.path, "events") if event["kind"] == "breaker"]
    assert [change["state"] for change in changes] == ["open", "half-open", "closed"]
    assert changes[0]["wait_s"] == 30
    assert "answered 500" in changes[0]["why"]
    assert len(records(folder.path, "prices")) == 200
