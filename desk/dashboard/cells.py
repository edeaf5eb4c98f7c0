"""A file of records folded into quarter hours, so that a year is drawn without reading a year each time.

Candles become the first, highest, lowest and last price and the sum of the volume; averages the last of each; scores
their sum and number. Cells of one quarter may lie in several files, and in any order: adding them up is the same.
"""

from array import array
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from agent.clock import seconds
from desk.dashboard.quick import CANDLE, SCORE, SIGNAL, match, minute_s, word
from store import Record

CELL_S = 900
_NEVER_S = float("inf")


class Mark(NamedTuple):
    """A decision to buy or to sell, as the chart shows it."""

    time_s: float
    symbol: str
    price: float
    signal: str
    reason: str


class Cells(Protocol):
    """What one file of a stream holds, in short."""

    first_s: float
    last_s: float

    def add(self, record: Record) -> None:
        """Fold one record in."""

    def take(self, line: bytes) -> bool:
        """Fold one line in, if it is of the usual form; False where it has to be read as any record."""

    def size(self) -> int:
        """Return how many numbers are kept."""


class _Span:
    """The moments that a file's records tell of."""

    def __init__(self, cell_s: int) -> None:
        self.first_s = _NEVER_S
        self.last_s = -_NEVER_S
        self._cell_s = cell_s

    def _cell(self, time_s: float) -> float:
        self.first_s = min(self.first_s, time_s)
        self.last_s = max(self.last_s, time_s)
        return time_s // self._cell_s * self._cell_s


class Candles(_Span):
    """Rows of cell, first and last minute, open, high, low, close, volume, a list for each symbol."""

    WIDTH = 8

    def __init__(self, cell_s: int = CELL_S) -> None:
        super().__init__(cell_s)
        self.rows: dict[str, array[float]] = {}
        self.sources: dict[str, str] = {}

    def add(self, record: Record) -> None:
        opened, high, low, close, volume = (float(record[name]) for name in ("open", "high", "low", "close", "volume"))
        time_s = seconds(record["open_ts"])
        self._add(record["symbol"], record["source"], time_s, opened, high, low, close, volume)

    def take(self, line: bytes) -> bool:
        fields = match(CANDLE, line)
        if fields is None:
            return False
        symbol, source, hour, minute, opened, high, low, close, volume = fields
        time_s = minute_s(hour, minute)
        prices = float(opened), float(high), float(low), float(close), float(volume)
        self._add(word(symbol), word(source), time_s, *prices)
        return True

    def _add(
        self,
        symbol: str,
        source: str,
        time_s: float,
        opened: float,
        high: float,
        low: float,
        close: float,
        volume: float,
    ) -> None:
        rows = self.rows.get(symbol)
        if rows is None:
            rows = self.rows[symbol] = array("d")
            self.sources[symbol] = source
        if rows and rows[-6] < time_s < rows[-8] + self._cell_s:
            # In order, as nearly all are: what `fold` does, in place, since a year has half a million of them.
            rows[-6] = time_s
            if time_s > self.last_s:
                self.last_s = time_s
            if high > rows[-4]:
                rows[-4] = high
            if low < rows[-3]:
                rows[-3] = low
            rows[-2] = close
            rows[-1] += volume
            return
        self.sources[symbol] = source
        cell = self._cell(time_s)
        if not rows or rows[-8] != cell:
            rows.extend((cell, time_s, time_s, opened, high, low, close, volume))
        elif rows[-6] > time_s:  # and a minute that is there already counts once
            rows[-7:] = array("d", fold(rows[-7:], (time_s, time_s, opened, high, low, close, volume)))

    def size(self) -> int:
        return sum(map(len, self.rows.values()))


def fold(one: Iterable[float], other: Iterable[float]) -> list[float]:
    """Return two rows of the same bucket, each from its first minute on, as one."""
    first, last, opened, high, low, close, volume = one
    first_2, last_2, opened_2, high_2, low_2, close_2, volume_2 = other
    return [
        min(first, first_2),
        max(last, last_2),
        opened_2 if first_2 < first else opened,
        max(high, high_2),
        min(low, low_2),
        close_2 if last_2 >= last else close,
        volume + volume_2,
    ]


class Averages(_Span):
    """Rows of cell, moment, fast and slow, a list for each symbol; and every decision that was not HOLD."""

    WIDTH = 4

    def __init__(self, cell_s: int = CELL_S) -> None:
        super().__init__(cell_s)
        self.rows: dict[str, array[float]] = {}
        self.marks: list[Mark] = []

    def add(self, record: Record) -> None:
        time_s = seconds(record["candle_ts"])
        cell = self._cell(time_s)
        if record["signal"] in ("BUY", "SELL"):
            price, reason = float(record["price"]), str(record.get("reason", ""))
            self.marks.append(Mark(time_s, record["symbol"], price, record["signal"], reason))
        fast, slow = record.get("sma_fast"), record.get("sma_slow")
        if fast is not None and slow is not None:
            self._add(record["symbol"], cell, time_s, float(fast), float(slow))

    def take(self, line: bytes) -> bool:
        fields = match(SIGNAL, line)
        if fields is None:
            return False
        symbol, hour, minute, fast, slow = fields
        time_s = minute_s(hour, minute)
        cell = self._cell(time_s)
        if fast != b"null" and slow != b"null":
            self._add(word(symbol), cell, time_s, float(fast), float(slow))
        return True

    def _add(self, symbol: str, *row: float) -> None:
        rows = self.rows.setdefault(symbol, array("d"))
        if rows and rows[-4] == row[0]:
            del rows[-4:]
        rows.extend(row)

    def size(self) -> int:
        return sum(map(len, self.rows.values())) + 10 * len(self.marks)


class Scores(_Span):
    """Rows of cell, sum and number of the scores, a list for each source."""

    WIDTH = 3

    def __init__(self, cell_s: int = CELL_S) -> None:
        super().__init__(cell_s)
        self.rows: dict[str, array[float]] = {}

    def add(self, record: Record) -> None:
        self._add(record["source"], seconds(record["ts"]), float(record["score"]))

    def take(self, line: bytes) -> bool:
        fields = match(SCORE, line)
        if fields is None:
            return False
        hour, minute, score, source = fields
        self._add(word(source), minute_s(hour, minute), float(score))
        return True

    def _add(self, source: str, time_s: float, score: float) -> None:
        cell = self._cell(time_s)
        rows = self.rows.setdefault(source, array("d"))
        if rows and rows[-3] == cell:
            rows[-2] += score
            rows[-1] += 1
        else:
            rows.extend((cell, score, 1))

    def size(self) -> int:
        return sum(map(len, self.rows.values()))


class Gaps(_Span):
    """The times that events say are lost."""

    def __init__(self, cell_s: int = CELL_S) -> None:
        super().__init__(cell_s)
        self.gaps: list[tuple[str, float, float]] = []

    def take(self, line: bytes) -> bool:
        # Most events are of other kinds; what a text in one may hold is found out by reading it.
        return b'"gap"' not in line[:60] and b'"_c":"' in line[-17:]

    def add(self, record: Record) -> None:
        if record["kind"] != "gap":
            return
        begin_s, end_s = seconds(record["from_ts"]), seconds(record["until_ts"])
        self._cell(begin_s)
        self._cell(end_s)
        self.gaps.append((record["symbol"], begin_s, end_s))

    def size(self) -> int:
        return 3 * len(self.gaps)


def rows_of(rows: "array[float]", width: int) -> Iterator[tuple[Any, ...]]:
    """Yield a flat list's rows."""
    return zip(*[iter(rows)] * width, strict=True)
