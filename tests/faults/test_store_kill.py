"""Kill -9 at any moment loses nothing that was acknowledged; a writer that does not heal loses."""

from pathlib import Path

import pytest

from tests.faults.store_kills import kill_rounds
from tests.faults.store_writer import Unhealed

ROUNDS = 120


@pytest.mark.parametrize(
    ("writers", "rotating", "durable"),
    [(1, False, False), (1, False, True), (1, True, False), (2, False, False), (2, True, False)],
)
def test_killed_writers_lose_nothing(tmp_path: Path, seed: int, *, writers: int, rotating: bool, durable: bool) -> None:
    tally = kill_rounds(
        tmp_path / "prices.jsonl", seed, ROUNDS // writers, writers=writers, rotating=rotating, durable=durable
    )
    assert (tally.lost, tally.doubled, tally.damaged) == (0, 0, []), tally
    assert tally.kills == ROUNDS
    assert tally.inside > ROUNDS // 2
    assert tally.rotations > ROUNDS // 10 or not rotating


def test_killed_writer_that_does_not_heal_loses(tmp_path: Path, seed: int) -> None:
    tally = kill_rounds(tmp_path / "prices.jsonl", seed, ROUNDS, writer=Unhealed)
    assert tally.lost > 0, tally
    assert tally.damaged
