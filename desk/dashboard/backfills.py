"""Segments whose candles are younger than their `ts` says: the backfill of a symbol that was added later left them.

So that the stream rises, a backfill gives no candle a later `ts` than the oldest record's, and its segment a name from
a day before that record's minute: it sorts first, and a search by `ts` passes it by.
"""

from collections.abc import Iterator
from itertools import islice

from agent.clock import DAY_S, MINUTE_S, seconds
from store import Record
from store.errors import Damaged
from store.forward import forward, record_at
from store.lines import backward
from store.read import opened
from store.segments import Source


class Backfills:
    """Which of a stream's first segments a search by `ts` must not pass by; it remembers each that it looked at."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, int], bool] = {}

    def younger(self, older: list[str], live: Source | None, needed: int) -> Iterator[str]:
        """Yield the names of those among the segments before the one that is the first a search needs.

        Cost: where there is no backfill, reading one record; of each backfill, the first time, its end, for which a
        compressed one is inflated.
        """
        for at, name in enumerate(older[:needed]):
            if not _is_put_in_front(name, _first(older[at + 1 :], live)):
                return
            if any(self._is_younger(source) for source in opened(name, lambda _: None)):
                yield name

    def _is_younger(self, source: Source) -> bool:
        key = source.identity, source.size_bytes
        if key not in self._known:
            # Its candles are in the order of their minutes, so the last is the youngest.
            last = next(_sound(source, islice(backward(source), 1, None)), None)
            self._known[key] = last is not None and _moment_s(last, "open_ts") + MINUTE_S > _moment_s(last, "ts")
        return self._known[key]


def _is_put_in_front(name: str, following: Record | None) -> bool:
    """Tell whether only a backfill gives a segment this name: it is a day older than the first candle after it."""
    return following is not None and _moment_s(following, "open_ts") - int(name.rpartition("-")[2]) >= DAY_S


def _moment_s(record: Record, name: str) -> float:
    """Return a moment that a record has; long ago where it is of another form."""
    try:
        return seconds(record[name])
    except (KeyError, TypeError, ValueError, OverflowError):
        return 0.0


def _first(files: list[str], live: Source | None) -> Record | None:
    for name in files:
        for source in opened(name, lambda _: None):
            for record in _sound(source, forward(source)):
                return record
    return next(_sound(live, forward(live)), None) if live else None


def _sound(source: Source, lines: Iterator[tuple[int, bytes]]) -> Iterator[Record]:
    """Yield the records of lines, without the damaged ones."""
    for offset, line in lines:
        try:
            record = record_at(source, offset, line)
        except Damaged:
            continue
        if record is not None:
            yield record
