"""Upbit's wire format: an array of one-minute candles, newest first, minutes without trade left out.

Source: https://docs.upbit.com, "List Minute Candles".
"""

from collections.abc import Mapping

from agent.clock import MINUTE_S, seconds
from agent.market.candle import Candle, checked

_FIELDS = {
    "open": "opening_price",
    "high": "high_price",
    "low": "low_price",
    "close": "trade_price",
    "volume": "candle_acc_trade_volume",
}


def candle_of(row: object, symbol: str | None = None) -> Candle:
    """Read one row of the array.

    Arguments:
        row: what the JSON holds.
        symbol: the market that was asked for; None takes the row's own word.
    Raises: ValueError with a sentence that names the field.
    """
    if not isinstance(row, Mapping):
        raise ValueError(f"a row is {row!r:.40}, not an object")
    market, opened, unit = (row.get(name) for name in ("market", "candle_date_time_utc", "unit"))
    if not isinstance(market, str) or (symbol and market != symbol):
        raise ValueError(f"market is {market!r:.40}, not {symbol or 'a text'}")
    if unit != 1:
        raise ValueError(f"unit is {unit!r:.40}, not 1 minute")
    if not isinstance(opened, str):
        raise ValueError(f"candle_date_time_utc is {opened!r:.40}, not a text")
    try:
        open_s = seconds(opened)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"candle_date_time_utc is {opened!r:.40}, not a time") from error
    values = {ours: row.get(theirs) for ours, theirs in _FIELDS.items()}
    try:
        return checked(market, "upbit", open_s, values)
    except ValueError as error:
        raise ValueError(_theirs(str(error))) from error


def candles_of(rows: object, symbol: str) -> list[Candle]:
    """Read the whole answer, in whatever order its rows come.

    Returns: rising in time, each minute once, the unfinished one included if it was in the answer.
    Raises: ValueError naming row and field; also where two rows of a minute differ.
    """
    if not isinstance(rows, list):
        raise ValueError(f"the answer is {rows!r:.60}, not an array")
    minutes: dict[int, Candle] = {}
    for index, row in enumerate(rows, 1):
        try:
            candle = candle_of(row, symbol)
        except ValueError as error:
            raise ValueError(f"row {index}: {error}") from error
        if minutes.setdefault(candle.open_s, candle) != candle:
            raise ValueError(f"row {index}: a second, different candle of minute {candle.open_s // MINUTE_S}")
    return [minutes[open_s] for open_s in sorted(minutes)]


def _theirs(message: str) -> str:
    """Name the field as the exchange does, so that the message can be held against the answer."""
    ours, space, rest = message.partition(" ")
    return _FIELDS.get(ours, ours) + space + rest
