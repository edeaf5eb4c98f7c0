"""A stream as a table in another format: CSV, SQLite or Parquet."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from store.errors import StoreError
from store.read import OnDamage, PathLike, tell


class CannotExport(StoreError):
    """The format asked for is none, or a library for it is missing: the owner does what the message says."""


def export(path: PathLike, to: PathLike, *, on_damage: OnDamage = tell) -> int:
    """Write a whole stream, as it is now, into a file whose ending says the format: .csv, .sqlite or .parquet.

    An existing SQLite database gets what is new in the stream; another file is replaced once the new one is whole.

    Returns: how many records were written.
    Raises: CannotExport when the format is none of these, or needs a library that is not installed.
    Cost: bounded memory. CSV and Parquet read the stream twice, since any record may bring a new column.
    """
    target = Path(to)
    write = _writer(target)
    if not target.parent.is_dir():
        raise CannotExport(f"{target}: there is no such folder")
    if target.suffix in (".sqlite", ".db"):
        return write(os.fspath(path), target, on_damage)
    part = target.with_name(f"{target.name}.part")
    try:
        count = write(os.fspath(path), part, on_damage)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return count


def plain(value: Any) -> str | int | float | bool | None:  # noqa: ANN401 - whatever a record holds
    """Return a value as one cell of a table holds it: lists and objects as JSON."""
    if isinstance(value, (list, dict)):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, str):
        # A lone surrogate, which only a line of another hand can have, is no UTF-8.
        return value.encode(errors="backslashreplace").decode()
    return value  # type: ignore[no-any-return]  # JSON has no more kinds


def _writer(target: Path) -> Callable[[str, Path, OnDamage], int]:
    if target.suffix == ".csv":
        from store.csv_table import write
    elif target.suffix in (".sqlite", ".db"):
        from store.sqlite_table import write
    elif target.suffix == ".parquet":
        from store.parquet_table import write
    else:
        raise CannotExport(f"{target}: ends in none of .csv, .sqlite, .parquet, so the format is not known")
    return write
