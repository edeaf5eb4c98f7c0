"""What the store costs, beside raw writes and beside peers that people would use instead, in one run."""

import json
import logging
import logging.handlers
import os
import platform
import random
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from bench.store_reading import reading, verifying
from bench.yardstick import MEASURES, failed, peak_kib, record, tell
from store import Record, Store

ROUNDS = 1500


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

    def append_many(self, records: list[Record]) -> None:
        os.write(self._descriptor, "".join([self._encode(found) + "\n" for found in records]).encode())
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
    """Compare a hundred records in one append with one at a time, beside what raw writes of them gain.

    What a flush costs decides most of it: the quicker the disk, the more of a hundred's time goes into the encoding.
    """
    with Store(folder / "store3.jsonl") as store:
        ways: dict[str, Store | Raw] = {"store": store, "raw": Raw(folder / "raw3.jsonl")}
        one: dict[str, list[float]] = {name: [] for name in ways}
        many: dict[str, list[float]] = {name: [] for name in ways}
        for at in range(ROUNDS // 3):
            for name, way in ways.items():
                hundred = [record(n) for n in range(at, at + 100)]
                begun_s = time.perf_counter()
                way.append_many(hundred)
                many[name].append((time.perf_counter() - begun_s) / 100)
                for found in hundred[:10]:
                    begun_s = time.perf_counter()
                    way.append(found)
                    one[name].append(time.perf_counter() - begun_s)
    ratio = {name: statistics.median(one[name]) / statistics.median(many[name]) for name in ways}
    print(f"store: raw hundred / raw, records a second: {ratio['raw']:.2f}; a flush of one takes", end=" ")
    print(f"{statistics.median(one['raw']) * 1e6:.0f} µs here")
    tell("append_many(100) / append, records a second", ratio["store"], 40, at_least=True)


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
