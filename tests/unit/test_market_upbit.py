"""Upbit's wire format, against recorded answers and against what it must not let through."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from agent.clock import timestamp
from agent.market.upbit import candles_of
from tests.fakes.exchange import row

T0 = 1_582_185_600
BTC = "KRW-BTC"


def test_candles_of_reads_the_recorded_answers(recorded: Callable[[str], Path]) -> None:
    text = recorded("market/upbit_1m_20200220_170000-20200220_202000.json").read_text()
    candles = candles_of(json.loads(text, parse_float=Decimal), BTC)
    assert len(candles) == 200
    assert [candle.open_s for candle in candles] == list(range(T0, T0 + 12_000, 60))
    newest = candles[-1]
    assert timestamp(newest.open_s) == "2020-02-20T11:19:00.000Z"
    assert (newest.open, newest.high, newest.low, newest.close) == tuple(
        map(Decimal, (11509000, 11511000, 11489000, 11498000))
    )
    assert newest.volume == Decimal("2.63267824")


def test_fake_exchange_rows_have_the_fields_of_the_recorded_ones(recorded: Callable[[str], Path]) -> None:
    text = recorded("market/upbit_1m_20200220_202000-20200220_210000.json").read_text()
    theirs = json.loads(text)[0]
    ours = row(BTC, T0, 1.0)
    assert list(ours) == list(theirs)
    assert [type(value) for value in ours.values()] == [type(value) for value in theirs.values()]


def test_candles_of_sorts_and_counts_a_minute_once_when_rows_repeat() -> None:
    rows = [row(BTC, T0 + 60, 20.0), row(BTC, T0, 10.0), row(BTC, T0 + 60, 20.0)]
    assert [candle.open_s for candle in candles_of(rows, BTC)] == [T0, T0 + 60]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"market": "KRW-ETH"}, "row 1: market is 'KRW-ETH', not KRW-BTC"),
        ({"market": None}, "market is None"),
        ({"unit": 3}, "unit is 3"),
        ({"candle_date_time_utc": "soon"}, "candle_date_time_utc is 'soon'"),
        ({"candle_date_time_utc": 5}, "candle_date_time_utc is 5"),
        ({"candle_date_time_utc": "2020-02-20T08:00:30"}, "not the start of a minute"),
        ({"trade_price": None}, "row 1: trade_price is None"),
        ({"trade_price": "1"}, "trade_price is '1'"),
        ({"low_price": -1.0}, "low_price is -1"),
        ({"high_price": 1e300}, "high_price is 1e\\+300"),
        ({"candle_acc_trade_volume": []}, "candle_acc_trade_volume is \\[\\]"),
        ({"opening_price": 9.0}, "opening_price 9.0 is not between"),
    ],
)
def test_candles_of_names_row_and_field_when_a_value_is_wrong(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        candles_of([row(BTC, T0, 5.0) | change], BTC)


@pytest.mark.parametrize("answer", [None, {}, {"error": {"name": 404}}, [1], ["a"], [[]], [None]])
def test_candles_of_refuses_an_answer_when_it_is_no_array_of_objects(answer: object) -> None:
    with pytest.raises(ValueError, match="not an"):
        candles_of(answer, BTC)


def test_candles_of_refuses_two_rows_when_they_tell_different_things_of_a_minute() -> None:
    with pytest.raises(ValueError, match="row 2: a second, different candle"):
        candles_of([row(BTC, T0, 5.0), row(BTC, T0, 6.0)], BTC)


def test_candles_of_is_empty_when_nothing_was_traded() -> None:
    assert candles_of([], BTC) == []
