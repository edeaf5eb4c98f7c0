"""A stream as CSV that a spreadsheet may open: no cell that came from outside is run as a formula."""

import csv
import re
from itertools import islice
from pathlib import Path

from store.export import plain
from store.history import scan
from store.read import OnDamage

_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")
# What begins a formula, in full width too, behind whatever white space a spreadsheet strips.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")


def write(path: str, target: Path, on_damage: OnDamage) -> int:
    """Write the stream; a record without one of the columns has an empty cell there."""
    columns: dict[str, None] = {}
    count = 0
    for record in scan(path, on_damage=on_damage):
        columns.update(dict.fromkeys(record))
        count += 1
    with open(target, "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        # Python quotes a carriage return of itself only where lines end in one.
        quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        table.writerow(_cell(name) for name in columns)
        for record in islice(scan(path, on_damage=lambda _: None), count):
            cells = [_cell(record.get(name)) for name in columns]
            (quoted if any("\r" in cell for cell in cells if isinstance(cell, str)) else table).writerow(cells)
    return count


def _cell(value: object) -> object:
    value = plain(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
