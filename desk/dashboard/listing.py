"""A page of a stream's records, by time, in either direction, from wherever a cursor points."""

from collections.abc import Callable, Iterator
from heapq import nlargest, nsmallest
from typing import NamedTuple

from agent.clock import HOUR_S, seconds, timestamp
from desk.dashboard.query import Cursor
from desk.dashboard.records import Records
from store import Record
from store.errors import Damaged
from store.search import placed

_WINDOW_S = 6 * HOUR_S
_GROWTH = 4
_MOMENTS_MAX = 10_000

# A record with what it is sorted by: its moment, and which of that moment's records it is, in the order of the file.
Placed = tuple[str, int, Record]


class Page(NamedTuple):
    """Some records, and where the next ones begin, None where there are no more."""

    items: list[Record]
    following: Cursor | None


class Listing:
    """Reads one stream in windows of time that grow, so that a page costs what it holds and not what the store holds.

    Arguments:
        keep: tells which records are wanted.
    """

    def __init__(self, records: Records, stream: str, keep: Callable[[Record], bool]) -> None:
        self._records = records
        self._stream = stream
        self._keep = keep

    def newest_first(self, since_ms: int | None, until_ms: int | None, cursor: Cursor | None, limit: int) -> Page:
        """Return a page going back in time; what is appended meanwhile is on none of the further pages."""
        if cursor:
            until_ms = cursor.ms + 1
        span_s = self._records.span_s(self._stream)
        if span_s is None:
            return Page([], None)
        floor_s = span_s[0] if since_ms is None else since_ms / 1000
        high_s = None if until_ms is None else until_ms / 1000
        at_s = max(span_s[1], floor_s) if high_s is None else high_s
        found: list[Placed] = []
        width_s = _WINDOW_S
        is_last = False
        while len(found) <= limit and not is_last:
            is_last = at_s - width_s <= floor_s
            low_ms = since_ms if is_last else round((at_s - width_s) * 1000)
            placed_ones = self._placed(low_ms, None if high_s is None else round(high_s * 1000))
            wanted = (each for each in placed_ones if not _is_passed_going_back(each, cursor))
            found += nlargest(limit + 1 - len(found), wanted)
            at_s = high_s = at_s - width_s
            width_s *= _GROWTH
        page = found[:limit]
        following = Cursor(_ms(page[-1][0]), page[-1][1]) if len(found) > limit else None
        return Page([record for _, _, record in page], following)

    def oldest_first(self, since_ms: int | None, until_ms: int | None, cursor: Cursor | None, limit: int) -> Page:
        """Return a page going forward in time."""
        if cursor:
            since_ms = cursor.ms
        span_s = self._records.span_s(self._stream)
        if span_s is None:
            return Page([], None)
        end_s = span_s[1] if until_ms is None else until_ms / 1000
        low_ms = since_ms
        at_s = span_s[0] if low_ms is None else low_ms / 1000
        found: list[Placed] = []
        width_s = _WINDOW_S
        is_last = False
        while len(found) <= limit and not is_last:
            is_last = at_s + width_s >= end_s
            high_ms = until_ms if is_last else round((at_s + width_s) * 1000)
            placed_ones = self._placed(low_ms, high_ms)
            wanted = (each for each in placed_ones if not _is_passed_going_on(each, cursor))
            found += nsmallest(limit + 1 - len(found), wanted)
            low_ms, at_s = high_ms, at_s + width_s
            width_s *= _GROWTH
        page = found[:limit]
        following = Cursor(_ms(page[-1][0]), page[-1][1] + 1) if len(found) > limit else None
        return Page([record for _, _, record in page], following)

    def _placed(self, low_ms: int | None, high_ms: int | None) -> Iterator[Placed]:
        """Yield what is wanted of a window with its place; memory holds the last moments only."""
        counts: dict[str, int] = {}
        for record in self._records.scan(self._stream, _text(low_ms), _text(high_ms)):
            if not self._keep(record):
                continue
            try:
                ts = placed(record["ts"])
            except Damaged:
                continue  # on no page by time; a scan without bounds gives it
            count = counts.get(ts, 0)
            counts[ts] = count + 1
            yield ts, count, record
            if len(counts) > _MOMENTS_MAX:
                for moment in list(counts)[: _MOMENTS_MAX // 2]:
                    del counts[moment]


def _is_passed_going_back(each: Placed, cursor: Cursor | None) -> bool:
    return cursor is not None and _ms(each[0]) == cursor.ms and each[1] >= cursor.seen


def _is_passed_going_on(each: Placed, cursor: Cursor | None) -> bool:
    return cursor is not None and _ms(each[0]) == cursor.ms and each[1] < cursor.seen


def _ms(ts: str) -> int:
    return round(seconds(ts) * 1000)


def _text(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else timestamp(moment_ms / 1000)
