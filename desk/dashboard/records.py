"""The records of a data folder, as the desk reads them: never more than a few in memory, damage told once."""

import os
from collections.abc import Iterator

from agent.clock import seconds
from agent.console import say
from agent.folder import DataFolder
from store import Damage, Record, newest, scan
from store.line import json_text

STREAMS = ("prices", "signals", "ledger", "sentiment", "events", "feeds")
_TOLD_MAX = 1000

# What tells one state of the folder from another: its own change, and each live file's inode and size.
State = tuple[object, ...]


def moment_s(record: Record) -> float | None:
    """Return when a record was written, seconds since 1970 UTC, None where its `ts` is no moment."""
    try:
        return seconds(record["ts"])
    except (ValueError, OverflowError):
        return None


def text_of(record: Record) -> str:
    """Write a record as JSON; "" where JSON can not tell it, since a number in it, such as 1e999, is beyond any."""
    try:
        return json_text(record)
    except ValueError:
        return ""


class Records:
    """One data folder, opened for reading only.

    Arguments:
        folder: the data folder; it need not exist yet.
    """

    def __init__(self, folder: DataFolder) -> None:
        self.folder = folder
        self._told: set[Damage] = set()

    def path(self, stream: str) -> str:
        """Return the path of a stream's file."""
        return os.fspath(self.folder.stream(stream))

    def newest(self, stream: str) -> Iterator[Record]:
        """Yield a stream's records from the newest back."""
        return newest(self.path(stream), on_damage=self.tell)

    def scan(self, stream: str, since: str | None = None, until: str | None = None) -> Iterator[Record]:
        """Yield a stream's records with since <= ts < until, oldest first."""
        return scan(self.path(stream), since, until, on_damage=self.tell)

    def last_ts(self, stream: str) -> str | None:
        """Return when the stream's newest record was written, None where it has none."""
        return next((record["ts"] for record in self.newest(stream)), None)

    def span_s(self, stream: str) -> tuple[float, float] | None:
        """Return the moments of a stream's oldest and newest record, None where it has none."""
        first_s = next(filter(None, map(moment_s, self.scan(stream))), None)
        last_s = next(filter(None, map(moment_s, self.newest(stream))), None)
        return None if first_s is None or last_s is None else (first_s, last_s)

    def state(self) -> State:
        """Return what changes whenever something was appended, rotated, restored or pruned.

        Cost: seven system calls.
        """
        marks: list[object] = []
        for path in (os.fspath(self.folder.path), *map(self.path, STREAMS)):
            try:
                found = os.stat(path)  # noqa: PTH116 - seven of these a request
            except OSError:
                marks.append(None)
                continue
            marks.append((found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns))
        return tuple(marks)

    def tell(self, damage: Damage) -> None:
        """Say each damaged line once, however often it is passed."""
        if damage not in self._told and len(self._told) < _TOLD_MAX:
            self._told.add(damage)
            say(f"{damage.file}, line {damage.line}: {damage.why}; passed over")
