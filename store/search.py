"""Where in a stream a moment begins, found without reading what comes before; `ts` has to rise for it."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta

from store.errors import Damaged
from store.forward import forward, record_at
from store.read import opened
from store.segments import Source

_NEAR_BYTES = 65536
_AFTER_ALL = "~"

SLACK_S = 60
"""How far two writers, or a clock that is set right, may put `ts` out of order before a range misses a record."""


def bound(when: str | datetime, shift_s: int = 0) -> str:
    """Return a moment as records write it, rounded up to a millisecond, so that comparing texts compares times.

    Raises: ValueError when it is no moment, a datetime without a zone, or too near the first year or the last.
    """
    moment = datetime.fromisoformat(when) if isinstance(when, str) else when
    if moment.tzinfo is None:
        if not isinstance(when, str):
            raise ValueError(f"{when!r} names no zone, so it is no moment")
        moment = moment.replace(tzinfo=UTC)
    try:
        moment = moment.astimezone(UTC) + timedelta(seconds=shift_s, microseconds=999)
    except OverflowError as error:
        raise ValueError(f"{when} lies too far from any record") from error
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def placed(ts: str) -> str:
    """Return a record's `ts` so that it compares with a bound.

    Raises: Damaged when it is no moment.
    """
    if len(ts) == 24 and ts[10] == "T" and ts[23] == "Z":
        return ts
    try:
        return bound(ts)
    except ValueError as error:
        raise Damaged("its `ts` is no moment, so no range of time holds it") from error


def first_needed(older: list[str], live: Source | None, low: str) -> int:
    """Return the index of the first segment that may hold a record from `low` on; len(older) means the live file."""
    if live and first(live)[1] < low:
        return len(older)
    return max(0, bisect_left(range(len(older)), low, key=lambda at: _begin(older[at:])) - 1)


def first_offset(source: Source, low: str) -> int:
    """Return the start of a line before which no record of a plain file is from `low` on."""
    start, end = 0, source.size_bytes
    while end - start > _NEAR_BYTES:
        middle = (start + end) // 2
        offset, ts = first(source, middle, end)
        if ts < low:
            start = offset
        else:
            end = middle
    return start


def _begin(files: list[str]) -> str:
    """Return the time of the first record in the first of the files that has one."""
    sources = (source for name in files for source in opened(name, lambda _: None))
    return next((ts for source in sources if (ts := first(source)[1]) != _AFTER_ALL), _AFTER_ALL)


def first(source: Source, middle: int = 0, end: int | None = None) -> tuple[int, str]:
    """Return offset and time of the first sound record after an offset: a damaged `ts` must not lead the search astray.

    The line in the middle of which the offset lies is not looked at.
    """
    lines = forward(source, middle, end)
    if middle:
        next(lines, None)
    for offset, line in lines:
        try:
            record = record_at(source, offset, line)
            if record is not None:
                return offset, placed(record["ts"])
        except Damaged:
            continue
    return 0, _AFTER_ALL
