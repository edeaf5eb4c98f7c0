"""Coinbase Exchange's wire format: arrays of numbers, low before high, newest first, minutes without trade left out.

Source: https://docs.cdp.coinbase.com/api-reference/exchange-api, "Get product candles" and "Rate limits".
"""

from agent.clock import MINUTE_S, timestamp
from agent.market.candle import Candle, checked
from agent.market.columns import columns, whole
from agent.market.rows import series

NAME = "coinbase"
# A range of more minutes than this is rejected.
ROWS_MAX = 300
PAGES_MAX = 199
# Ten requests a second from one address.
INTERVAL_S = 0.12

_COLUMNS = ("time", "low", "high", "open", "close", "volume")


def question(symbol: str, before_s: int, count: int) -> tuple[str, dict[str, str]]:
    """Return path and query; both `start` and `end` are minutes of the range."""
    start, end = (
        timestamp(moment_s).replace(".000", "") for moment_s in (before_s - count * MINUTE_S, before_s - MINUTE_S)
    )
    return f"/products/{symbol}/candles", {"granularity": "60", "start": start, "end": end}


def candles_of(rows: object, symbol: str) -> list[Candle]:
    """Read the whole answer; it may hold minutes before the range that was asked for.

    Returns: rising in time, each minute once, the unfinished one included if it was in the answer.
    Raises: ValueError naming row and column.
    """

    def candle(row: object) -> Candle:
        values = columns(row, _COLUMNS)
        return checked(symbol, NAME, whole(values["time"], "time"), values)

    return series(rows, candle)
