"""Nobody who reads on later has seen what a writer then took back: readers look at a file while no writer is in it."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from agent.folder import DataFolder
from agent.orders import Orders
from desk.dashboard.cells import Scores
from desk.dashboard.digests import Digests
from desk.dashboard.records import Records
from store import PositionLost, Record, Store, content, newest, verify
from store import segments as files
from store.backup import backup, backups
from store.export import export
from tests.faults.store_rotation import rotate
from tests.numbered import numbers, numbers_from, record, store

PATIENCE_S = 60
MEANWHILE_S = 0.1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder / "events.jsonl"


@pytest.fixture(params=["careful", "careless"])
def is_careful(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Return whether readers mind the writers' lock; each fault must break those that do not."""
    is_careful = bool(request.param == "careful")
    if is_careful:
        monkeypatch.setattr(files, "_SETTLE_S_MAX", PATIENCE_S)
    else:
        monkeypatch.setattr(files.Source, "is_free", lambda _: True)
    return is_careful


@contextmanager
def taken_back(path: Path, records: list[Record], *others: Record, is_careful: bool) -> Iterator[None]:
    """Within the block some records are written, and then taken back, for the file was rotated.

    Others come first in the next file. At the end of the block all are stored. Who is careful waits for it, so it comes
    to that shortly after the block began; who is not must have looked by then, so it comes to that at its end.
    """
    is_written, may_look = threading.Event(), threading.Event()

    class Slow(Store):
        def _stays(self) -> bool:
            is_written.set()
            may_look.wait(PATIENCE_S)
            return super()._stays()

    def write() -> None:
        with Slow(path, durable=False) as writer:
            writer.lock_wait_s_max = PATIENCE_S
            writer.append_many(records)

    def go_on() -> None:
        rotate(path, 1000 + len(list(path.parent.iterdir())))
        if others:
            store(path, *others)
        may_look.set()

    writer, clock = threading.Thread(target=write), threading.Timer(MEANWHILE_S, go_on)
    writer.start()
    assert is_written.wait(PATIENCE_S)
    if is_careful:
        clock.start()
    try:
        yield
    finally:
        if is_careful:
            clock.join()
        else:
            go_on()
        writer.join()


def test_place_leads_to_each_record_once_when_a_line_is_taken_back(path: Path, *, is_careful: bool) -> None:
    store(path, record(0))
    with taken_back(path, [record(1)], is_careful=is_careful):
        found, position = numbers_from(path)
    store(path, record(2))
    found += numbers_from(path, position)[0]
    assert (found == [0, 1, 2]) == is_careful


@pytest.mark.parametrize("count", [2, 6_000])
def test_place_leads_to_each_record_once_when_an_append_of_many_is_taken_back(
    path: Path, count: int, *, is_careful: bool
) -> None:
    store(path, record(0))
    found: list[int] = []
    with suppress(PositionLost):
        with taken_back(path, [record(n) for n in range(1, 1 + count)], is_careful=is_careful):
            found, position = numbers_from(path, most=2)
        found += numbers_from(path, position)[0]
    assert (found == list(range(1 + count))) == is_careful


def test_place_is_found_when_the_first_line_of_its_file_is_taken_back(path: Path, *, is_careful: bool) -> None:
    store(path, record(0))
    rotate(path, 1)
    found: list[int] = []
    with suppress(PositionLost):
        with taken_back(path, [record(1)], record(5), is_careful=is_careful):
            found, position = numbers_from(path)
        found += numbers_from(path, position)[0]
    assert (sorted(found) == [0, 1, 5]) == is_careful


def test_export_has_each_row_once_when_a_line_is_taken_back(path: Path, tmp_path: Path, *, is_careful: bool) -> None:
    out = tmp_path / "out.sqlite"
    store(path, record(0))
    with taken_back(path, [record(1)], is_careful=is_careful):
        export(path, out)
    export(path, out)
    with closing(sqlite3.connect(out)) as database:
        rows = [n for (n,) in database.execute("select n from events order by n")]
    assert (rows == [0, 1]) == is_careful


