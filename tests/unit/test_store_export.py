"""Exporting: every record is a row, nothing is run by a spreadsheet, and SQLite gets only what is new."""

import csv
import sqlite3
import sys
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from store import Damage, Record, Store, segments, verify
from store.__main__ import main
from store.export import CannotExport, export
from tests.faults.store_rotation import compress, rotate


def record(n: int, **fields: object) -> Record:
    return {"ts": f"2026-11-21T00:00:{n % 60:02d}.000Z", "kind": "test", "n": n, **fields}


def fill(path: Path, first: int, end: int) -> None:
    with Store(path, durable=False) as store:
        store.append_many(record(n) for n in range(first, end))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """30 records over a compressed segment, a plain one and the live file."""
    path = tmp_path / "prices.jsonl"
    for at in range(3):
        fill(path, at * 10, at * 10 + 10)
        if at < 2:
            segment = rotate(path, at)
            if at < 1:
                compress(segment)
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def query(path: Path, text: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(text).fetchall()


def test_csv_has_a_row_for_each_record_and_a_column_for_each_field(path: Path, tmp_path: Path) -> None:
    with Store(path) as store:
        store.append(record(30, title='비트코인, 급등 "1"', why={"a": [1, None]}, up=True, none=None))
    assert export(path, tmp_path / "out.csv") == 31
    found = rows(tmp_path / "out.csv")
    assert [int(row["n"]) for row in found] == list(range(31))
    assert list(found[0]) == ["ts", "kind", "n", "title", "why", "up", "none"]
    assert found[0]["title"] == ""
    assert (found[30]["title"], found[30]["why"]) == ('비트코인, 급등 "1"', '{"a":[1,null]}')
    assert (found[30]["up"], found[30]["none"]) == ("true", "")
    assert export(path, tmp_path / "out.csv") == 31
    assert len(rows(tmp_path / "out.csv")) == 31


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1+1", "＝1+1", '=HYPERLINK("x")'],
)
def test_csv_cell_is_no_formula(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "news.jsonl"
    with Store(path) as store:
        store.append(record(0, **{"title": cell, "=cmd": 1}))
    export(path, tmp_path / "out.csv")
    (row,) = rows(tmp_path / "out.csv")
    assert row["title"] == f"'{cell}"
    assert "'=cmd" in row


@pytest.mark.parametrize("cell", ["-12.50", "+3", "1e-7", "a=b", "비트코인", "-1.5e+9"])
def test_csv_leaves_numbers_and_words_as_they_are(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "ledger.jsonl"
    with Store(path) as store:
        store.append(record(0, amount=cell, change=-5.5))
    export(path, tmp_path / "out.csv")
    (row,) = rows(tmp_path / "out.csv")
    assert (row["amount"], row["change"]) == (cell, "-5.5")


def test_sqlite_gets_only_what_is_new_over_rotations(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.sqlite"
    assert export(path, out) == 30
    assert export(path, out) == 0
    fill(path, 30, 33)
    rotate(path, 7)
    compress(path.with_name("prices.jsonl-20261121-1"))
    fill(path, 33, 35)
    assert export(path, out) == 5
    assert [n for (n,) in query(out, "select n from prices order by ts")] == list(range(35))


def test_sqlite_gets_all_of_a_long_segment_that_was_compressed_meanwhile(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.sqlite"
    fill(path, 30, 6_000)
    assert export(path, out) == 6_000
    fill(path, 6_000, 12_000)
    compress(rotate(path, 7))
    fill(path, 12_000, 12_001)
    assert export(path, out) == 6_001
    assert [n for (n,) in query(out, "select n from prices order by n")] == list(range(12_001))


def test_sqlite_tells_when_a_writer_that_stands_still_holds_records_back(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "_SETTLE_S_MAX", 0.05)
    out, told = tmp_path / "out.sqlite", list[Damage]()
    with Store(path) as writer:
        writer._lock()
        assert export(path, out, on_damage=told.append) == 20
    assert [damage.why.partition(";")[0] for damage in told] == ["a writer stands still in it"]
    assert export(path, out, on_damage=told.append) == 10
    assert len(told) == 1


def test_csv_is_written_when_an_earlier_export_died(path: Path, tmp_path: Path) -> None:
    (tmp_path / "out.csv.part").write_text("half a line")
    assert export(path, tmp_path / "out.csv") > 0
    assert not (tmp_path / "out.csv.part").exists()


def test_sqlite_gets_nothing_twice_after_its_place_was_pruned_or_forgotten(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.sqlite"
    export(path, out)
    with closing(sqlite3.connect(out)) as database, database:
        database.execute("update _export set position = 'gone/00000000/5'")
    fill(path, 30, 32)
    assert export(path, out) == 2
    assert query(out, "select count(*), count(distinct n) from prices") == [(32, 32)]


def test_sqlite_keeps_records_that_are_the_same_in_all(tmp_path: Path) -> None:
    path, out = tmp_path / "events.jsonl", tmp_path / "out.sqlite"
    with Store(path) as store:
        store.append_many([record(0)] * 3)
    assert export(path, out) == 3


def test_sqlite_takes_any_value_name_and_stream(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.sqlite"
    export(path, out)
    with Store(tmp_path / "x; drop.jsonl") as store:
        store.append(record(0, **{'a"b': 2**70, "list": [1], "up": True, "none": None, "N": 1, "_position": "x"}))
        store.append(record(1, order="group by"))
    assert export(tmp_path / "x; drop.jsonl", out) == 2
    ((big, items, up),) = query(out, 'select "a""b", list, up from "x; drop" where up is not null')
    assert (big, items, up) == (str(2**70), "[1]", 1)
    assert query(out, "select count(*) from prices") == [(30,)]


def test_sqlite_that_is_killed_halfway_goes_on(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from store import sqlite_table

    class Killed(BaseException):
        pass

    out = tmp_path / "out.sqlite"
    monkeypatch.setattr(sqlite_table, "_ROWS_A_COMMIT", 7)
    add = sqlite_table._Table._add
    left = [17]

    def killed(self: sqlite_table._Table, position: str, found: Record) -> int:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return add(self, position, found)

    monkeypatch.setattr(sqlite_table._Table, "_add", killed)
    with pytest.raises(Killed):
        export(path, out)
    assert query(out, "select count(*) from prices") == [(14,)]
    left[0] = 1000
    assert export(path, out) == 16
    assert [n for (n,) in query(out, "select n from prices order by n")] == list(range(30))


def test_export_refuses_what_it_cannot_do(path: Path, tmp_path: Path) -> None:
    for name, why in (("out.xls", "none of"), ("no/out.csv", "no such folder")):
        with pytest.raises(CannotExport, match=why):
            export(path, tmp_path / name)
    (tmp_path / "bad.sqlite").write_text("no database, but long enough to be taken for one" * 50)
    with pytest.raises(CannotExport, match="not a database"):
        export(path, tmp_path / "bad.sqlite")


def test_parquet_says_what_it_needs_where_that_is_missing(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CannotExport, match="pip install pyarrow"):
        export(path, tmp_path / "out.parquet")
    assert list(tmp_path.glob("out*")) == []


def parquet_table(path: Path) -> Any:  # noqa: ANN401 - pyarrow comes without types
    pytest.importorskip("pyarrow", reason="needs pyarrow, which requirements-dev.lock brings")
    return import_module("pyarrow.parquet").read_table(path)


MIXED: dict[str, tuple[list[object], str, list[object]]] = {
    "whole": ([1, -5, None], "int64", [1, -5, None]),
    "number": ([1, 1.5, None], "double", [1.0, 1.5, None]),
    "up": ([True, None, False], "bool", [True, None, False]),
    "some": ([True, 1, "a"], "string", ["true", "1", "a"]),
    "huge": ([2**70, 1, None], "string", [str(2**70), "1", None]),
    "least": ([-(2**63), 2**63 - 1, 0], "int64", [-(2**63), 2**63 - 1, 0]),
    "exact": (["0.10", "1e3", None], "string", ["0.10", "1e3", None]),
    "tags": ([["a"], "b", {"c": None}], "string", ['["a"]', "b", '{"c":null}']),
    "nothing": ([None, None, None], "null", [None, None, None]),
    "제목": (["한글", "\x00\x7f", ""], "string", ["한글", "\x00\x7f", ""]),
}


def test_parquet_has_a_column_of_one_kind_for_each_field(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs pyarrow, which requirements-dev.lock brings")
    path = tmp_path / "mixed.jsonl"
    with Store(path) as store:
        store.append_many(record(n, **{name: values[n] for name, (values, _, _) in MIXED.items()}) for n in range(3))
        store.append(record(3))
    assert export(path, tmp_path / "out.parquet") == 4
    table = parquet_table(tmp_path / "out.parquet")
    assert table.column_names == ["ts", "kind", "n", *MIXED]
    assert {name: str(table.schema.field(name).type) for name in MIXED} == {
        name: kind for name, (_, kind, _) in MIXED.items()
    }
    assert {name: table[name].to_pylist() for name in MIXED} == {
        name: [*found, None] for name, (*_, found) in MIXED.items()
    }


def test_parquet_is_replaced_by_all_there_is_when_exported_again(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from store import parquet_table as writing

    monkeypatch.setattr(writing, "_ROWS_A_GROUP", 7)
    out = tmp_path / "out.parquet"
    pytest.importorskip("pyarrow", reason="needs pyarrow, which requirements-dev.lock brings")
    assert export(path, out) == 30
    compress(rotate(path, 9))
    with Store(path) as store:
        store.append(record(30, later=1))
    assert export(path, out) == 31
    assert parquet_table(out)["n"].to_pylist() == list(range(31))
    assert parquet_table(out)["later"].to_pylist() == [None] * 30 + [1]
    assert export(tmp_path / "none.jsonl", tmp_path / "none.parquet") == 0
    assert parquet_table(tmp_path / "none.parquet").num_rows == 0


def test_damaged_line_is_told_once_and_left_out(path: Path, tmp_path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"n":25', b'"n":99'))
    for name in ("out.csv", "out.sqlite"):
        told: list[object] = []
        assert export(path, tmp_path / name, on_damage=told.append) == 29
        assert len(told) == len(verify(path).damaged) == 1


def test_export_command_tells_how_many(path: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["export", str(path), str(tmp_path / "out.csv")]) == 0
    assert main(["export", str(path), str(tmp_path / "out.txt")]) == 1
    sys.stdout.flush()
    out, err = capfdbinary.readouterr()
    assert out.decode() == f"{tmp_path}/out.csv: 30 records written\n"
    assert b"the format is not known" in err
