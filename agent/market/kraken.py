"""Kraken's wire format: a list of errors, and a result whose one array bears a name of Kraken's own.

The last row is the unfinished minute, always; prices are texts; nothing older than the newest 720 minutes can be had.

Source: https://docs.kraken.com/api-reference/market-data/get-ohlc-data.
"""

from collections.abc import Mapping

from agent.clock import MINUTE_S
from agent.market.candle import Candle, checked
from agent.market.columns import columns, decimal, whole
from agent.market.rows import series

NAME = "kraken"
ROWS_MAX = 720
PAGES_MAX = 0
# One request a second from one address.
INTERVAL_S = 1.0

_COLUMNS = ("time", "open", "high", "low", "close", "vwap", "volume", "count")
_TEXTS = ("open", "high", "low", "close", "volume")


def question(symbol: str, before_s: int, count: int) -> tuple[str, dict[str, str]]:
    """Return path and query; `since` is the moment after which rows begin."""
    return "/0/public/OHLC", {"pair": symbol, "interval": "1", "since": str(before_s - count * MINUTE_S - 1)}


def candles_of(answer: object, symbol: str) -> list[Candle]:
    """Read the whole answer.

    Returns: rising in time, each minute once, without the unfinished one.
    Raises: ValueError naming what is wrong: Kraken's own errors, or row and column.
    """

    def candle(row: object) -> Candle:
        values = columns(row, _COLUMNS)
        prices = {name: decimal(values[name], name) for name in _TEXTS}
        return checked(symbol, NAME, whole(values["time"], "time"), prices)

    rows = _rows(answer)
    # Read like the others, so that what is wrong in it is told too.
    return [each for each in series(rows, candle) if each.open_s < _newest_s(rows)]


def _rows(answer: object) -> list[object]:
    if not isinstance(answer, Mapping):
        raise ValueError(f"the answer is {answer!r:.60}, not an object")
    if answer.get("error") != []:
        raise ValueError(f"error is {answer.get('error')!r:.100}")
    result = answer.get("result")
    if not isinstance(result, Mapping):
        raise ValueError(f"result is {result!r:.60}, not an object")
    arrays = [value for name, value in result.items() if name != "last"]
    if len(arrays) != 1 or not isinstance(arrays[0], list):
        raise ValueError(f"result is {result!r:.60}, not one array of rows and `last`")
    return arrays[0]


def _newest_s(rows: list[object]) -> int:
    return max((whole(columns(row, _COLUMNS)["time"], "time") for row in rows), default=0)
