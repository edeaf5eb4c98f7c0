"""kill -9 at any instant of a pass, then another: no headline is missing, none is there twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pytest

from store import verify
from tests.fakes.feeds import Entry, FeedHost, rss
from tests.fakes.scorer import SCRIPT, records, titles, write_config
from tests.fakes.server import LocalServer

ROUNDS = 15
# A control goes on until it has broken, which on a busy machine may take a while.
CONTROL_ROUNDS_MAX = 150
KILLS = 3
SOURCES = ("alder", "bright", "corvane")
ENTRIES = 60


class Nursery:
    """Starts passes that are killed after a while."""

    def __init__(self, talk: IO[str], listen: IO[str], arguments: list[str]) -> None:
        self._talk, self._listen, self._arguments = talk, listen, arguments

    def run(self, kill_after_s: float | None = None) -> int:
        """Make one pass and return how it ended: its exit status, or below zero the signal that ended it."""
        self._talk.write(json.dumps(self._arguments) + "\n")
        self._talk.flush()
        child = int(self._listen.readline())
        if kill_after_s is not None:
            time.sleep(kill_after_s)
            # Not yet reaped, or just reaped and its number not yet given away: the nursery starts nothing meanwhile.
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return os.waitstatus_to_exitcode(int(self._listen.readline()))


@contextmanager
def nursery(variant: str, config: Path, data: Path) -> Iterator[Nursery]:
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.nursery", variant],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=SCRIPT.parent,
    )
    assert started.stdin is not None
    assert started.stdout is not None
    with started:
        yield Nursery(started.stdin, started.stdout, ["run", "--config", str(config), "--data", str(data)])
        started.stdin.close()


class Torment:
    """Serves new headlines each round, kills some passes over them, lets one end, and counts."""

    def __init__(self, variant: str, folder: Path, dice: random.Random) -> None:
        self.data = folder / "data"
        self._variant, self._config, self._dice = variant, folder / "moss.toml", dice
        self.missing: Counter[str] = Counter()
        self.doubled: Counter[str] = Counter()
        self.torn = 0

    def run(self, rounds_max: int = ROUNDS) -> None:
        """Go on until something is wrong, for so many rounds at most."""
        host = FeedHost({})
        expected: Counter[str] = Counter()
        with LocalServer(host) as server:
            write_config(self._config, [(name, f"{server.url}/{name}") for name in SOURCES])
            with nursery(self._variant, self._config, self.data) as passes:
                pass_s = 0.1
                for turn in range(rounds_max):
                    expected.update(_serve(host, turn))
                    pass_s = self._round(passes, pass_s, sum(expected.values()))
                    stored = Counter(record["source"] + record["title"] for record in records(self.data, "sentiment"))
                    self.missing, self.doubled = expected - stored, stored - expected
                    if self.missing or self.doubled:
                        return

    def _round(self, passes: Nursery, pass_s: float, all_count: int) -> float:
        """Kill some passes, each at a random instant, let one end; return about how long that took."""
        for _ in range(KILLS):
            passes.run(self._dice.uniform(0, pass_s))
            left = all_count - len(records(self.data, "sentiment"))
            self.torn += 0 < left < ENTRIES * len(SOURCES)
        began_s = time.monotonic()
        assert passes.run() == 0
        return 1.1 * (time.monotonic() - began_s)


def _serve(host: FeedHost, turn: int) -> list[str]:
    """Put new headlines in the place of all former ones: what is not stored now is gone for ever."""
    entries = [Entry(f"headline {turn} {number}", f"g{turn}-{number}") for number in range(ENTRIES)]
    host.bodies = {f"/{name}": rss(entries) for name in SOURCES}
    return [name + entry.title for name in SOURCES for entry in entries]


@pytest.mark.parametrize("variant", ["as it is", "slow"])
def test_a_pass_killed_at_random_instants_loses_and_doubles_nothing(variant: str, tmp_path: Path, seed: int) -> None:
    torment = Torment(variant, tmp_path, random.Random(seed))
    torment.run()
    assert not torment.missing
    assert not torment.doubled
    assert torment.torn >= 3, "hardly a kill came in the middle of a pass: this run proves little"
    for name in ("sentiment", "feeds"):
        assert verify(torment.data / f"{name}.jsonl").ok


def test_control_a_collector_that_records_the_answer_first_loses_headlines(tmp_path: Path, seed: int) -> None:
    torment = Torment("shown first", tmp_path, random.Random(seed))
    torment.run(CONTROL_ROUNDS_MAX)
    assert torment.missing


def test_control_a_collector_that_reads_nothing_back_doubles_headlines(tmp_path: Path, seed: int) -> None:
    torment = Torment("forgetful", tmp_path, random.Random(seed))
    torment.run(CONTROL_ROUNDS_MAX)
    assert torment.doubled


@pytest.mark.parametrize("variant", ["as it is", "slow", "shown first", "forgetful"])
def test_without_kills_every_variant_is_right(variant: str, tmp_path: Path) -> None:
    host = FeedHost({f"/{name}": rss([Entry("headline", "g")]) for name in SOURCES})
    with LocalServer(host) as server:
        config = write_config(tmp_path / "moss.toml", [(name, f"{server.url}/{name}") for name in SOURCES])
        with nursery(variant, config, tmp_path / "data") as passes:
            assert [passes.run(), passes.run()] == [0, 0]
    assert titles(tmp_path / "data") == ["headline"] * 3
