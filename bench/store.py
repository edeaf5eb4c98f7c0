"""What the store costs, beside raw writes and beside peers that people would use instead, in one run."""

import gzip
import json
import logging
import logging.handlers
import os
import platform
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from store import Record, Store, scan, tail, verify

TOP = Path(__file__).resolve().parent.parent
ROUNDS = 1500
MEASURES = 15
SEGMENTS = 100
SEGMENT_BYTES = 10_000_000
HOURS = 24

failed: list[str] = []


def record(n: int) -> Record:
    """Return a record of about 150 bytes; its time is n seconds after the start of a day."""
    ts = f"2026-01-01T{n // 3600 % 24:02d}:{n // 60 % 60:02d}:{n % 60:02d}.{n % 1000:03d}Z"
    # A scatter of digits, as prices have: what repeats would be inflated faster than anyone's data.
    close, volume = 61_000_000 + n * 7919 % 99_991, n * 104_729 % 99_999_989 / 1e8
    return {
        "ts": ts,
        "kind": "candle",
        "symbol": "KRW-BTC",
        "source": "upbit",
        "close": close,
        "volume": volume,
        "n": n,
    }


def tell(what: str, found: float, goal: float, unit: str = "", *, at_least: bool = False) -> None:
    """Print one figure with its goal, and note when that is missed."""
    is_met = found >= goal if at_least else found <= goal
    if not is_met:
        failed.append(what)
    bound = f"{'>=' if at_least else '<='} {goal:g}{unit}"
    print(f"store: {what}: {found:.2f}{unit} (goal {bound}){'' if is_met else '  MISSED'}")


class Raw:
    """What no writer of JSON lines gets below."""

    def __init__(self, path: Path) -> None:
        self._encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)

    def write(self, found: Record) -> None:
        os.write(self._descriptor, self._encode(found).encode() + b"\n")

    def append(self, found: Record) -> None:
        self.write(found)
        os.fdatasync(self._descriptor)


def handler(path: Path) -> Callable[[Record], None]:
    """Return what logs a record with a WatchedFileHandler and a JSON formatter, and flushes it."""
    from pythonjsonlogger.json import JsonFormatter

    watched = logging.handlers.WatchedFileHandler(path)
    watched.setFormatter(JsonFormatter(json_ensure_ascii=False))
    logger = logging.getLogger("bench")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(watched)

    def append(found: Record) -> None:
        logger.info(found)
        stream = watched.stream
        assert stream is not None  # noqa: S101 - it is opened by the first record
        os.fsync(stream.fileno())

    return append


def database(path: Path) -> Callable[[Record], None]:
    """Return what stores a record in SQLite, WAL and synchronous FULL."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("create table records (ts text, kind text, record text)")

    def append(found: Record) -> None:
        row = (found["ts"], found["kind"], json.dumps(found))
        connection.execute("insert into records values (?, ?, ?)", row)

    return append


def durable(folder: Path) -> None:
    """Compare durable appends call by call, since a disk's own pace drifts."""
    with Store(folder / "store.jsonl") as store:
        ways = {
            "raw": Raw(folder / "raw.jsonl").append,
            "store": store.append,
            "WatchedFileHandler": handler(folder / "log.jsonl"),
            "SQLite": database(folder / "records.sqlite"),
        }
        taken: dict[str, list[int]] = {name: [] for name in ways}
        names = list(ways)
        for n in range(ROUNDS):
            random.shuffle(names)
            for name in names:
                begun_ns = time.perf_counter_ns()
                ways[name](record(n))
                taken[name].append(time.perf_counter_ns() - begun_ns)
    median_us = {name: statistics.median(each) / 1000 for name, each in taken.items()}
    print("store: durable append, median µs:", ", ".join(f"{name} {found:.1f}" for name, found in median_us.items()))
    tell("durable append over raw", median_us["store"] - median_us["raw"], 15, " µs")
    print(f"store: durable append / raw: {median_us['store'] / median_us['raw']:.3f}")
    tell("durable append / WatchedFileHandler", median_us["store"] / median_us["WatchedFileHandler"], 0.9)
    tell("durable append / SQLite WAL FULL", median_us["store"] / median_us["SQLite"], 1.0)


def buffered(folder: Path) -> None:
    """Compare the CPU of appends that are not flushed."""
    raw = Raw(folder / "raw2.jsonl")
    taken: dict[str, list[float]] = {"raw": [], "store": []}
    found = record(1)
    with Store(folder / "store2.jsonl", durable=False) as store:
        for _ in range(MEASURES * 5):
            for name, append in (("raw", raw.write), ("store", store.append)):
                begun_ns = time.process_time_ns()
                for _ in range(500):
                    append(found)
                taken[name].append((time.process_time_ns() - begun_ns) / 500_000)
    median_us = {name: statistics.median(each) for name, each in taken.items()}
    print(
        "store: not durable append, median CPU-µs:", ", ".join(f"{name} {each:.2f}" for name, each in median_us.items())
    )
    tell("not durable append / raw, CPU", median_us["store"] / median_us["raw"], 2.0)


def batches(folder: Path) -> None:
    """Compare hundred records in one append with one at a time."""
    one, many = [], []
    with Store(folder / "store3.jsonl") as store:
        for at in range(ROUNDS // 3):
            hundred = [record(n) for n in range(at, at + 100)]
            begun_s = time.perf_counter()
            store.append_many(hundred)
            many.append((time.perf_counter() - begun_s) / 100)
            for found in hundred[:10]:
                begun_s = time.perf_counter()
                store.append(found)
                one.append(time.perf_counter() - begun_s)
    tell(
        "append_many(100) / append, records a second",
        statistics.median(one) / statistics.median(many),
        40,
        at_least=True,
    )


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


def best_s(work: Callable[[], object], times: int = MEASURES) -> float:
    """Return the median time of some runs, in seconds of this process: what else runs here changes it little."""
    taken = []
    for _ in range(times):
        begun_s = time.process_time()
        work()
        taken.append(time.process_time() - begun_s)
    return statistics.median(taken)


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

    tell("verify, times as fast as json.loads", best_s(parse, 5) / best_s(lambda: verify(path), 5), 5, at_least=True)


def peak_kib(code: str, times: int = 5) -> int:
    """Return the peak resident memory of a fresh interpreter that runs the code, the least of some runs."""
    show = "print(next(l for l in open('/proc/self/status') if l.startswith('VmHWM')).split()[1])"
    command = [sys.executable, "-c", f"{code}\n{show}"]
    return min(int(subprocess.run(command, capture_output=True, check=True, cwd=TOP).stdout) for _ in range(times))


def memory(folder: Path) -> None:
    """Measure what importing costs, and what a million appends leave behind."""
    tell("import over the bare interpreter", (peak_kib("import store") - peak_kib("pass")) / 1024, 3, " MiB")
    found = record(1)
    with Store(folder / "million.jsonl", durable=False) as store:
        for n in range(1_010_000):
            if n == 10_000:
                before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            store.append(found)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    tell("peak resident growth over a million appends", grown_kib, 0, " KiB")


def main() -> int:
    """Run all; 1 if a goal was missed."""
    peers = f"python-json-logger {version('python-json-logger')}, SQLite {sqlite3.sqlite_version}"
    print(f"store: Python {platform.python_version()}, Linux {platform.release()}, {peers}")
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as name:
        folder = Path(name)
        # First, while this process is small: a peak only rises.
        for part in (memory, durable, buffered, batches, verifying, reading):
            part(folder)
    if failed:
        print(f"store: goals missed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
