"""Where in a stream a moment begins, found without reading what comes before; `ts` has to rise for it."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from store.errors import Damaged
from store.lines import forward, record_at
from store.segments import Plain, Source, open_segment

_NEAR_BYTES = 65536
_AFTER_ALL = "~"

SLACK_S = 60
"""How far two writers, or a clock that is set right, may put `ts` out of order before a range misses a record."""


def bound(when: str | datetime, shift_s: int = 0) -> str:
    """Return a moment as records write it, rounded up to a millisecond, so that comparing texts compares times.

    Raises: ValueError when it is no moment, or a datetime without a zone.
    """
    moment = datetime.fromisoformat(when) if isinstance(when, str) else when
    if moment.tzinfo is None:
        if not isinstance(when, str):
            raise ValueError(f"{when!r} names no zone, so it is no moment")
        moment = moment.replace(tzinfo=UTC)
    moment = moment.astimezone(UTC) + timedelta(seconds=shift_s, microseconds=999)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def placed(ts: str) -> str:
    """Return a record's `ts` so that it compares with a bound.

    Raises: Damaged when it is no moment.
    """
    if len(ts) == 24 and ts[10] == "T" and ts[23] == "Z":
        return ts
    try:
        return bound(ts)
    except (ValueError, OverflowError) as error:
        raise Damaged("its `ts` is no moment, so no range of time holds it") from error


def first_needed(older: list[str], live: Plain | None, low: str) -> int:
    """Return the index of the first segment that may hold a record from `low` on; len(older) means the live file."""
    if live and _first_ts(live) < low:
        return len(older)
    return max(0, bisect_left(range(len(older)), low, key=lambda at: _segment_ts(older, at)) - 1)


def first_offset(source: Source, low: str) -> int:
    """Return the start of a line before which no record is from `low` on; 0 for a compressed segment."""
    start, end = 0, source.size_bytes if isinstance(source, Plain) else 0
    while end - start > _NEAR_BYTES:
        middle = (start + end) // 2
        offset, ts = _first_after(source, middle, end)
        if ts < low:
            start = offset
        else:
            end = middle
    return start


def _first_after(source: Source, middle: int, end: int) -> tuple[int, str]:
    lines = forward(source, middle, end)
    next(lines, None)  # the rest of a line that starts further back
    return next(_timed(source, lines), (end, _AFTER_ALL))


def _first_ts(source: Source) -> str:
    return next(_timed(source, forward(source)), (0, _AFTER_ALL))[1]


def _segment_ts(older: list[str], at: int) -> str:
    """Return the time of the segment's first record; of the next one's where it has none."""
    for name in older[at:]:
        try:
            source = open_segment(name)
        except FileNotFoundError:
            continue
        try:
            if (ts := _first_ts(source)) != _AFTER_ALL:
                return ts
        finally:
            source.close()
    return _AFTER_ALL


def _timed(source: Source, lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, str]]:
    """Yield offset and time of each sound record: a damaged `ts` must not lead the search astray."""
    for offset, line in lines:
        try:
            record = record_at(source, offset, line)
            if record is not None:
                yield offset, placed(record["ts"])
        except Damaged:
            continue
