"""A stream as a Parquet file, where pyarrow is installed."""

import json
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from store.export import CannotExport, plain
from store.history import scan
from store.line import Record
from store.read import OnDamage

_ROWS_A_GROUP = 5_000
_INTEGER_MAX = 2**63 - 1


def write(path: str, target: Path, on_damage: OnDamage) -> int:
    """Write the stream; a column of mixed kinds becomes text, one of whole and other numbers becomes floats.

    Raises: CannotExport when pyarrow is missing.
    """
    try:
        pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise CannotExport("Parquet needs pyarrow, which is no part of moss: pip install pyarrow") from error
    kinds: dict[str, str] = {}
    count = 0
    for record in scan(path, on_damage=on_damage):
        count += 1
        for name, value in record.items():
            kinds[name] = _common(kinds.get(name, ""), plain(value))
    types = {"": pyarrow.null, "bool": pyarrow.bool_, "int": pyarrow.int64, "float": pyarrow.float64}
    schema = pyarrow.schema([(name, types.get(kind, pyarrow.string)()) for name, kind in kinds.items()])
    records = islice(scan(path, on_damage=lambda _: None), count)
    with parquet.ParquetWriter(target, schema) as writer:
        while group := list(islice(records, _ROWS_A_GROUP)):
            columns = {name: [_cell(record, name, kind) for record in group] for name, kind in kinds.items()}
            writer.write_table(pyarrow.table(columns, schema))
    return count


def _common(kind: str, value: object) -> str:
    """Return the kind that a column has after one more value."""
    if value is None:
        return kind
    found = type(value).__name__
    if isinstance(value, int) and not -_INTEGER_MAX - 1 <= value <= _INTEGER_MAX:
        found = "str"
    if kind in ("", found):
        return found
    return "float" if {kind, found} == {"int", "float"} else "str"


def _cell(record: Record, name: str, kind: str) -> Any:  # noqa: ANN401 - one of the kinds above
    value = plain(record.get(name))
    if value is None:
        return None
    if kind == "str":
        return value if isinstance(value, str) else json.dumps(value)
    return float(value) if kind == "float" else value
