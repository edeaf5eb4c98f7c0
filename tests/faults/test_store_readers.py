"""Readers beside writers, rotation and compression at work: each record once, wherever one goes on from."""

import random
import subprocess
import threading
import time
from pathlib import Path

import pytest

from store import Store
from tests.faults.store_rotation import ROOT, compress, rotate
from tests.numbered import numbers, numbers_from, record, store

PATIENCE_S = 60


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


@pytest.mark.parametrize("lock", ["-s", "-x"])
def test_reader_goes_on_while_a_segment_is_compressed(path: Path, lock: str) -> None:
    store(path, record(0))
    _, position = numbers_from(path)
    store(path, *(record(n, text=random.Random(n).randbytes(2000).hex()) for n in range(1, 200)))
    segment = rotate(path, 1)
    store(path, record(200))
    command = (ROOT / "logrotate/lockgz").read_text().replace(" -s ", f" {lock} ")
    with (
        segment.open("rb") as plain,
        subprocess.Popen(["sh", "-c", command], stdin=plain, stdout=subprocess.PIPE) as gzip,
    ):
        assert gzip.stdout
        # What it makes is more than a pipe holds, so it waits in the middle.
        begin = gzip.stdout.read(1)
        found = numbers_from(path, position)[0]
        segment.with_name(f"{segment.name}.gz").write_bytes(begin + gzip.stdout.read())
    assert (found == list(range(1, 201))) == (lock == "-s")
    segment.unlink()
    assert numbers_from(path, position)[0] == list(range(1, 201))


def test_places_lead_to_each_record_once_over_writers_rotations_and_compression(path: Path, seed: int) -> None:
    rng = random.Random(seed)
    found: list[int] = []
    position, count = None, 2_000

    class Hesitant(Store):
        def _stays(self) -> bool:
            if random.random() < 0.05:
                time.sleep(0.001)
            return super()._stays()

    def write(first: int) -> None:
        with Hesitant(path, durable=False) as writer:
            writer.lock_wait_s_max = PATIENCE_S
            at = first
            while at < first + count:
                size = min(rng.choice((1, 1, 1, 20)), first + count - at)
                writer.append_many([record(n, text="x" * 400) for n in range(at, at + size)])
                at += size
                time.sleep(0.0002)

    writers = [threading.Thread(target=write, args=(first,)) for first in (0, count)]
    for writer in writers:
        writer.start()
    segments: list[Path] = []
    while any(writer.is_alive() for writer in writers):
        if path.exists() and rng.random() < 0.5:
            segments.append(rotate(path, 100 + len(list(path.parent.iterdir()))))
        if len(segments) > 1 and rng.random() < 0.3:
            compress(segments.pop(0))
        more, position = numbers_from(path, position, rng.choice((1, 10, 200, None)))
        found += more
    assert sorted(found + numbers_from(path, position)[0]) == sorted(numbers(path)) == list(range(2 * count))
