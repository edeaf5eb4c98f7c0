"""Reading a stream from its newest record back, over all its segments."""

import os
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from itertools import islice

from store.errors import Damaged
from store.line import Damage, Record, decode
from store.lines import backward, number_at
from store.segments import Source, open_segment, snapshot

# Of what is older than so many records a search reads only what may hold the texts it is for: a year has a million.
READ_ALL_MAX = 5_000

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
    return list(islice(newest(path, on_damage=on_damage), max(0, n)))[::-1]


def newest(path: PathLike, *, on_damage: OnDamage = tell) -> Iterator[Record]:
    """Yield all records from the newest back, in bounded memory; what is appended meanwhile is not among them."""
    for source in sources_back(path, on_damage):
        yield from records_back(source, on_damage)


def newest_holding(
    path: PathLike, sought: Collection[str], also: Collection[str] = (), since: str = ""
) -> Iterator[Record]:
    """Yield the newest few thousand records back, then of the older ones those that hold certain texts.

    Arguments: as `store.sieve.older` has them.
    """
    for count, record in enumerate(newest(path), 1):
        yield record
        if count == READ_ALL_MAX:
            from store.sieve import older  # the newest mostly have all that is sought

            yield from older(path, record, sought, also, since)
            return


def sources_back(path: PathLike, on_damage: OnDamage) -> Iterator[Source]:
    """Yield the stream's files from the newest back, each open until the next is asked for."""
    older, live = snapshot(os.fspath(path))
    if live:
        with closing(live):
            yield live
    for name in reversed(older):
        yield from opened(name, on_damage)


def opened(segment: str, on_damage: OnDamage) -> Iterator[Source]:
    """Yield the segment, open, and close it afterwards; only tell where it is gone."""
    try:
        source = open_segment(segment)
    except FileNotFoundError:
        on_damage(Damage(segment, 0, "removed before it was read"))
        return
    with closing(source):
        yield source


def records_back(
    source: Source, on_damage: OnDamage, is_wanted: Callable[[bytes], bool] | None = None
) -> Iterator[Record]:
    """Yield a file's records from its end back, those whose lines are wanted."""
    last = 0
    for seen, (offset, line) in enumerate(islice(backward(source), 1, None)):
        if is_wanted is not None and not is_wanted(line):
            continue
        try:
            record = decode(line)
        except Damaged as error:
            last = last or number_at(source, offset) + seen
            on_damage(Damage(source.path, last - seen, str(error)))
            continue
        if record is not None:
            yield record
    if source.broken:
        on_damage(Damage(source.path, 0, source.broken))
