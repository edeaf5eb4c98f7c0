"""Reading a stream over all its segments: the newest records first, or all of them, or those of a time."""

import os
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from store.errors import Damaged
from store.line import Damage, Record, plain_ts
from store.lines import backward, forward, is_same, number_at, record_at
from store.segments import Source, identity, open_live, open_segment, segments, snapshot

if TYPE_CHECKING:
    from datetime import datetime

OnDamage = Callable[[Damage], object]
PathLike = str | os.PathLike[str]


def tell(damage: Damage) -> None:
    """Write one line about it to standard error; a closed or broken standard error is no reason to stop."""
    try:
        sys.stderr.write(f"store: {damage.file!r}, line {damage.line}: {damage.why}; passed over\n")
    except (OSError, ValueError):
        return


def tail(path: PathLike, n: int, *, on_damage: OnDamage = tell) -> list[Record]:
    """Return the last `n` records, oldest first, or as many as there are.

    Cost: grows with `n`, not with the store.
    """
    records = list(islice(newest(path, on_damage=on_damage), max(0, n)))
    records.reverse()
    return records


def newest(path: PathLike, *, on_damage: OnDamage = tell) -> Iterator[Record]:
    """Yield all records from the newest back, in bounded memory; what is appended meanwhile is not among them."""
    path = os.fspath(path)
    live = open_live(path)
    try:
        if live:
            yield from _backward(live, on_damage)
        older = segments(path)
        if live and identity(path) != live.identity:
            # Rotated meanwhile: it is among the segments itself, and newer ones may follow it.
            older = older[: next((at for at, name in enumerate(older) if is_same(name, live)), None)]
    finally:
        if live:
            live.close()
    for name in reversed(older):
        for source in opened(name, on_damage):
            yield from _backward(source, on_damage)


def scan(
    path: PathLike,
    since: "str | datetime | None" = None,
    until: "str | datetime | None" = None,
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
    from store.search import SLACK_S, bound  # only who asks for a range pays for it

    first, low = ("", "") if since is None else (bound(since), bound(since, -SLACK_S))
    end, high = ("~", "~") if until is None else (bound(until), bound(until, SLACK_S))
    return _between(path, first, end, (low, high), on_damage)


def _between(path: str, since: str, until: str, slack: tuple[str, str], on_damage: OnDamage) -> Iterator[Record]:
    from store.search import first_offset, placed

    low, high = slack
    for source in _sources(path, low, on_damage):
        start = first_offset(source, low) if low else 0
        for record in _forward(source, on_damage, start, since.encode()):
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
            from store.search import first_needed

            older = older[first_needed(older, live, low) :]
        for name in older:
            yield from opened(name, on_damage)
        if live:
            yield live
    finally:
        if live:
            live.close()


def opened(segment: str, on_damage: OnDamage) -> Iterator[Source]:
    """Yield the segment, open, and close it afterwards; only tell where it is gone."""
    try:
        source = open_segment(segment)
    except FileNotFoundError:
        on_damage(Damage(segment, 0, "removed before it was read"))
        return
    try:
        yield source
    finally:
        source.close()


def _forward(source: Source, on_damage: OnDamage, start: int = 0, skip_to: bytes = b"") -> Iterator[Record]:
    first = 0
    index = -1
    for index, (offset, line) in enumerate(forward(source, start)):
        if skip_to:
            if b"" < plain_ts(line) < skip_to:
                continue
            skip_to = b""
        try:
            record = record_at(source, offset, line)
        except Damaged as error:
            first = first or number_at(source, start)
            on_damage(Damage(source.path, first + index, str(error)))
            continue
        if record is not None:
            yield record
    if source.broken:
        on_damage(Damage(source.path, index + 2, source.broken))


def _backward(source: Source, on_damage: OnDamage) -> Iterator[Record]:
    last = 0
    for seen, (offset, line) in enumerate(backward(source)):
        try:
            record = record_at(source, offset, line)
        except Damaged as error:
            last = last or number_at(source, offset) + seen
            on_damage(Damage(source.path, last - seen, str(error)))
            continue
        if record is not None:
            yield record
    if source.broken:
        on_damage(Damage(source.path, 0, source.broken))
