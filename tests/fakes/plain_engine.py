"""The study's plans run in plain Python over the store's own reader: slow, and nothing like SQL."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from agent.clock import seconds
from desk.study.files import Box
from desk.study.plan import MOMENT, NUMBER, Aggregate, Columns, Condition, Field, Records, Value
from store import scan

Row = dict[str, Any]


class PlainEngine:
    """An engine that shares nothing with the one in use but the plan."""

    def __init__(self, boxes: list[Box]) -> None:
        self._boxes = boxes

    def table(self, aggregate: Aggregate) -> Columns:
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in self._records(aggregate.records):
            if all(_holds(row, condition) for condition in aggregate.where):
                keys = (row[key.field] // (1000 * key.bin_s) if key.bin_s else row[key.field] for key in aggregate.keys)
                groups.setdefault(tuple(keys), []).append(row)
        ordered = sorted(groups)
        columns = {key.name: [group[at] for group in ordered] for at, key in enumerate(aggregate.keys)}
        columns |= {value.name: [_made(value, groups[group]) for group in ordered] for value in aggregate.values}
        return {name: np.array(cells, dtype=object) for name, cells in columns.items()}

    def _records(self, records: Records) -> list[Row]:
        known = self._first_known(records.known_from) if records.known_from else None
        first: dict[tuple[Any, ...], tuple[tuple[int, int, int], Row]] = {}
        for number, row in self._rows(records):
            recorded = row["ts"]
            if known is not None:
                if row["text_id"] not in known:
                    continue
                row = {**row, "ts": known[row["text_id"]]}
            if not all(_holds(row, condition) for condition in records.where):
                continue
            key, order = tuple(row[name] for name in records.once), (row["ts"], recorded, number)
            if key not in first or order < first[key][0]:
                first[key] = order, row
        return [row for _, row in first.values()]

    def _first_known(self, stream: str) -> dict[str, int]:
        wanted = Records((stream,), (Field("text_id"),), (Condition("kind", "is", "score"),), ("text_id",))
        return {row["text_id"]: row["ts"] for row in self._records(wanted)}

    def _rows(self, records: Records) -> Iterator[tuple[int, Row]]:
        fields = (*records.fields, Field("ts", MOMENT), Field("kind"))
        for number, box in enumerate(self._boxes):
            for stream in records.streams:
                for record in scan(box.folder / f"{stream}.jsonl", on_damage=lambda _: None):
                    row = {of.name: _cell(record.get(of.name), of) for of in fields}
                    if None not in row.values():
                        yield number, {**row, "box": box.name}


def _cell(value: Any, of: Field) -> Any:  # noqa: ANN401 - a cell of any kind
    if of.kind == NUMBER:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if of.kind == MOMENT:
        return round(seconds(value) * 1000) if isinstance(value, str) else None
    return value if value is not None else of.instead


def _holds(row: Row, condition: Condition) -> bool:
    value, than = row[condition.field], condition.value
    return {
        "is": bool(value == than),
        "from": condition.test == "from" and bool(value >= than),
        "before": condition.test == "before" and bool(value < than),
        "above": condition.test == "above" and bool(value > than),
        "up_to": condition.test == "up_to" and bool(value <= than),
    }[condition.test]


def _made(value: Value, rows: list[Row]) -> Any:  # noqa: ANN401 - a number
    cells = [row[value.field] for row in rows] if value.field else []
    if value.how == "count":
        return len(rows)
    if value.how == "magnitude":
        return sum(abs(cell) for cell in cells)
    if value.how == "last":
        return max(rows, key=lambda row: row[value.order])[value.field]
    if value.how == "sum":
        return sum(cells)
    return max(cells) if value.how == "max" else min(cells)
