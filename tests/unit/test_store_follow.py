"""Following over rotations, and going on from a kept position."""

import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import Damage, Follower, PositionLost, Record, Store, follow, scan, segments
from store.line import encode
from tests.faults.store_rotation import compress, rotate, spread

PIECE_BYTES = 262_144
"""So much content of a compressed segment is inflated at once."""


def record(n: int) -> Record:
    return {"ts": f"2026-11-21T00:{n // 60 % 60:02d}:{n % 60:02d}.000Z", "kind": "test", "n": n}


def fill(path: Path, first: int, end: int) -> None:
    with Store(path, durable=False) as store:
        store.append_many(record(n) for n in range(first, end))


_followers: list[Follower] = []


@pytest.fixture(autouse=True)
def followers_closed() -> Iterator[None]:
    """Let go of the files that followers of this test hold."""
    yield
    while _followers:
        _followers.pop().close()


def now(path: Path, position: str | None = None, told: list[Damage] | None = None) -> Follower:
    """Follow, but end where it would wait."""
    found: list[Damage] = [] if told is None else told
    _followers.append(follow(path, position, on_damage=found.append, wait=lambda _: True))
    return _followers[-1]


def numbers(records: Iterator[Record]) -> list[int]:
    return [found["n"] for found in records]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "prices.jsonl"


@pytest.fixture
def segmented(path: Path) -> Path:
    spread(path, [record(n) for n in range(100)], 4)
    return path


def test_follow_gives_everything_from_the_start_and_then_what_comes(segmented: Path) -> None:
    follower = now(segmented)
    assert numbers(follower) == list(range(100))
    fill(segmented, 100, 103)
    assert numbers(follower) == [100, 101, 102]
    assert numbers(follower) == []


def test_follow_waits_for_a_file_that_is_not_there_yet(path: Path) -> None:
    for position in (None, "start", "end"):
        follower = now(path, position)
        assert numbers(follower) == []
        assert follower.position == "start"
    fill(path, 0, 2)
    assert numbers(follower) == [0, 1]


def test_follow_from_the_end_gives_only_what_comes(segmented: Path) -> None:
    follower = now(segmented, "end")
    fill(segmented, 100, 102)
    assert numbers(follower) == [100, 101]


def test_follow_from_the_end_works_right_after_a_rotation(segmented: Path) -> None:
    rotate(segmented, 200)
    follower = now(segmented, "end")
    kept = follower.position
    fill(segmented, 100, 102)
    assert numbers(follower) == numbers(now(segmented, kept)) == [100, 101]


def test_every_position_leads_to_the_next_record_even_after_compression(segmented: Path) -> None:
    follower = now(segmented)
    kept = [follower.position]
    for _ in range(100):
        next(follower)
        kept.append(follower.position)
    assert len(set(kept)) == 101
    compress(segmented.with_name("prices.jsonl-20261121-102"))
    compress(rotate(segmented, 103))
    fill(segmented, 100, 105)
    for at in range(101):
        assert numbers(now(segmented, kept[at])) == list(range(at, 105))


@pytest.mark.parametrize("at", [1, 1_000, 5_000, 9_999])
def test_position_in_a_long_compressed_segment_leads_to_the_next_record(path: Path, at: int) -> None:
    count = 10_000
    fill(path, 0, at)
    follower = now(path)
    assert numbers(follower) == list(range(at))
    kept = follower.position
    fill(path, at, count)
    assert path.stat().st_size > 2 * PIECE_BYTES
    compress(rotate(path, 1))
    fill(path, count, count + 1)
    told: list[Damage] = []
    follower = now(path, kept, told)
    for n in range(at, count + 1):
        assert next(follower)["n"] == n
        if n % 1_000 == 999:
            assert next(now(path, follower.position, told))["n"] == n + 1
    assert told == []


