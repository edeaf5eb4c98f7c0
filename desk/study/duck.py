"""DuckDB as the engine: the plans as SQL, over JSONL and gz segments where they lie."""

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import numpy as np

from agent.errors import FolderError
from desk.study.files import Box, Files, Shelf
from desk.study.plan import MOMENT, NUMBER, Aggregate, Columns, Condition, Field, Key, Records, Value, empty

# A segment may be renamed or compressed between the listing and the reading.
TRIES = 4
# Above the longest line there may be; DuckDB's own default costs buffers of 32 MiB.
LINE_BYTES_MAX = 1_100_000
_TESTS = {"is": "=", "from": ">=", "before": "<", "above": ">", "up_to": "<="}


class Duck:
    """Runs plans over the files of a shelf.

    Arguments:
        shelf: the files.
        memory_mb: how much DuckDB may hold; beyond it, it spills into a temporary folder on the disk.
    """

    def __init__(self, shelf: Shelf, memory_mb: int) -> None:
        self._shelf = shelf
        # Not /tmp, which is memory on many systems.
        place = "/var/tmp" if Path("/var/tmp").is_dir() else None  # noqa: S108 - a folder of its own is made there
        self._spill = tempfile.TemporaryDirectory(prefix="moss-study-", dir=place)
        # One thread: each has buffers of its own, and the machine this is made for has one.
        self._connection = duckdb.connect(
            config={
                "memory_limit": f"{memory_mb}MB",
                "threads": 1,
                "preserve_insertion_order": "false",
                "temp_directory": self._spill.name,
                "autoinstall_known_extensions": "false",
            }
        )
        self._tables: dict[Records, str] = {}

    def __enter__(self) -> "Duck":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._spill.cleanup()

    def table(self, aggregate: Aggregate) -> Columns:
        """Run one plan; the records it is about are read once, however many plans ask for them."""
        name = self._records(aggregate.records)
        if not name:
            return empty(aggregate)
        keys = [f'{_key(key)} as "{key.name}"' for key in aggregate.keys]
        values = [f'{_value(value)} as "{value.name}"' for value in aggregate.values]
        places = ", ".join(str(at + 1) for at in range(len(keys)))
        query = f"select {', '.join(keys + values)} from {name} where {_all(aggregate.where)}"  # noqa: S608 - quoted
        found = self._connection.execute(f"{query} group by {places} order by {places}").fetchnumpy()
        return {column: np.asarray(values) for column, values in found.items()}

    def _records(self, records: Records) -> str:
        """Return the table that holds the records, each once; empty where there are no files."""
        if records not in self._tables:
            # This may make a table of its own, which comes first.
            known = self._first_known(records.known_from) if records.known_from else ""
            name = f"records_{len(self._tables)}"
            for attempt in range(TRIES):
                source = self._source(records)
                if not source:
                    name = ""
                    break
                try:
                    self._connection.execute(f"create temp table {name} as {_once(records, source, known)}")
                    break
                except duckdb.IOException as error:
                    if attempt == TRIES - 1:
                        raise FolderError(f"{', '.join(records.streams)}: cannot be read: {error}") from error
                except duckdb.OutOfMemoryException as error:
                    raise FolderError(f"{', '.join(records.streams)}: too large for this --memory: {error}") from error
            self._tables[records] = name
        return self._tables[records]

    def _first_known(self, stream: str) -> str:
        records = Records((stream,), (Field("text_id"),), (Condition("kind", "is", "score"),), ("text_id",))
        return self._records(records) or "(select null as text_id, null as ts where false)"

    def _source(self, records: Records) -> str:
        """Return the query that reads the streams out of every box's files."""
        parts: list[str] = []
        for number, box in enumerate(self._shelf.boxes):
            for place, stream in enumerate(records.streams):
                files = self._shelf.files(box, stream)
                for names, compression in ((files.plain, "none"), (files.packed, "gzip")):
                    if names:
                        parts.append(_reading(records, box, (number, place), names, compression, files))
        return " union all ".join(parts)


def _reading(
    records: Records, box: Box, order: tuple[int, int], names: list[str], compression: str, files: Files
) -> str:
    """Return the query that reads some files; a line that is no record comes as a row of nothing, and is left out."""
    fields = {field.name: field for field in (*records.fields, Field("ts", MOMENT), Field("kind"), Field("_c"))}
    columns = ", ".join(
        f"{_text(name)}: '{'DOUBLE' if of.kind == NUMBER else 'VARCHAR'}'" for name, of in fields.items()
    )
    read = (
        f"read_json([{', '.join(map(_text, names))}], format='newline_delimited', ignore_errors=true,"
        f" compression='{compression}', maximum_object_size={LINE_BYTES_MAX}, columns={{{columns}}})"
    )
    cells = ", ".join(f'{_cell(of)} as "{name}"' for name, of in fields.items())
    wrong = f"and (_c is null or _c not in ({', '.join(map(_text, sorted(files.wrong)))}))" if files.wrong else ""
    place = f"{_text(box.name)} as box, (epoch_ms(try_cast(ts[:23] as timestamp)), {order[0]}, {order[1]}) as place"
    return f"select {place}, {cells} from {read} where ts is not null {wrong}"  # noqa: S608


def _once(records: Records, source: str, known: str) -> str:
    """Return the query that keeps the first recorded of each, and only what has every field it needs."""
    needed = [of.name for of in (*records.fields, Field("ts", MOMENT)) if of.instead is None]
    whole = " and ".join(f'"{name}" is not null' for name in needed)
    kept = ", ".join(f'"{name}" := "{name}"' for name in ("box", "ts", *(of.name for of in records.fields)))
    if known:
        source = f"select * replace (first.ts as ts) from ({source}) later join {known} first using (text_id)"  # noqa: S608
    once = ", ".join(f'"{name}"' for name in records.once)
    return (
        f"select unnest(found) from (select arg_min(struct_pack({kept}), (ts, place)) as found"  # noqa: S608
        f" from ({source}) where {whole} and {_all(records.where)} group by {once})"
    )


def _cell(of: Field) -> str:
    name = f'"{of.name}"'
    if of.kind == NUMBER:
        return f"case when isfinite({name}) then {name} end"
    if of.kind == MOMENT:
        good = f"length({name}) = 24 and {name}[11] = 'T' and {name}[24] = 'Z'"
        return f"case when {good} then epoch_ms(try_cast({name}[:23] as timestamp)) end"
    return f"coalesce({name}, {_text(of.instead)})" if of.instead is not None else name


def _key(key: Key) -> str:
    return f'"{key.field}" // {1000 * key.bin_s}' if key.bin_s else f'"{key.field}"'


def _value(value: Value) -> str:
    name = f'"{value.field}"'
    return {
        "count": "count(*)",
        "sum": f"sum({name})",
        "magnitude": f"sum(abs({name}))",
        "max": f"max({name})",
        "min": f"min({name})",
        "last": f'arg_max({name}, "{value.order}")',
    }[value.how]


def _all(conditions: tuple[Condition, ...]) -> str:
    return " and ".join(f'"{each.field}" {_TESTS[each.test]} {_literal(each.value)}' for each in conditions) or "true"


def _literal(value: Any) -> str:  # noqa: ANN401 - a text or a number
    return _text(value) if isinstance(value, str) else repr(value)


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
