"""Removing old segments from the data, and only those that a backup was found to hold."""

import os
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from store.backup import backups
from store.errors import Damaged
from store.forward import forward, plain_ts, record_at
from store.lines import backward
from store.manifest import Entry, load, measure, wrong_file
from store.read import opened
from store.search import bound, placed
from store.segments import open_segment, snapshot
from store.streams import streams

STAYING = frozenset({"events.jsonl", "ledger.jsonl", "offbox.jsonl"})
"""Small streams that their writers go on from, however old their records: what is owned, what was ordered or sent."""


class Kept(NamedTuple):
    """The oldest segment of a stream that stays though it is old enough to go, and why."""

    segment: str
    why: str


def prune(
    folder: str | os.PathLike[str],
    to: str | os.PathLike[str],
    keep_d: int,
    *,
    now: datetime | None = None,
    is_trial: bool = False,
) -> Iterator[str | Kept]:
    """Remove segments whose records are all older than some days, oldest first; a stream never gets a hole.

    A stream's newest records stay whatever their age, and all of the streams `STAYING`: writers go on from there.

    Arguments:
        folder: the data folder.
        to: the folder of backups; its newest one must hold the segment's content, and is read to see that it does.
        keep_d: how many days of records stay; 0 keeps all for ever.
        now: the moment to count from.
        is_trial: remove nothing, only tell.
    Yields: each segment that was removed; and what stopped it in a stream, if anything did.
    Raises: BadBackup when the newest backup's manifest is damaged.
    """
    found = backups(to)
    entries = load(found[-1]).entries if found else {}
    horizon = bound((now or datetime.now(UTC)) - timedelta(days=keep_d))
    for path in streams(folder) if keep_d else []:
        for name in _older(path) if Path(path).name not in STAYING else []:
            if _newest_ts(name) >= horizon:
                break
            if why := _not_held(name, found[-1] if found else None, entries.get(Path(name).name)):
                yield Kept(name, why)
                break
            if not is_trial:
                # The plain one last: it counts, and what lies compressed beside it may be half of it.
                for ending in (".gz", ""):
                    Path(name + ending).unlink(missing_ok=True)
            yield name


def _older(path: str) -> list[str]:
    """Return a stream's segments, oldest first, without the one that its newest record is in."""
    older, live = snapshot(path)
    if live is None:
        return older[:-1]
    with closing(live):
        return older if any(line.strip() for _, line in backward(live)) else older[:-1]


def _newest_ts(name: str) -> str:
    """Return the highest time in a segment, which is not its last where the clock was set back."""
    highest = ""
    for source in opened(name, lambda _: None):
        for offset, line in forward(source):
            with suppress(Damaged):
                if ts := plain_ts(line).decode(errors="replace"):
                    highest = max(highest, ts)
                elif record := record_at(source, offset, line):
                    highest = max(highest, placed(record["ts"]))
    return highest


def _not_held(name: str, backup: Path | None, entry: Entry | None) -> str:
    """Return why the backup does not stand for a segment, empty if it does."""
    if backup is None:
        return "there is no backup"
    if entry is None:
        return f"{backup} does not hold it"
    if entry.damage:
        return f"{backup} holds it damaged: {entry.damage}"
    with closing(open_segment(name)) as source:
        if measure(source) != (entry.size_bytes, entry.sha256):
            return f"{backup} holds another content of it"
    return wrong_file(backup, entry)
