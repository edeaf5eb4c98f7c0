"""Bithumb's wire format: Upbit's rows, but `to` is Korean time and carries no offset.

Source: https://apidocs.bithumb.com, "Minute candles" and "Request limits".
"""

from agent.clock import timestamp
from agent.market import upbit
from agent.market.candle import Candle

NAME = "bithumb"
ROWS_MAX = 200
PAGES_MAX = 199
# 150 requests a second from one address are allowed today, and may be lowered without notice: asked like Upbit.
INTERVAL_S = 0.12

_KOREA_S = 9 * 3600


def question(symbol: str, before_s: int, count: int) -> tuple[str, dict[str, str]]:
    """Return path and query; `to` is exclusive."""
    moment = timestamp(before_s + _KOREA_S)[:19].replace("T", " ")
    return "/v1/candles/minutes/1", {"market": symbol, "count": str(count), "to": moment}


def candles_of(rows: object, symbol: str) -> list[Candle]:
    """Read the whole answer.

    Returns: rising in time, each minute once, the unfinished one included if it was in the answer.
    Raises: ValueError naming row and field.
    """
    return upbit.candles_of(rows, symbol, NAME)
