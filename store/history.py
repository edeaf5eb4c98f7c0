"""Reading a stream from its beginning on, or from and up to a moment, over all its segments."""

import os
from collections.abc import Iterator
from datetime import datetime

from store.errors import Damaged
from store.forward import blocks, plain_ts, record_at
from store.line import Damage, Record
from store.lines import number_at
from store.read import OnDamage, PathLike, opened, tell
from store.search import SLACK_S, bound, first_needed, first_offset, placed
from store.segments import Source, snapshot


def scan(
    path: PathLike,
    since: str | datetime | None = None,
    until: str | datetime | None = None,
    *,
    on_damage: OnDamage = tell,
) -> Iterator[Record]:
    """Yield records over all segments, oldest first, as they were when it began; in bounded memory.

    Arguments:
        path: the stream's file.
        since: the first moment wanted, ISO-8601 text (UTC where it names no offset) or an aware datetime.
        until: the first moment not wanted any more.
        on_damage: told of each damaged line, which is passed over.
    Raises: ValueError when a bound is no moment.
    Cost: with bounds, finding the first record reads a few blocks, and inflates one segment at most. It relies on `ts`
        rising, but for a minute of slack, and may miss where the clock was set back further.
    """
    path = os.fspath(path)
    if since is None and until is None:
        return (record for source in _sources(path, "", on_damage) for record in _forward(source, on_damage))
    first, low = ("", "") if since is None else (bound(since), bound(since, -SLACK_S))
    end, high = ("~", "~") if until is None else (bound(until), bound(until, SLACK_S))
    return _between(path, first, end, (low, high), on_damage)


def _between(path: str, since: str, until: str, slack: tuple[str, str], on_damage: OnDamage) -> Iterator[Record]:
    low, high = slack
    for source in _sources(path, low, on_damage):
        start = first_offset(source, low) if low and not source.path.endswith(".gz") else 0
        for record in _forward(source, on_damage, start, low):
            try:
                ts = placed(record["ts"])
            except Damaged as error:
                on_damage(Damage(source.path, 0, str(error)))
                continue
            if since <= ts < until:
                yield record
            elif ts >= high:
                return


def _sources(path: str, low: str, on_damage: OnDamage) -> Iterator[Source]:
    """Yield the stream's files, oldest first, from the one on that may hold the first record wanted."""
    older, live = snapshot(path)
    try:
        if low:
            older = older[first_needed(older, live, low) :]
        for name in older:
            yield from opened(name, on_damage)
        if live:
            yield live
    finally:
        if live:
            live.close()


def _forward(source: Source, on_damage: OnDamage, start: int = 0, low: str = "") -> Iterator[Record]:
    """Yield a file's records; a block whose last line says that it comes before `low` is not even parsed."""
    first = index = 0
    for offset, lines in blocks(source, start):
        if b"" < plain_ts(lines[-1]) < low.encode():
            index += len(lines)
            continue
        for line in lines:
            index += 1
            try:
                record = record_at(source, offset, line)
            except Damaged as error:
                first = first or number_at(source, start)
                on_damage(Damage(source.path, first + index - 1, str(error)))
                record = None
            if record is not None:
                yield record
            offset += len(line) + 1
    if source.broken:
        on_damage(Damage(source.path, index + 1, source.broken))
