"""Kill -9 at any moment loses nothing that was acknowledged; a writer that does not heal loses.

`make chaos` kills ten thousand times: STORE_KILLS says how often in all.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.small_store_disk import small_disk
from tests.faults.store_kills import kill_rounds
from tests.faults.store_writer import Gathering, Unhealed

CASES = [(1, False, False), (1, False, True), (1, True, False), (2, False, False), (2, True, False)]
KILLS = int(os.environ.get("STORE_KILLS", "480")) // (len(CASES) + 1) + 1


@pytest.mark.parametrize(("writers", "rotating", "durable"), CASES)
def test_killed_writers_lose_nothing(tmp_path: Path, seed: int, *, writers: int, rotating: bool, durable: bool) -> None:
    tally = kill_rounds(
        tmp_path / "prices.jsonl", seed, KILLS // writers, writers=writers, rotating=rotating, durable=durable
    )
    sys.stdout.write(f"{tally}\n")
    assert (tally.lost, tally.doubled, tally.damaged) == (0, 0, []), tally
    assert tally.kills == KILLS // writers * writers
    assert tally.inside > tally.kills // 2
    assert tally.rotations > tally.kills // writers // 20 or not rotating


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path, 1 << 19) as folder:
        yield folder


def test_writers_killed_on_a_full_disk_lose_nothing(disk: Path, seed: int) -> None:
    tally = kill_rounds(disk / "prices.jsonl", seed, KILLS, room_bytes=8192)
    sys.stdout.write(f"{tally}\n")
    assert (tally.lost, tally.doubled, tally.damaged) == (0, 0, []), tally
    assert tally.kills == KILLS
    assert tally.refused > 0


def test_killed_writer_that_does_not_heal_loses_on_a_full_disk(disk: Path, seed: int) -> None:
    # A disk this small is emptied often, and what was torn with it: chance may need more rounds.
    tallies = (
        kill_rounds(disk / f"{at}.jsonl", seed + at, KILLS, writer=Unhealed, room_bytes=8192) for at in range(10)
    )
    assert any(tally.lost or tally.damaged for tally in tallies)


def test_killed_writer_that_flushes_late_loses(tmp_path: Path, seed: int) -> None:
    tally = kill_rounds(tmp_path / "prices.jsonl", seed, KILLS, writer=Gathering, durable=True)
    assert tally.lost > KILLS // 2, tally


# One that flushes is killed while it waits for the disk, nearly always: its lines are whole then, healed or not. Its
# control is the one above.
@pytest.mark.parametrize(
    ("writers", "rotating"), [(writers, rotating) for writers, rotating, flushes in CASES if not flushes]
)
def test_killed_writer_that_does_not_heal_loses(tmp_path: Path, seed: int, *, writers: int, rotating: bool) -> None:
    tally = kill_rounds(
        tmp_path / "prices.jsonl",
        seed,
        KILLS // writers,
        writer=Unhealed,
        writers=writers,
        rotating=rotating,
    )
    assert tally.lost > 0, tally
