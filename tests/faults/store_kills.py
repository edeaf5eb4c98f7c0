"""Kill -9 on writers that append as fast as they can, round after round, and count what that cost.

A writer notes each record as acknowledged, in memory shared with its witness, only after `append` has returned.
"""

import mmap
import os
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from store import Damage, NotStored, Store, scan
from tests.faults.store_rotation import compress, rotate
from tests.faults.store_writer import PATIENCE_S

# The number being appended, the last one acknowledged, whether it is inside append, how many were refused.
_CURRENT, _LAST, _INSIDE, _REFUSED, _FIELDS = 0, 1, 2, 3, 4


@dataclass
class Tally:
    """What happened, and what it cost."""

    kills: int = 0
    inside: int = 0  # kills that fell inside an append
    torn: int = 0  # bytes that were kept aside
    acknowledged: int = 0
    rotations: int = 0
    refused: int = 0  # appends that a full disk made raise NotStored
    lost: int = 0
    doubled: int = 0
    damaged: list[Damage] = field(default_factory=list)


def kill_rounds(
    path: Path,
    seed: int,
    rounds: int,
    *,
    writer: type[Store] = Store,
    writers: int = 1,
    line_bytes: int = 20_000,
    rotating: bool = False,
    durable: bool = False,
    room_bytes: int = 0,
) -> Tally:
    """Start writers, kill them at a random moment, and start the next ones on what they left.

    On a disk with less room than `room_bytes` the store is emptied after the round, by a reader that keeps all.
    """
    rng = random.Random(seed)
    tally = Tally()
    acknowledged: set[tuple[int, int]] = set()
    # Each number is stored in one machine word, so a kill leaves the old one or the new one.
    shared = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("q")
    firsts = [0] * writers
    emptied: list[tuple[int, int]] = []
    for _ in range(rounds):
        processes = []
        for number in range(writers):
            slot = shared[number * _FIELDS : (number + 1) * _FIELDS]
            slot[_CURRENT] = slot[_LAST] = firsts[number] - 1
            slot[_REFUSED] = 0
            processes.append(_start(writer(path, durable=durable), number, firsts[number], line_bytes, slot))
        while not all(_has_begun(shared[at * _FIELDS :], firsts[at]) for at in range(writers)) and _all_live(processes):
            time.sleep(0.0001)
        time.sleep(rng.uniform(0, 0.0005))
        if rotating and rng.random() < 0.5 and path.exists():
            tally.rotations += 1
            segment = rotate(path, tally.rotations)
            if rng.random() < 0.3:
                compress(segment)
            time.sleep(rng.uniform(0, 0.0002))
        for process in processes:
            os.kill(process, signal.SIGKILL)
        for number, process in enumerate(processes):
            _, status = os.waitpid(process, 0)
            assert os.WIFSIGNALED(status), f"a writer ended by itself: {status}"
            current, last, is_inside, refused = shared[number * _FIELDS : (number + 1) * _FIELDS]
            # Once refused, a writer gives the same number again, so those before the last are all acknowledged.
            acknowledged.update((number, n) for n in range(firsts[number], last + 1))
            tally.refused += refused
            firsts[number] = current + 1
            tally.kills += 1
            tally.inside += is_inside
        if os.statvfs(path.parent).f_bavail * 4096 < room_bytes:
            emptied += _emptied(path, tally)
    _count(path, writer, acknowledged, emptied, tally)
    return tally


def _has_begun(slot: "memoryview[int]", first: int) -> bool:
    return slot[_LAST] >= first or slot[_REFUSED] > 0


def _emptied(path: Path, tally: Tally) -> list[tuple[int, int]]:
    """Make room on a full disk: read what is there, and remove it; the store itself never does."""
    found = [(record["w"], record["n"]) for record in scan(path, on_damage=tally.damaged.append)]
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    return found


def _all_live(processes: list[int]) -> bool:
    # These alone: what other tests left to be waited for is no sign that a writer ended.
    ended = (os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) for process in processes)
    return all(each is None for each in ended)


def _start(store: Store, number: int, first: int, line_bytes: int, slot: "memoryview[int]") -> int:
    process = os.fork()
    if process:
        return process
    try:
        # A lock that was waited for in vain would count as a full disk.
        store.lock_wait_s_max = PATIENCE_S
        record = {"ts": "2026-11-21T00:00:00.000Z", "kind": "test", "w": number, "n": first, "x": "x" * line_bytes}
        n = first
        while True:
            record["n"] = slot[_CURRENT] = n
            slot[_INSIDE] = True
            try:
                store.append(record)
                slot[_LAST] = n
                n += 1
            except NotStored:
                slot[_REFUSED] += 1
            slot[_INSIDE] = False
    finally:
        os._exit(1)


def _count(
    path: Path,
    writer: type[Store],
    acknowledged: set[tuple[int, int]],
    emptied: list[tuple[int, int]],
    tally: Tally,
) -> None:
    if tally.refused:
        emptied += _emptied(path, tally)
    with writer(path) as last:
        last.append({"ts": "2026-11-21T00:00:01.000Z", "kind": "last", "w": -1, "n": 0})
    acknowledged.add((-1, 0))
    found = emptied + [(record["w"], record["n"]) for record in scan(path, on_damage=tally.damaged.append)]
    tally.acknowledged = len(acknowledged)
    tally.lost = len(acknowledged - set(found))
    tally.doubled = len(found) - len(set(found))
    aside = Path(f"{path}.torn")
    tally.torn = aside.stat().st_size if aside.exists() else 0
