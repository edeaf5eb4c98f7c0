"""Minutes without holes, and what is decided on them."""

import random
from decimal import Decimal
from fractions import Fraction

import pytest

from agent.clock import timestamp
from agent.market.candle import Candle
from agent.market.evaluation import LATE_MINUTES_MAX, Market
from agent.parts import sma_cross

T0 = 1_582_185_600
NOW_S = T0 + 245.25


def candle(minute: int, close: str) -> Candle:
    price = Decimal(close)
    return Candle("KRW-BTC", "demo", T0 + 60 * minute, price, price, price, price, Decimal(1))


def market(*closes: str | None, fast: int = 2, slow: int = 4) -> Market:
    """Return a market after the given minutes; None is a minute without trade."""
    made = Market("KRW-BTC", "demo", sma_cross(fast, slow))
    for minute, close in enumerate(closes):
        if close is not None:
            made.add(candle(minute, close))
    made.advance(T0 + 60 * len(closes))
    return made


def figures(made: Market) -> tuple[object, object]:
    signal = made.evaluate(NOW_S)
    assert signal is not None
    return signal["sma_fast"], signal["sma_slow"]


def test_market_counts_a_minute_without_trade_as_the_close_before_it() -> None:
    assert figures(market("1", "2", None, "6")) == (4, 2.75)
    assert figures(market("1", "2", "3", None)) == (3, 2.25)


def test_market_holds_and_says_how_many_when_there_are_not_enough_candles() -> None:
    signal = market("1", "2", None).evaluate(NOW_S)
    assert signal is not None
    told = ("HOLD", "3 of 4 candles", 2, None)
    assert (signal["signal"], signal["reason"], signal["sma_fast"], signal["sma_slow"]) == told


def test_market_decides_nothing_when_it_never_had_a_candle() -> None:
    assert market(None, None).evaluate(NOW_S) is None


def test_market_decides_a_minute_once() -> None:
    made = market("1", "2", "3", "4")
    assert made.evaluate(NOW_S) is not None
    assert made.evaluate(NOW_S) is None
    made.advance(T0 + 300)
    again = made.evaluate(NOW_S)
    assert again is not None
    assert (again["candle_ts"], again["price"]) == (timestamp(T0 + 240), 4)


def test_market_buys_and_sells_when_the_averages_have_crossed_since_the_last_evaluation() -> None:
    made = market("4", "4", "4", "4")
    signals = []
    for minute, close in enumerate(["4", "4", "5", "6", "6", "6", "6", "2", "1", "1", "1", "1"], 4):
        made.add(candle(minute, close))
        made.advance(T0 + 60 * (minute + 1))
        signal = made.evaluate(NOW_S)
        assert signal is not None
        signals.append((signal["signal"], signal["reason"]))
    assert signals == [
        ("HOLD", "fast=slow, no last evaluation to compare with"),
        ("HOLD", "fast=slow"),
        ("BUY", "fast>slow"),
        ("HOLD", "fast>slow as before"),
        ("HOLD", "fast>slow as before"),
        ("HOLD", "fast>slow as before"),
        ("HOLD", "fast=slow"),
        ("SELL", "fast<slow"),
        ("HOLD", "fast<slow as before"),
        ("HOLD", "fast<slow as before"),
        ("HOLD", "fast<slow as before"),
        ("HOLD", "fast=slow"),
    ]


@pytest.mark.parametrize("price", ["0.1", "0.3", "98100000.1", "1234.56789", "0.00000007"])
def test_market_never_signals_when_the_market_is_flat(price: str) -> None:
    made = Market("KRW-BTC", "demo", sma_cross(3, 7))
    for minute in range(500):
        made.add(candle(minute, price))
        made.advance(T0 + 60 * (minute + 1))
        signal = made.evaluate(NOW_S)
        assert signal is not None
        assert signal["signal"] == "HOLD"


def test_market_equals_a_plain_count_with_fractions_when_candles_are_random_and_late(seed: int) -> None:
    chance = random.Random(seed)
    made = Market("KRW-BTC", "demo", sma_cross(3, 11))
    closes: dict[int, Decimal] = {}
    held_back: dict[int, Decimal] = {}
    for minute in range(3_000):
        price = Decimal(repr(round(chance.uniform(1, 100), 3)))
        kind = chance.choices(["trade", "none", "late"], [8, 3, 2])[0]
        if kind == "trade" or minute == 0:
            closes[minute] = price
            made.add(candle(minute, str(price)))
        elif kind == "late":
            held_back[minute] = price
        for late in [late for late in held_back if chance.random() < 0.3 and late < minute]:
            closes[late] = held_back.pop(late)
            made.add(candle(late, str(closes[late])))
        made.advance(T0 + 60 * (minute + 1))
        if minute % 5 == 4:
            assert figures(made) == (mean(closes, minute, 3), mean(closes, minute, 11))


def mean(closes: dict[int, Decimal], minute: int, length: int) -> float | None:
    """Work the average out from the definition: each minute's close, or the last one before it."""
    values = [closes[max(m for m in closes if m <= at)] for at in range(max(0, minute - length + 1), minute + 1)]
    average = sum((Fraction(value) for value in values), Fraction(0)) / length
    return float(average) if len(values) == length else None


def test_market_ignores_a_row_when_it_comes_later_than_any_average_looks_back() -> None:
    made = market(*["5"] * (LATE_MINUTES_MAX + 50))
    made.add(candle(3, "900"))
    made.advance(T0 + 60 * (LATE_MINUTES_MAX + 60))
    assert figures(made) == (5, 5)


def test_market_takes_a_hole_of_years_in_bounded_steps() -> None:
    made = market("1", "2", "3", "4")
    made.add(candle(60 * 24 * 365 * 10, "10"))
    made.advance(T0 + 60 * (60 * 24 * 365 * 10 + 1))
    assert figures(made) == (7, 5.5)


def test_market_goes_on_where_it_was_when_its_last_evaluation_is_remembered() -> None:
    first = market("4", "4", "4", "4")
    before = first.evaluate(NOW_S)
    assert before is not None
    second = market("4", "4", "4", "4")
    second.remember_minute(before)
    second.remember_averages(before)
    assert second.evaluate(NOW_S) is None
    for made in (first, second):
        made.add(candle(4, "9"))
        made.advance(T0 + 300)
    assert first.evaluate(NOW_S) == second.evaluate(NOW_S)


def test_signal_record_has_the_fields_in_their_order() -> None:
    record = market("1", "2", "3", "4").evaluate(NOW_S)
    assert record is not None
    assert list(record) == [
        *("ts", "kind", "symbol", "source", "candle_ts", "price", "signal", "strategy", "rule"),
        *("sma_fast", "sma_slow", "reason"),
    ]
    assert record["ts"] == "2020-02-20T08:04:05.250Z"
    assert record["candle_ts"] == timestamp(T0 + 180)


def test_rule_changes_when_a_parameter_does() -> None:
    rules = {sma_cross(fast, slow).rule for fast, slow in [(5, 20), (5, 21), (6, 20)]}
    assert len(rules) == 3
    assert all(len(rule) == 8 and int(rule, 16) >= 0 for rule in rules)
