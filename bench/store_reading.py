"""What reading a store costs, beside a small store and beside the least that any reader must do."""

import gzip
import json
import random
import statistics
import zlib
from pathlib import Path

from bench.yardstick import MEASURES, best_s, peak_kib, record, tell
from store import Store, scan, tail, verify

SEGMENTS = 100
SEGMENT_BYTES = 10_000_000
HOURS = 24


def large(folder: Path) -> tuple[Path, Path]:
    """Make a store of 1 GB in compressed segments of a day each, and one of 10 MB; return their paths."""
    path, small = folder / "large.jsonl", folder / "small.jsonl"
    with Store(small, durable=False, checksum=False) as store:
        count = SEGMENT_BYTES // 150
        for first in range(0, count, 1000):
            store.append_many({**record(n * 86_400 // count), "n": n} for n in range(first, min(count, first + 1000)))
    day = small.read_bytes()
    for at in range(SEGMENTS):
        date = f"2026-{at // 28 + 2:02d}-{at % 28 + 1:02d}".encode()
        found = day.replace(b'"ts":"2026-01-01', b'"ts":"' + date)
        name = path.with_name(f"{path.name}-20260101-{1_800_000_000 + at}.gz")
        with gzip.open(name, "wb", compresslevel=6) as packed:
            packed.write(found)
    path.write_bytes(day.replace(b'"ts":"2026-01-01', b'"ts":"2026-12-31'))
    return path, small


def reading(folder: Path) -> None:
    """Compare reads of a large store with those of a small one, and with the least that any reader must do."""
    path, small = large(folder)
    rng = random.Random(1)  # noqa: S311 - hours, no secrets
    large_s, small_s = best_s(lambda: tail(path, 200), 101), best_s(lambda: tail(small, 200), 101)
    print(f"store: tail(200): {large_s * 1000:.2f} ms of 1 GB, {small_s * 1000:.2f} ms of 10 MB")
    tell("tail(200) of 1 GB / of 10 MB", large_s / small_s, 1.2)
    packed = path.with_name(f"{path.name}-20260101-{1_800_000_000}.gz").read_bytes()
    inflate_s = best_s(lambda: zlib.decompressobj(31).decompress(packed))

    def hour() -> None:
        at, begin = rng.randrange(SEGMENTS), rng.randrange(HOURS - 1)
        date = f"2026-{at // 28 + 2:02d}-{at % 28 + 1:02d}"
        count = sum(1 for _ in scan(path, f"{date}T{begin:02d}:00", f"{date}T{begin + 1:02d}:00"))
        assert count > SEGMENT_BYTES // 150 // HOURS - 20  # noqa: S101 - a bench of nothing is none

    hour_s = best_s(hour)
    print(f"store: one hour out of 1 GB: {hour_s * 1000:.0f} ms; inflating one segment: {inflate_s * 1000:.0f} ms")
    tell("one hour out of 1 GB of gz / inflating one segment", hour_s / inflate_s, 2.0)
    segment = small.with_name(f"{small.name}-20260101-1.gz")
    segment.write_bytes(packed)
    bounded(path, small)


def bounded(large: Path, small: Path) -> None:
    """Compare what reading takes of memory, with fifty times as much of it in the large store."""
    for name, work in (("scan", "for _ in scan(path): pass"), ("verify", "assert verify(path).ok")):
        code = "from store import scan, verify\npath = {!r}\n" + work
        large_kib, small_kib = (peak_kib(code.format(str(path)), times=1) for path in (large, small))
        print(f"store: {name}: {large_kib} KiB for 1 GB, {small_kib} KiB for 20 MB")
        tell(f"{name}, peak memory for 1 GB / for 20 MB", large_kib / small_kib, 1.25)


def verifying(folder: Path) -> None:
    """Compare verifying with parsing."""
    path = folder / "verified.jsonl"
    with Store(path, durable=False) as store:
        for first in range(0, 100_000, 1000):
            store.append_many(record(n) for n in range(first, first + 1000))

    def parse() -> None:
        with path.open("rb") as lines:
            for line in lines:
                json.loads(line)

    # In turn, since the pace of a machine that others use drifts.
    ratios = [best_s(parse, 1) / best_s(lambda: verify(path), 1) for _ in range(MEASURES)]
    tell("verify, times as fast as json.loads", statistics.median(ratios), 5, at_least=True)
