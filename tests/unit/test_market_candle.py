"""The candle: what is let in, and how it is written."""

from decimal import Decimal

import pytest

from agent.market.candle import Candle, candle_of, checked, number, quantity, record_of

VALUES = {"open": 100, "high": 110.5, "low": 95, "close": 101.25, "volume": 0}


def test_candle_comes_back_the_same_when_read_from_its_record() -> None:
    candle = checked("KRW-BTC", "upbit", 1_582_185_600, VALUES)
    record = record_of(candle, 1_582_185_665.5)
    assert list(record)[:6] == ["ts", "kind", "symbol", "source", "open_ts", "unit_s"]
    assert record["ts"] == "2020-02-20T08:01:05.500Z"
    assert record["open_ts"] == "2020-02-20T08:00:00.000Z"
    assert (record["open"], record["close"], record["volume"]) == (100, 101.25, 0)
    assert candle_of(record) == candle


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("open", None, "open is None"),
        ("close", "101", "close is '101'"),
        ("high", True, "high is True"),
        ("low", float("nan"), "low is nan"),
        ("close", float("inf"), "close is inf"),
        ("low", -1, "low is -1"),
        ("low", 0, "low is 0"),
        ("close", 1e15, "not between"),
        pytest.param("close", 10**400, "close is 1000000", id="close-huge"),
        ("high", 99, "is not between low"),
        ("low", 100.5, "is not between low"),
        ("volume", -0.1, "volume is -0.1"),
    ],
)
def test_checked_names_the_field_when_a_value_is_wrong(field: str, value: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        checked("KRW-BTC", "upbit", 0, VALUES | {field: value})


def test_checked_refuses_a_time_when_it_is_not_a_whole_minute() -> None:
    with pytest.raises(ValueError, match="not the start of a minute"):
        checked("KRW-BTC", "upbit", 61, VALUES)


@pytest.mark.parametrize("text", ["0.1", "103460000.0", "0.00001234", "98100000.12345678", "3"])
def test_quantity_equals_what_a_restart_reads_when_it_was_stored(text: str) -> None:
    first = quantity(Decimal(text), "price")
    assert first == Decimal(text)
    assert quantity(number(first), "price") == first


def test_number_is_whole_when_the_price_is() -> None:
    assert repr(number(Decimal("103460000.0"))) == "103460000"
    assert repr(number(Decimal("0.1"))) == "0.1"


@pytest.mark.parametrize("change", [{"kind": "signal"}, {"unit_s": 180}, {"open_ts": "yesterday"}, {"close": None}])
def test_candle_of_refuses_a_record_when_it_is_no_minute_candle(change: dict[str, object]) -> None:
    record = record_of(Candle("A", "demo", 60, *[Decimal(1)] * 5), 0)
    with pytest.raises(ValueError, match=r"\w"):
        candle_of(record | change)
