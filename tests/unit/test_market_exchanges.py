"""The other exchanges' wire formats: what each must read, and what it must not let through."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from agent.clock import MINUTE_S
from agent.errors import Refused, Unusable
from agent.fetch import Fetcher
from agent.market import binance, coinbase, kraken
from agent.market.sources import source_of
from agent.settings import EXCHANGES, Market
from tests.fakes.clock import ManualClock
from tests.fakes.exchange import FAKES, FakeBinance
from tests.fakes.markets import Bench
from tests.fakes.server import Reply

T0 = 1_582_185_600
NOW_S = T0 + 23.0
COINBASE = [T0, 9.5, 11, 10, 10.25, 3.5]
KRAKEN = [T0, "10.0", "11.0", "9.5", "10.25", "10.1", "3.50000000", 7]
BINANCE = [T0 * 1000, "10.0", "11.0", "9.5", "10.25", "3.50000000", T0 * 1000 + 59_999, "0", 7, "0", "0", "0"]
Change = tuple[int, object]


def price(_symbol: str, open_s: int) -> float | None:
    return None if open_s // 60 % 7 == 0 else 100 + open_s // 60 % 50 / 4


def market(url: str) -> Market:
    return Market(upbit_url=url, bithumb_url=url, coinbase_url=url, kraken_url=url, binance_url=url)


def kraken_answer(*rows: object, **more: object) -> dict[str, object]:
    return {"error": [], "result": {"XXBTZUSD": [*rows, [T0 + 60, *KRAKEN[1:]]], "last": T0}} | more


def changed(row: list[object], change: Change) -> list[object]:
    column, value = change
    return [value if index == column else old for index, old in enumerate(row)]


def test_fakes_stand_for_every_exchange() -> None:
    assert set(FAKES) == set(EXCHANGES)


@pytest.mark.parametrize("name", EXCHANGES)
def test_exchange_gives_the_closed_minutes_before_a_moment_when_it_is_asked(name: str) -> None:
    make, symbol = FAKES[name]
    with (fake := make(price, lambda: NOW_S)).server as server:
        candles = source_of(market(server.url + "/"), Fetcher(ManualClock(0)), name).candles(symbol, T0, 150, 5)
    times = [candle.open_s for candle in candles]
    assert times == sorted(times)
    assert times[-1] < T0
    wanted = [at for at in range(T0 - 120 * MINUTE_S, T0, MINUTE_S) if fake.price(symbol, at)]
    assert times[-len(wanted) :] == wanted
    assert len(candles) <= 150
    newest = candles[-1]
    assert (newest.symbol, newest.source) == (symbol, name)
    close = Decimal(str(price(symbol, newest.open_s)))
    figures = (newest.open, newest.high, newest.low, newest.close, newest.volume)
    assert figures == (close, close + 1, close - 1, close, Decimal("1.5"))


@pytest.mark.parametrize("name", [name for name in EXCHANGES if name != "kraken"])
def test_exchange_gives_an_older_page_when_it_is_asked_for_one(name: str) -> None:
    make, symbol = FAKES[name]
    with make(price, lambda: NOW_S).server as server:
        source = source_of(market(server.url), Fetcher(ManualClock(0)), name)
        before_s = T0 - 700 * MINUTE_S
        candles = source.candles(symbol, before_s, source.rows_max, 5)
    assert candles[-1].end_s in (before_s, before_s - MINUTE_S)
    assert before_s - candles[0].open_s >= 0.9 * source.rows_max * MINUTE_S


@pytest.mark.parametrize("name", EXCHANGES)
def test_exchange_leaves_the_unfinished_minute_out_when_it_is_asked_for_the_newest(name: str) -> None:
    make, symbol = FAKES[name]
    with make(lambda *_: 5.0, lambda: NOW_S).server as server:
        candles = source_of(market(server.url), Fetcher(ManualClock(0)), name).candles(symbol, T0, 10, 5)
    assert candles[-1].open_s == T0 - MINUTE_S


@pytest.mark.parametrize("name", EXCHANGES)
@pytest.mark.parametrize(
    "body", [b"<html>", b"{}", b"null", b"[1]", b'[["a"]]', b"[[NaN]]", b'{"error":["EQuery:No"]}']
)
def test_exchange_is_unusable_when_its_answer_is(name: str, body: bytes) -> None:
    make, symbol = FAKES[name]
    with (fake := make(price, lambda: NOW_S)).server as server:
        fake.trouble = lambda _request: Reply(200, body)
        with pytest.raises(Unusable, match="the answer cannot be used"):
            source_of(market(server.url), Fetcher(ManualClock(0)), name).candles(symbol, T0, 10, 5)


@pytest.mark.parametrize("status", [403, 451])
def test_binance_is_refused_at_once_when_it_serves_no_such_region(status: int) -> None:
    with (fake := FakeBinance(price, lambda: NOW_S)).server as server:
        fake.trouble = lambda _request: Reply(
            status, b'{"code":0,"msg":"Service unavailable from a restricted location"}'
        )
        with pytest.raises(Refused, match=f"answered {status}"):
            source_of(market(server.url), Fetcher(ManualClock(0)), "binance").candles("BTCUSDT", T0, 10, 5)
        assert len(server.requests) == 1


def test_coinbase_reads_low_before_high() -> None:
    (candle,) = coinbase.candles_of([COINBASE], "BTC-USD")
    assert [candle.low, candle.high, candle.open, candle.close] == [
        Decimal(text) for text in ("9.5", "11", "10", "10.25")
    ]


def test_kraken_leaves_out_its_last_row_whatever_the_key_is_called() -> None:
    (candle,) = kraken.candles_of(kraken_answer(KRAKEN), "XBTUSD")
    assert (candle.symbol, candle.open_s, candle.volume) == ("XBTUSD", T0, Decimal("3.5"))
    assert kraken.candles_of({"error": [], "result": {"XXBTZUSD": [], "last": 0}}, "XBTUSD") == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((0, str(T0)), "row 1: time is '1582185600', not a whole number"),
        ((0, T0 + 30), "not the start of a minute"),
        ((0, -60), "time is -60"),
        ((1, None), "low is None"),
        ((1, -1), "low is -1"),
        ((2, "11"), "high is '11'"),
        ((2, 9), "low 9.5 is not between low 9.5 and high 9"),
        ((4, 1e300), "close is 1e\\+300"),
        ((5, True), "volume is True"),
    ],
)
def test_coinbase_names_row_and_column_when_a_value_is_wrong(change: Change, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        coinbase.candles_of([changed(list(COINBASE), change)], "BTC-USD")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((0, "1582185600"), "row 1: time is '1582185600'"),
        ((1, 10.0), "open is 10.0, not a decimal number in a text"),
        ((2, "1e5"), "high is '1e5'"),
        ((3, "-9.5"), "low is '-9.5'"),
        ((4, "NaN"), "close is 'NaN'"),
        ((6, ""), "volume is ''"),
        ((4, "12"), "close 12.0 is not between"),
    ],
)
def test_kraken_names_row_and_column_when_a_value_is_wrong(change: Change, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        kraken.candles_of(kraken_answer(changed(list(KRAKEN), change)), "XBTUSD")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (kraken_answer(error=["EGeneral:Too many requests"]), "error is \\['EGeneral:Too many requests'\\]"),
        (kraken_answer(error=None), "error is None"),
        ({"error": []}, "result is None"),
        ({"error": [], "result": {"last": 5}}, "not one array"),
        ({"error": [], "result": {"A": [], "B": [], "last": 5}}, "not one array"),
        ({"error": [], "result": {"A": {}, "last": 5}}, "not one array"),
        (kraken_answer([T0]), "row 1: has 1 columns, not 8"),
        (kraken_answer(KRAKEN, changed(list(KRAKEN), (4, "10.5"))), "row 2: a second, different candle"),
    ],
)
def test_kraken_says_what_is_wrong_when_its_answer_is(answer: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        kraken.candles_of(answer, "XBTUSD")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((0, T0), "row 1: close time is"),
        ((0, T0 * 1000 + 1), "close time is"),
        ((6, T0 * 1000 + 299_999), "close time is"),
        ((1, 10.0), "open is 10.0, not a decimal number in a text"),
        ((3, "12.0"), "low 12.0 is not between low 12.0"),
        ((5, "1" * 30), "volume is '1111"),
    ],
)
def test_binance_names_row_and_column_when_a_value_is_wrong(change: Change, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        binance.candles_of([changed(list(BINANCE), change)], "BTCUSDT")


def test_binance_refuses_a_time_that_is_no_minute() -> None:
    shifted = changed(changed(list(BINANCE), (0, T0 * 1000 + 500)), (6, T0 * 1000 + 60_499))
    with pytest.raises(ValueError, match="not the start of a minute"):
        binance.candles_of([shifted], "BTCUSDT")


@pytest.mark.parametrize(
    ("read", "row"), [(coinbase.candles_of, COINBASE), (binance.candles_of, BINANCE)], ids=["coinbase", "binance"]
)
def test_rows_count_once_when_they_repeat_and_rise_whatever_their_order(
    read: Callable[[object, str], list[object]], row: list[object]
) -> None:
    scale = 1 if row is COINBASE else 1000
    later = [value + 60 * scale if isinstance(value, int) and value >= T0 else value for value in row]
    assert [candle.open_s for candle in read([later, row, later], "A")] == [T0, T0 + 60]  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="row 2: a second, different candle"):
        read([row, changed(row, (5, "9.0" if scale > 1 else 9.0))], "A")


def test_numbers_are_the_decimals_they_are_written_as() -> None:
    rows = json.loads("[[1582185600,0.1,0.3,0.2,0.30000000000000000000001,5]]", parse_float=Decimal)
    assert coinbase.candles_of(rows, "A")[0].close == Decimal("0.3")


@pytest.mark.parametrize("name", EXCHANGES)
def test_exchange_has_each_minute_stored_once_when_the_bot_was_down_and_restarts(name: str, tmp_path: Path) -> None:
    make, symbol = FAKES[name]
    fake = make(price, lambda: bench.clock.now_s())
    with fake.server as server:
        bench = Bench(tmp_path, f'source = "{name}"\nsymbols = ["{symbol}"]\n{name}_url = "{server.url}"')
        bench.live(1)
        bench.clock.sleep_s(600 * MINUTE_S)
        for _ in range(3):
            bench.live(2)
            bench.clock.sleep_s(330 * MINUTE_S)
            bench.restart()
        bench.live(2)
        assert bench.holes(fake, name, symbol) == []
    assert not bench.records("events", "error")
    assert not bench.records("events", "gap")