def test_order_is_followed_when_the_event_behind_it_was_taken_back(path: Path, *, is_careful: bool) -> None:
    store(path, {**record(0), "kind": "start", "seen_ts": None})
    orders = Orders(path)
    found: list[int] = []

    def step() -> None:
        fresh = orders.fresh()
        orders.done(fresh)
        found.extend(event["n"] for event in fresh)

    with taken_back(path, [record(1)], {**record(7), "kind": "command"}, is_careful=is_careful):
        step()
    step()
    assert (7 in found) == is_careful
    assert 1 in found


def test_score_is_counted_once_when_it_was_taken_back(path: Path, *, is_careful: bool) -> None:
    path = path.with_name("sentiment.jsonl")
    digests = Digests(Records(DataFolder(path.parent)), "sentiment", Scores, 10**6)

    def count() -> float:
        return sum(float(sum(row[2::3])) for cells in digests.from_moment(0, 9e9) for row in cells.rows.values())

    store(path, record(0, kind="score", source="a", score=1.0))
    with taken_back(path, [record(1, kind="score", source="a", score=1.0)], is_careful=is_careful):
        count()
    assert (count() == 2) == is_careful


def test_backup_holds_no_line_that_is_taken_back(path: Path, tmp_path: Path, *, is_careful: bool) -> None:
    store(path, record(0))
    with taken_back(path, [record(1)], is_careful=is_careful):
        backup(path.parent, tmp_path / "backups", now_s=1e9)
    (made,) = backups(tmp_path / "backups")
    now = [file.read_bytes() for file in path.parent.iterdir()]
    held = [file.read_bytes() for file in made.glob("events.jsonl*")]
    assert held
    assert all(any(content.startswith(each) for content in now) for each in held) == is_careful


@pytest.mark.parametrize("is_live", [True, False])
def test_readers_take_a_file_as_it_is_when_its_writer_stands_still(
    path: Path, monkeypatch: pytest.MonkeyPatch, *, is_live: bool
) -> None:
    monkeypatch.setattr(files, "_SETTLE_S_MAX", 0.05)
    store(path, record(0), record(1))
    with Store(path) as writer:
        writer._lock()
        if not is_live:
            rotate(path, 1)
            store(path, record(2))
        wanted = [0, 1] if is_live else [0, 1, 2]
        assert numbers(path) == wanted
        assert [found["n"] for found in newest(path)] == wanted[::-1]
        assert verify(path).records == len(wanted)
        assert backup(path.parent, path.parent.parent / "backups").damaged == []
        # One that goes on later waits, for it would see twice what that writer takes back.
        assert numbers_from(path) == ([], "start")
    assert numbers_from(path)[0] == wanted


def test_writer_is_held_up_by_no_reader_that_a_signal_ended(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def end() -> None:
        raise KeyboardInterrupt

    store(path, record(0))
    # It stays open, as it may for a while after such an exception.
    with closing(files.open_segment(str(path))) as source, Store(path) as writer:
        monkeypatch.setattr(source, "measure", end)
        with pytest.raises(KeyboardInterrupt):
            source.settle()
        writer.lock_wait_s_max = 0
        writer.append(record(1))


def test_backup_is_whole_when_a_segment_grows_beside_it(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(path, record(0))
    segment = rotate(path, 1)
    opened = files.open_segment

    def late(name: str) -> files.Source:
        source = opened(name)
        with segment.open("ab") as file:
            file.write(b" " * 70 + b"\n")  # what a writer leaves that had opened it before
        return source

    monkeypatch.setattr(content, "open_segment", late)
    assert backup(path.parent, tmp_path / "backups", now_s=1e9).damaged == []
    (made,) = backups(tmp_path / "backups")
    assert numbers(made / "events.jsonl") == [0]
