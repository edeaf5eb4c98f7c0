"""Binance's wire format: arrays, oldest first, times in milliseconds, prices as texts; a minute without trade is a row.

It answers 451 to whole countries, and to much of the cloud: then there is nothing to be done from there.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api, "Kline/Candlestick data" and "Limits".
"""

from agent.clock import MINUTE_S
from agent.market.candle import Candle, checked
from agent.market.columns import columns, decimal, whole
from agent.market.rows import series

NAME = "binance"
ROWS_MAX = 1000
PAGES_MAX = 199
# Each question weighs 2 of the 6,000 a minute that one address has.
INTERVAL_S = 0.1

_COLUMNS = ("open time", "open", "high", "low", "close", "volume", "close time")
_TEXTS = ("open", "high", "low", "close", "volume")


def question(symbol: str, before_s: int, count: int) -> tuple[str, dict[str, str]]:
    """Return path and query; rows end with the one that opens at `endTime` or before."""
    query = {"symbol": symbol, "interval": "1m", "limit": str(count), "endTime": str(before_s * 1000 - 1)}
    return "/api/v3/klines", query


def candles_of(rows: object, symbol: str) -> list[Candle]:
    """Read the whole answer.

    Returns: rising in time, each minute once, the unfinished one included if it was in the answer.
    Raises: ValueError naming row and column.
    """

    def candle(row: object) -> Candle:
        values = columns(row, _COLUMNS)
        prices = {name: decimal(values[name], name) for name in _TEXTS}
        opened_ms, closed_ms = (whole(values[name], name) for name in ("open time", "close time"))
        if closed_ms - opened_ms != MINUTE_S * 1000 - 1:
            raise ValueError(f"close time is {closed_ms}, not a minute after open time {opened_ms}")
        return checked(symbol, NAME, opened_ms / 1000, prices)

    return series(rows, candle)
