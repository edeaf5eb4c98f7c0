"""Candles folded into quarter hours: the first, highest, lowest and last price of each, and the sum of its volume."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import add
from typing import Any

from agent.clock import seconds
from desk.dashboard.cells import CELL_S, Span, name, number
from desk.dashboard.minutes import Part, each, is_rising, minute_s, parts
from desk.dashboard.quick import BETWEEN_NAMES, CANDLE, UNUSUAL, apart, runs, word
from store import Record


class Candles(Span):
    """Rows of cell, first and last minute, open, high, low, close, volume, a list for each symbol."""

    WIDTH = 8

    def __init__(self, cell_s: int = CELL_S) -> None:
        super().__init__(cell_s)
        self.rows: dict[str, array[float]] = {}
        self.sources: dict[str, str] = {}

    def add(self, record: Record) -> None:
        opened, high, low, close, volume = (number(record[each]) for each in ("open", "high", "low", "close", "volume"))
        symbol, source, time_s = name(record["symbol"]), name(record["source"]), seconds(record["open_ts"])
        self._add(symbol, (time_s, time_s, opened, high, low, close), (volume,))
        self.sources[symbol] = source

    def take(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """Fold whole lines in that are of the usual form; yield the others, and where each begins, in their turn."""
        for run in runs(CANDLE, block):
            try:
                ready = [(symbol, self._cut(symbol, own), own) for symbol, own in apart(run.columns(), _symbol)]
            except UNUSUAL:
                yield from run.lines()
                continue
            for symbol, cut, columns in ready:
                self._fold(symbol, cut, columns)

    def _cut(self, symbol: str, columns: Sequence[Any]) -> list[Part]:
        """Cut minutes where a cell ends; each for itself where they do not rise."""
        known, minutes = self.rows.get(symbol), columns[1]
        is_late = known is not None and known[-6] >= minute_s(minutes[0])
        return each(minutes) if is_late or not is_rising(minutes) else parts(minutes, self.cell_s)

    def _fold(self, symbol: str, cut: Iterable[Part], columns: Sequence[Any]) -> None:
        names, _, opens, highs, lows, closes, volumes = columns
        for begin, end, first_s, last_s in cut:
            prices = opens[begin], max(highs[begin:end]), min(lows[begin:end]), closes[end - 1]
            self._add(symbol, (first_s, last_s, *prices), volumes[begin:end])
        self.sources[symbol] = word(names[-1]).partition(BETWEEN_NAMES)[2]

    def _add(self, symbol: str, row: Sequence[float], volumes: Sequence[float]) -> None:
        """Fold in what lies in one cell: first and last minute, prices, and the volumes one by one, as they come."""
        cell = self.cell(row[0])
        self.cell(row[1])
        rows = self.rows.get(symbol)
        if rows is None:
            rows = self.rows[symbol] = array("d")
        if not rows or rows[-8] != cell:
            rows.extend((cell, *row, reduce(add, volumes, 0.0)))
        elif rows[-6] != row[0]:  # a minute that is there already counts once
            rows[-7:] = array("d", fold(rows[-7:], (*row, 0.0)))
            rows[-1] = reduce(add, volumes, rows[-1])

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


def _symbol(names: bytes) -> str:
    return word(names).partition(BETWEEN_NAMES)[0]
