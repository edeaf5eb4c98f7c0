"""What the exchanges' answers have in common: rows of one-minute candles, each to be read strictly."""

from collections.abc import Callable

from agent.clock import MINUTE_S
from agent.market.candle import Candle


def series(rows: object, read: Callable[[object], Candle]) -> list[Candle]:
    """Read all rows, in whatever order they come.

    Arguments:
        read: makes a candle of one row; raises ValueError with a sentence that names the field.
    Returns: rising in time, each minute once, the unfinished one included if it was in the answer.
    Raises: ValueError naming row and field; also where two rows of a minute differ.
    """
    if not isinstance(rows, list):
        raise ValueError(f"the answer is {rows!r:.60}, not an array")
    minutes: dict[int, Candle] = {}
    for index, row in enumerate(rows, 1):
        try:
            candle = read(row)
        except ValueError as error:
            raise ValueError(f"row {index}: {error}") from error
        if minutes.setdefault(candle.open_s, candle) != candle:
            raise ValueError(f"row {index}: a second, different candle of minute {candle.open_s // MINUTE_S}")
    return [minutes[open_s] for open_s in sorted(minutes)]
