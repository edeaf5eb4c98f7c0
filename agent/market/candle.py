"""The input of every decision: one closed one-minute candle, checked at the edge."""

import math
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from typing import Any, NamedTuple

from agent.clock import MINUTE_S, seconds, timestamp

# Wide enough that no sum or product of prices is ever rounded: averages are compared exactly.
EXACT = Context(prec=100)
PRICE_MAX = 1e15
FIGURES = ("open", "high", "low", "close", "volume")


class Candle(NamedTuple):
    """One minute of one market: `open_s` is its start in seconds since 1970 UTC, prices are in the quote currency."""

    symbol: str
    source: str
    open_s: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal

    @property
    def end_s(self) -> int:
        """When the next minute begins; before then this one is not final."""
        return self.open_s + MINUTE_S


def checked(
    symbol: str, source: str, open_s: float, values: Mapping[str, object], names: Sequence[str] = FIGURES
) -> Candle:
    """Build a candle out of values from outside.

    Arguments:
        symbol: the market, such as KRW-BTC.
        source: where it came from.
        open_s: the start of its minute, seconds since 1970 UTC.
        values: open, high, low, close and volume as numbers (int, float or Decimal).
        names: what these five are called in there, in that order.
    Raises: ValueError with a sentence that names the field.
    """
    if open_s % MINUTE_S:
        raise ValueError(f"time {timestamp(open_s)} is not the start of a minute")
    figures = [quantity(values.get(name), name) for name in names]
    _, high, low, _, _ = figures
    for name, price in ((names[index], figures[index]) for index in (2, 0, 3)):
        if not price:
            raise ValueError(f"{name} is 0, and a price is more than that")
        if not low <= price <= high:
            raise ValueError(f"{name} {price} is not between low {low} and high {high}")
    return Candle(symbol, source, int(open_s), *figures)


def quantity(value: object, name: str) -> Decimal:
    """Read one number from outside as the decimal that the store will write for it.

    Arguments:
        value: an int, a float or a Decimal; never a bool or a text.
        name: what to call it in the error.
    Raises: ValueError when it is no number, not finite, below 0 or absurdly large.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError(f"{name} is {value!r:.40}, not a number")
    # What is decided on must be what a restart reads back, and the store's JSON numbers are floats to every reader.
    rounded = float(min(value, PRICE_MAX))
    if not math.isfinite(rounded) or not 0 <= rounded < PRICE_MAX:
        raise ValueError(f"{name} is {value!s:.40}, not between 0 and {PRICE_MAX:.0e}")
    return Decimal(repr(rounded))


def number(value: Decimal) -> int | float:
    """Return a decimal as the JSON number it is stored as: an int where it is whole."""
    numerator, denominator = value.as_integer_ratio()
    return numerator / denominator if denominator > 1 else numerator


def record_of(candle: Candle, recorded_s: float) -> dict[str, Any]:
    """Return the record that prices.jsonl holds for a candle recorded at that moment."""
    return {
        "ts": timestamp(recorded_s),
        "kind": "candle",
        "symbol": candle.symbol,
        "source": candle.source,
        "open_ts": timestamp(candle.open_s),
        "unit_s": MINUTE_S,
        **{name: number(getattr(candle, name)) for name in FIGURES},
    }


def candle_of(record: Mapping[str, Any]) -> Candle:
    """Read a candle back from its record.

    Raises: ValueError when the record is no one-minute candle or a field of it is wrong.
    """
    if record.get("kind") != "candle" or record.get("unit_s") != MINUTE_S:
        raise ValueError("this is no record of a one-minute candle")
    try:
        symbol, source, open_ts = str(record["symbol"]), str(record["source"]), str(record["open_ts"])
    except KeyError as error:
        raise ValueError(f"the field {error} is missing") from error
    return checked(symbol, source, seconds(open_ts), record)