def test_position_of_an_earlier_version_still_leads_to_the_next_record(segmented: Path) -> None:
    follower = now(segmented)
    for at in range(1, 100):
        next(follower)
        assert numbers(now(segmented, follower.position.rpartition("/")[0])) == list(range(at, 100))


@pytest.mark.parametrize("text", ["", "longer", "é" * 700])
def test_position_is_lost_when_other_records_took_its_place(segmented: Path, text: str) -> None:
    before = segmented.read_bytes()
    fill(segmented, 100, 120)
    follower = now(segmented)
    kept = [follower.position for _ in follower]
    # A backup of that moment was restored, and others follow.
    segmented.write_bytes(before)
    with Store(segmented) as store:
        store.append_many({**record(n), "text": text} for n in range(500, 540))
    assert numbers(now(segmented, kept[99])) == list(range(500, 540))
    for position in kept[100:]:
        with pytest.raises(PositionLost):
            now(segmented, position)


def test_position_holds_when_its_own_record_was_taken_back(segmented: Path) -> None:
    follower = now(segmented)
    kept = [follower.position for _ in follower][-1]
    content = segmented.read_bytes()
    line = content.splitlines(keepends=True)[-1]
    segmented.write_bytes(content[: -len(line)] + b" " * (len(line) - 1) + b"\n")
    fill(segmented, 100, 102)
    assert numbers(now(segmented, kept)) == [100, 101]
    blank = now(segmented, "end").position
    fill(segmented, 102, 103)
    assert numbers(now(segmented, blank)) == [102]


@pytest.mark.parametrize("bad", ["", "x", "/", "2026-11-21T00:00:00.000Z/00000000/5", "//5", "end/1/2/3/4"])
def test_unknown_position_is_an_error(segmented: Path, bad: str) -> None:
    with pytest.raises(PositionLost):
        follow(segmented, bad)


def test_position_in_a_pruned_segment_is_an_error(segmented: Path) -> None:
    follower = now(segmented)
    next(follower)
    segmented.with_name("prices.jsonl-20261121-100.gz").unlink()
    with pytest.raises(PositionLost, match="start or from end"):
        follow(segmented, follower.position)


def test_follow_misses_and_doubles_nothing_over_rotations_in_between(path: Path, seed: int) -> None:
    rng = random.Random(seed)
    follower = now(path)
    found: list[int] = []
    epoch = 0
    segments: list[Path] = []
    for n in range(400):
        fill(path, n, n + 1)
        if rng.random() < 0.2:
            segments.append(rotate(path, epoch := epoch + 1))
        if rng.random() < 0.1 and segments:
            compress(segments.pop(0))
        if rng.random() < 0.3:
            found += numbers(follower)
            follower = now(path, follower.position) if rng.random() < 0.3 else follower
    found += numbers(follower)
    assert found == list(range(400))


def test_follow_keeps_up_with_two_writers_and_rotations(path: Path) -> None:
    done = threading.Event()
    found: list[int] = []
    told: list[Damage] = []
    follower = follow(path, on_damage=told.append, wait=lambda _: done.wait(0.001))

    def read() -> None:
        found.extend(numbers(follower))

    def write(first: int) -> None:
        with Store(path, durable=False) as store:
            for n in range(first, first + 2000):
                store.append(record(n))

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(first,)) for first in (0, 2000)]
    reader.start()
    for writer in writers:
        writer.start()
    epoch = 0
    while any(writer.is_alive() for writer in writers):
        if path.exists():
            rotate(path, epoch := epoch + 1)
        threading.Event().wait(0.003)
    done.set()
    reader.join()
    found += numbers(follower)
    assert told == []
    assert found == numbers(scan(path))
    assert sorted(found) == list(range(4000))
    assert epoch > 5


