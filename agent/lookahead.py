"""Records in the order of their stream, as far as they were stored by a moment that another stream tells."""

from collections import deque
from collections.abc import Iterator

from store import Record

# So far is looked ahead: what one symbol stores in a day and a half, ten in three hours.
RECORDS_MAX = 2_000


class Lookahead:
    """Gives out a stream bit by bit; holds so many records at most.

    A record was stored before each one behind it, whatever its own `ts` says: where the clock was ahead, and was set
    right, that is later.

    Arguments:
        records: of one stream, in its order.
    """

    def __init__(self, records: Iterator[Record]) -> None:
        self._records = records
        self._ahead: deque[Record] = deque()
        # Each `ts` that none behind it is less than: the first is the least of all that are held.
        self._lows: deque[str] = deque()

    def until(self, ts: str) -> Iterator[Record]:
        """Yield what had been stored by then and was not yielded before."""
        while self._is_stored(ts):
            record = self._ahead.popleft()
            if record["ts"] == self._lows[0]:
                self._lows.popleft()
            yield record

    def _is_stored(self, ts: str) -> bool:
        while len(self._ahead) < RECORDS_MAX and (record := next(self._records, None)) is not None:
            while self._lows and self._lows[-1] > record["ts"]:
                self._lows.pop()
            self._lows.append(record["ts"])
            self._ahead.append(record)
        return bool(self._lows) and self._lows[0] <= ts
