"""A file of records folded into quarter hours, so that a year is drawn without reading a year each time.

Averages become the last of each, scores their sum and number, candles what `candles` tells. Cells of one quarter may
lie in several files, and in any order: adding them up is the same.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from math import isfinite
from typing import Any, NamedTuple, Protocol

from agent.clock import seconds
from desk.dashboard.minutes import Part, each, is_rising, minute_s, parts
from desk.dashboard.quick import SCORE, SIGNAL, UNUSUAL, apart, runs, word
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

    def take(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """Fold whole lines in that are of the usual form; yield the others, and where each begins, in their turn."""

    def size(self) -> int:
        """Return how many numbers are kept."""


class Span:
    """The moments that a file's records tell of."""

    def __init__(self, cell_s: int) -> None:
        self.first_s = _NEVER_S
        self.last_s = -_NEVER_S
        self.cell_s = cell_s

    def cell(self, time_s: float) -> float:
        """Take note of a moment; return when its cell begins."""
        self.first_s = min(self.first_s, time_s)
        self.last_s = max(self.last_s, time_s)
        return time_s // self.cell_s * self.cell_s


class Averages(Span):
    """Rows of cell, moment, fast and slow, a list for each symbol; and every decision that was not HOLD."""

    WIDTH = 4

    def __init__(self, cell_s: int = CELL_S) -> None:
        super().__init__(cell_s)
        self.rows: dict[str, array[float]] = {}
        self.marks: list[Mark] = []

    def add(self, record: Record) -> None:
        time_s = seconds(record["candle_ts"])
        symbol = name(record["symbol"])
        fast, slow = (None if value is None else number(value) for value in map(record.get, ("sma_fast", "sma_slow")))
        if record["signal"] in ("BUY", "SELL"):
            price, reason = number(record["price"]), str(record.get("reason", ""))
            self.marks.append(Mark(time_s, symbol, price, record["signal"], reason))
        self._add(symbol, time_s, fast, slow)

    def take(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """Fold the signals of a block in, column by column; yield the lines that are not of the usual form."""
        for run in runs(SIGNAL, block):
            try:
                ready = [(symbol, self._cut(columns), columns) for symbol, columns in apart(run.columns(), word)]
            except UNUSUAL:
                yield from run.lines()
                continue
            for symbol, cut, columns in ready:
                self._fold(symbol, cut, columns)

    def _cut(self, columns: Sequence[Sequence[bytes]]) -> list[Part]:
        """Cut minutes where a cell ends; each for itself where they do not rise or have no averages."""
        _, minutes, _, _, *averages, _ = columns
        is_plain = is_rising(minutes) and not any(b"null" in values for values in averages)
        return parts(minutes, self.cell_s) if is_plain else each(minutes)

    def _fold(self, symbol: str, cut: Iterable[Part], columns: Sequence[Sequence[bytes]]) -> None:
        _, minutes, prices, signals, fasts, slows, reasons = columns
        for _, end, first_s, last_s in cut:
            self.cell(first_s)
            fast, slow = (None if value == b"null" else float(value) for value in (fasts[end - 1], slows[end - 1]))
            self._add(symbol, last_s, fast, slow)
        for at in [at for at, signal in enumerate(signals) if signal != b"HOLD"]:
            told = float(prices[at]), signals[at].decode(), reasons[at].decode()
            self.marks.append(Mark(minute_s(minutes[at]), symbol, *told))

    def _add(self, symbol: str, time_s: float, fast: float | None, slow: float | None) -> None:
        cell = self.cell(time_s)
        if fast is None or slow is None:
            return
        rows = self.rows.get(symbol)
        if rows is None:
            rows = self.rows[symbol] = array("d")
        if rows and rows[-4] == cell:
            del rows[-4:]
        rows.extend((cell, time_s, fast, slow))

    def size(self) -> int:
        return sum(map(len, self.rows.values())) + 10 * len(self.marks)


class Scores(Span):
    """Rows of cell, sum and number of the scores, a list for each source."""

    WIDTH = 3

    def __init__(self, cell_s: int = CELL_S) -> None:
        super().__init__(cell_s)
        self.rows: dict[str, array[float]] = {}

    def add(self, record: Record) -> None:
        self._add(name(record["source"]), seconds(record["ts"]), number(record["score"]))

    def take(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """Fold the scores of a block in, column by column; yield the lines that are not of the usual form."""
        for run in runs(SCORE, block):
            try:
                minutes, scores, sources = run.columns()
                times_s = list(map(minute_s, minutes))
            except UNUSUAL:
                yield from run.lines()
                continue
            for source, time_s, score in zip(map(word, sources), times_s, scores, strict=True):
                self._add(source, time_s, score)

    def _add(self, source: str, time_s: float, score: float) -> None:
        cell = self.cell(time_s)
        rows = self.rows.setdefault(source, array("d"))
        if rows and rows[-3] == cell:
            rows[-2] += score
            rows[-1] += 1
        else:
            rows.extend((cell, score, 1))

    def size(self) -> int:
        return sum(map(len, self.rows.values()))


class Gaps(Span):
    """The times that events say are lost."""

    def __init__(self, cell_s: int = CELL_S) -> None:
        super().__init__(cell_s)
        self.gaps: list[tuple[str, float, float]] = []

    def take(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        offset = 0
        for line in block.split(b"\n"):
            # Most events are of other kinds; what a text in one may hold is found out by reading it.
            if b'"gap"' in line[:60] or b'"_c":"' not in line[-17:]:
                yield offset, line
            offset += len(line) + 1

    def add(self, record: Record) -> None:
        if record["kind"] != "gap":
            return
        symbol, begin_s, end_s = name(record["symbol"]), seconds(record["from_ts"]), seconds(record["until_ts"])
        self.cell(begin_s)
        self.cell(end_s)
        self.gaps.append((symbol, begin_s, end_s))

    def size(self) -> int:
        return 3 * len(self.gaps)


def rows_of(rows: "array[float]", width: int) -> Iterator[tuple[Any, ...]]:
    """Yield a flat list's rows."""
    return zip(*[iter(rows)] * width, strict=True)


def name(value: Any) -> str:  # noqa: ANN401 - whatever a record holds
    """Return a text as such; raises TypeError for anything else."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.60} is no name")
    return value


def number(value: Any) -> float:  # noqa: ANN401 - whatever a record holds
    """Return a number that can be reckoned with and written as JSON; raises ValueError or TypeError for others."""
    found = float(value)
    if not isfinite(found):
        raise ValueError(f"{value!r:.60} is no number to reckon with")
    return found