@pytest.mark.parametrize("times", [1, 2, 5])
def test_line_that_is_taken_back_comes_once(path: Path, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "_SETTLE_S_MAX", 0.05)
    follower = now(path)

    class Slow(Store):
        def _stays(self) -> bool:
            if len(looked) <= times:
                looked.append(numbers(follower))
                rotate(path, len(looked))
            return super()._stays()

    looked: list[list[int]] = []
    fill(path, 0, 1)
    looked.append(numbers(follower))
    with Slow(path) as store:
        store.append(record(1))
    fill(path, 2, 3)
    assert looked == [[0]] + [[]] * times
    assert numbers(follower) == [1, 2]
    assert numbers(scan(path)) == [0, 1, 2]


@pytest.mark.parametrize("is_rotated", [False, True])
def test_follow_waits_for_a_writer_that_stands_still(
    path: Path, monkeypatch: pytest.MonkeyPatch, *, is_rotated: bool
) -> None:
    monkeypatch.setattr(segments, "_SETTLE_S_MAX", 0.05)
    fill(path, 0, 1)
    follower = now(path)
    with Store(path) as writer:
        writer.append(record(1))
        assert numbers(follower) == [0, 1]
        writer._lock()
        os.write(writer._descriptor, encode(record(2)))
        if is_rotated:
            rotate(path, 1)
            fill(path, 3, 4)
        assert numbers(follower) == []
    if not is_rotated:
        fill(path, 3, 4)
    assert numbers(follower) == [2, 3]


def test_follow_goes_on_in_a_file_that_was_rotated_when_its_folder_was_back(path: Path) -> None:
    follower = now(path)
    fill(path, 0, 1)
    assert numbers(follower) == [0]
    away = path.parent.with_name("away")
    path.parent.rename(away)
    assert numbers(follower) == []
    away.rename(path.parent)
    fill(path, 1, 2)
    rotate(path, 1)
    fill(path, 2, 3)
    assert numbers(follower) == [1, 2]


def test_torn_tail_is_not_followed_and_healing_it_is_no_damage(path: Path) -> None:
    fill(path, 0, 2)
    with path.open("ab") as file:
        file.write(b'{"ts":"2026-11-21T00:00:02.000Z","kind"')
    told: list[Damage] = []
    follower = now(path, told=told)
    assert numbers(follower) == [0, 1]
    fill(path, 3, 5)
    assert numbers(follower) == [3, 4]
    assert told == []


def test_damaged_line_is_told_with_its_number(path: Path) -> None:
    fill(path, 0, 2)
    told: list[Damage] = []
    follower = now(path, "end", told)
    with path.open("ab") as file:
        file.write(b"rubbish\n")
    fill(path, 2, 4)
    with path.open("ab") as file:
        file.write(b"more\n")
    assert numbers(follower) == [2, 3]
    assert [(damage.file, damage.line) for damage in told] == [(str(path), 3), (str(path), 6)]


def test_file_cut_short_is_told(path: Path) -> None:
    fill(path, 0, 5)
    told: list[Damage] = []
    follower = now(path, told=told)
    assert len(numbers(follower)) == 5
    path.write_bytes(b"")
    fill(path, 5, 6)
    assert numbers(follower) == [5]
    assert "cut short" in told[0].why


def test_folder_that_was_away_for_a_while_is_followed_on(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "prices.jsonl"
    fill(path, 0, 2)
    follower = now(path)
    assert numbers(follower) == [0, 1]
    folder.rename(tmp_path / "away")
    assert numbers(follower) == []
    (tmp_path / "away").rename(folder)
    assert numbers(follower) == []
    fill(path, 2, 3)
    assert numbers(follower) == [2]


def test_follow_goes_on_when_the_clock_was_set_back_between_rotations(path: Path) -> None:
    follower = now(path)
    for at, epoch in enumerate((500, 400, 300)):
        fill(path, at, at + 1)
        assert numbers(follower) == [at]
        rotate(path, epoch)
    fill(path, 3, 4)
    assert numbers(follower) == [3]


def test_closed_follower_ends(path: Path) -> None:
    fill(path, 0, 5)
    follower = now(path)
    next(follower)
    follower.close()
    assert numbers(follower) == []
