"""A stream as a table of a SQLite database, which each export brings up to date.

A row's key is its record's position in the stream, which neither rotation nor compression changes.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from store.export import CannotExport, plain
from store.follower import Follower
from store.line import Damage, Record
from store.position import PositionLost
from store.read import OnDamage

_KEY = "_position"
_ROWS_A_COMMIT = 10_000
_INTEGER_MAX = 2**63 - 1


def write(path: str, target: Path, on_damage: OnDamage) -> int:
    """Add what is new in the stream to the table that has its name; where to go on from is kept beside it.

    Raises: CannotExport when the file is no database.
    """
    try:
        with closing(sqlite3.connect(target, isolation_level=None)) as database:
            return _Table(database, Path(path).name.removesuffix(".jsonl")).take(path, on_damage)
    except sqlite3.DatabaseError as error:
        raise CannotExport(f"{target}: {error}") from error


class _Table:
    def __init__(self, database: sqlite3.Connection, name: str) -> None:
        self._database = database
        self._name = name
        database.execute("create table if not exists _export (stream text primary key, position text not null)")
        database.execute(f"create table if not exists {_quoted(name)} ({_KEY} text primary key, ts text, kind text)")
        database.execute(f"create index if not exists {_quoted(name + '_ts')} on {_quoted(name)} (ts)")
        self._columns = {column[1].casefold() for column in database.execute(f"pragma table_info({_quoted(name)})")}

    def take(self, path: str, on_damage: OnDamage) -> int:
        """Add all records after the last one that was taken; return how many were new."""
        follower = self._follower(path, on_damage)
        added = 0
        self._database.execute("begin immediate")
        for number, record in enumerate(follower, 1):
            added += self._add(follower.position, record)
            if number % _ROWS_A_COMMIT == 0:
                self._commit(follower.position)
                self._database.execute("begin immediate")
        self._commit(follower.position)
        if follower.is_held_up:
            on_damage(Damage(path, 0, "a writer stands still in it; what comes behind comes with the next export"))
        return added

    def _follower(self, path: str, on_damage: OnDamage) -> Follower:
        kept = self._database.execute("select position from _export where stream = ?", (self._name,)).fetchone()
        try:
            return Follower(path, kept[0] if kept else None, on_damage=on_damage, wait=lambda _: True)
        except PositionLost:
            # Its segment was pruned, or the data restored: what is there already is left alone by its key.
            return Follower(path, None, on_damage=on_damage, wait=lambda _: True)

    def _commit(self, position: str) -> None:
        self._database.execute("insert or replace into _export values (?, ?)", (self._name, position))
        self._database.execute("commit")

    def _add(self, position: str, record: Record) -> int:
        row: dict[str, object] = {_KEY: position}
        for name, value in record.items():
            cell = plain(value)
            row.setdefault(name, str(cell) if isinstance(cell, int) and abs(cell) > _INTEGER_MAX else cell)
            if name.casefold() not in self._columns:
                self._database.execute(f"alter table {_quoted(self._name)} add column {_quoted(name)}")
                self._columns.add(name.casefold())
        names = ", ".join(map(_quoted, row))
        marks = ", ".join("?" * len(row))
        # Names cannot be given as parameters; they are quoted.
        statement = f"insert or ignore into {_quoted(self._name)} ({names}) values ({marks})"  # noqa: S608
        return self._database.execute(statement, tuple(row.values())).rowcount


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("\0", "") + '"'
