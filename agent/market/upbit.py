"""Upbit's wire format: an array of one-minute candles, newest first, minutes without trade left out.

Source: https://docs.upbit.com, "List Minute Candles" and "Rate Limits".
"""

from collections.abc import Mapping

from agent.clock import seconds, timestamp
from agent.market.candle import Candle, checked
from agent.market.rows import series

NAME = "upbit"
ROWS_MAX = 200
PAGES_MAX = 199
# Ten requests a second from one address.
INTERVAL_S = 0.12

_PATH = "/v1/candles/minutes/1"
_FIELDS = ("opening_price", "high_price", "low_price", "trade_price", "candle_acc_trade_volume")


def question(symbol: str, before_s: int, count: int) -> tuple[str, dict[str, str]]:
    """Return path and query; `to` is exclusive, and UTC where it says so."""
    return _PATH, {"market": symbol, "count": str(count), "to": timestamp(before_s).replace(".000", "")}


def candle_of(row: object, symbol: str | None = None, source: str = NAME) -> Candle:
    """Read one row of the array.

    Arguments:
        row: what the JSON holds.
        symbol: the market that was asked for; None takes the row's own word.
        source: which exchange says it.
    Raises: ValueError with a sentence that names the field.
    """
    if not isinstance(row, Mapping):
        raise ValueError(f"a row is {row!r:.40}, not an object")
    market, opened, unit = (row.get(name) for name in ("market", "candle_date_time_utc", "unit"))
    if not isinstance(market, str) or (symbol and market != symbol):
        raise ValueError(f"market is {market!r:.40}, not {symbol or 'a text'}")
    if unit != 1:
        raise ValueError(f"unit is {unit!r:.40}, not 1 minute")
    try:
        open_s = seconds(str(opened))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"candle_date_time_utc is {opened!r:.40}, not a time") from error
    return checked(market, source, open_s, row, _FIELDS)


def candles_of(rows: object, symbol: str, source: str = NAME) -> list[Candle]:
    """Read the whole answer.

    Returns: rising in time, each minute once, the unfinished one included if it was in the answer.
    Raises: ValueError naming row and field; also where two rows of a minute differ.
    """
    return series(rows, lambda row: candle_of(row, symbol, source))
