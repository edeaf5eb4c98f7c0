"""The desk over a year of minutes: how fast each range comes, and in what memory, beside DuckDB over the same files.

DuckDB is asked what the desk's chart asks: of each bucket the first, highest, lowest and last price and the volume, the
last averages, each buy and sell, and the mean score of each source. Both read the same compressed segments, each range
in a process of its own; the answers are compared. The desk answers twice, for it remembers what it read.
"""

import json
import math
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import connect

from agent.clock import DAY_S, timestamp
from bench.year import BEGIN_S, DAYS, END_S, candle, write_year
from store import Store

TOP = Path(__file__).resolve().parent.parent
RANGES = {"a day": 1, "a week": 7, "a month": 30, "a quarter": 91, "a year": DAYS}
VISITORS, IDLE = 50, 500
RSS_MIB_MAX = 80
# Not much, but more than a busy machine makes of it.
KNOWN_S_MAX = 2
QUERIES = {
    "prices": """
        select time_bucket(interval '{bucket_s} seconds', open_ts::timestamp) as bucket, arg_min(open, open_ts),
               max(high), min(low), arg_max(close, open_ts), sum(volume)
        from read_json({files}, format='newline_delimited', ignore_errors=true, columns={{open_ts:'varchar',
                       open:'double', high:'double', low:'double', close:'double', volume:'double'}})
        where open_ts >= '{since}' and open_ts < '{until}' group by bucket order by bucket""",
    "signals": """
        select time_bucket(interval '{bucket_s} seconds', candle_ts::timestamp) as bucket, arg_max(sma_fast, candle_ts),
               arg_max(sma_slow, candle_ts),
               coalesce(list((candle_ts, price, signal, reason) order by candle_ts) filter (signal != 'HOLD'), [])
        from read_json({files}, format='newline_delimited', ignore_errors=true, columns={{candle_ts:'varchar',
                       price:'double', signal:'varchar', sma_fast:'double', sma_slow:'double', reason:'varchar'}})
        where candle_ts >= '{since}' and candle_ts < '{until}' group by bucket order by bucket""",
    "sentiment": """
        select time_bucket(interval '{bucket_s} seconds', ts::timestamp) as bucket, source, avg(score), count(*)
        from read_json({files}, format='newline_delimited', ignore_errors=true,
                       columns={{ts:'varchar', source:'varchar', score:'double'}})
        where ts >= '{since}' and ts < '{until}' group by bucket, source order by source, bucket""",
}
failed: list[str] = []


def memory_mib(pid: int | str, field: str) -> float:
    """Return what the kernel counts for a process."""
    found = re.search(rf"{field}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found  # noqa: S101 - Linux has both
    return int(found[1]) / 1024


def processor_s(pid: int) -> float:
    """Return how long a process has been computing, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(port: int, path: str) -> tuple[float, Any]:
    """Return how long an address took, and what it said."""
    begun_s = time.perf_counter()
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=300) as answer:
        content = answer.read()
    return time.perf_counter() - begun_s, json.loads(content)


def bench_desk(data: Path) -> dict[str, Any]:
    """Measure the desk, a fresh one for each range; return what it drew."""
    drawn = {}
    for name, days in RANGES.items():
        with desk_process(data) as (pid, port):
            path = f"/api/series?since={timestamp(END_S - days * DAY_S)}&until={timestamp(END_S)}"
            begun_s = processor_s(pid)
            cold_s, drawn[name] = ask(port, path)
            busy_s = processor_s(pid) - begun_s
            warm_s, _ = ask(port, f"{path}&points=1999")
            points, peak_mib = len(drawn[name]["time"]), memory_mib(pid, "VmHWM")
            print(
                f"desk: {name}: first {cold_s:.2f} s ({busy_s:.2f} s of processor), then {warm_s:.2f} s, "
                f"{points} points, peak {peak_mib:.1f} MiB"
            )
            if warm_s > KNOWN_S_MAX:
                failed.append(f"{name} took more than {KNOWN_S_MAX} s when it was known")
            if days == DAYS:
                bench_addresses(port)
                bench_visitors(data, pid, port)
    return drawn


@contextmanager
def desk_process(data: Path) -> Iterator[tuple[int, int]]:
    """Start a desk; yield its process and port."""
    command = [sys.executable, "-m", "desk", "serve", "--data", str(data), "--port", "0"]
    with subprocess.Popen(command, cwd=TOP, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr  # noqa: S101 - asked for
            yield process.pid, int(process.stderr.readline().rsplit(":", 1)[1])
        finally:
            process.terminate()


def bench_addresses(port: int) -> None:
    """Measure what else the page asks for."""
    march = timestamp(BEGIN_S + 100 * DAY_S)
    for path in ("/api/prices", f"/api/prices?until={march}", "/api/status", "/api/performance"):
        print(f"desk: {path.partition('=')[0]}: {ask(port, path)[0] * 1000:.0f} ms")


def bench_visitors(data: Path, pid: int, port: int) -> None:
    """Let many look on, and many more only hold a connection open."""
    with ExitStack() as everyone, Store(data / "prices.jsonl") as prices:
        visitors = [everyone.enter_context(connect(f"ws://127.0.0.1:{port}/ws", proxy=None)) for _ in range(VISITORS)]
        for visitor in visitors:
            visitor.recv(30)
        delays_s = []
        for number in range(20):
            record = candle(END_S + 60 * number, 1, 2, random.Random(1))  # noqa: S311 - a price
            begun_s = time.perf_counter()
            prices.append(record)
            for visitor in visitors:
                assert json.loads(visitor.recv(30))["record"] == record  # noqa: S101 - what was appended
            delays_s.append(time.perf_counter() - begun_s)
        middle_s = sorted(delays_s)[len(delays_s) // 2]
        print(f"desk: {VISITORS} visitors have a new record after {middle_s:.2f} s, {max(delays_s):.2f} at most")
        rss_mib = memory_mib(pid, "VmRSS")
        print(f"desk: {VISITORS} visitors: {rss_mib:.1f} MiB resident (goal <= {RSS_MIB_MAX})")
        if rss_mib > RSS_MIB_MAX or max(delays_s) > 1:
            failed.append("with 50 visitors it took too much memory or time")
        for _ in range(IDLE):
            everyone.enter_context(socket.create_connection(("127.0.0.1", port)))
        idle_s, _ = ask(port, "/api/status")
        rss_mib = memory_mib(pid, "VmRSS")
        print(f"desk: and {IDLE} idle sockets: {rss_mib:.1f} MiB, /api/status in {idle_s * 1000:.0f} ms")


def bench_duckdb(data: Path, drawn: dict[str, Any]) -> None:
    """Ask DuckDB for the same, each range in a process of its own."""
    for name, days in RANGES.items():
        since, until = timestamp(END_S - days * DAY_S), timestamp(END_S)
        asked = {
            stream: query.format(
                bucket_s=int(drawn[name]["bucket_s"]), files=files(data, stream), since=since, until=until
            )
            for stream, query in QUERIES.items()
        }
        done = subprocess.run(
            [sys.executable, "-c", IN_DUCKDB],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=True,
            cwd=TOP,
        )
        found = json.loads(done.stdout)
        took_s = found["s"]
        print(
            f"duckdb: {name}: {sum(took_s.values()):.2f} s ({found['busy_s']:.2f} s of processor), "
            f"of these prices {took_s['prices']:.2f} s, peak {found['peak_mib']:.1f} MiB"
        )
        for stream, (mine, theirs) in answers(drawn[name], found["rows"]).items():
            if not are_same(mine, theirs):
                failed.append(f"DuckDB and the desk differ over the {stream} of {name}")


def files(data: Path, stream: str) -> list[str]:
    """Return a stream's files, oldest first."""
    return sorted(map(str, data.glob(f"{stream}.jsonl*")), key=lambda path: ("-" not in Path(path).name, path))


def answers(drawn: dict[str, Any], rows: dict[str, list[list[Any]]]) -> dict[str, tuple[list[Any], list[Any]]]:
    """Return what each of them said of each stream, in one form."""
    bars = zip(*(drawn[column] for column in ("open", "high", "low", "close", "volume")), strict=True)
    marks = [each for row in rows["signals"] for each in row[3]]
    moods = [
        (source, score, count)
        for source, of in drawn["sentiment"].items()
        for score, count in zip(of["score"], of["count"], strict=True)
    ]
    return {
        "prices": (list(bars), [row[1:] for row in rows["prices"]]),
        "averages": (
            list(zip(drawn["sma_fast"], drawn["sma_slow"], strict=True)),
            [row[1:3] for row in rows["signals"]],
        ),
        "buys and sells": (
            [(each["price"], each["signal"]) for each in drawn["signals"]],
            # Of very many the desk shows some, evenly chosen.
            [marks[at * len(marks) // len(drawn["signals"])][1:3] for at in range(len(drawn["signals"]))],
        ),
        "scores": (moods, [row[1:] for row in rows["sentiment"]]),
    }


def are_same(mine: list[Any], theirs: list[Any]) -> bool:
    """Tell whether two tables hold the same; means are rounded to six places."""
    return len(mine) == len(theirs) and all(
        one == two if isinstance(one, str) else math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-6)
        for row, other in zip(mine, theirs, strict=True)
        for one, two in zip(row, other, strict=True)
    )


IN_DUCKDB = """
import json, re, sys, time, duckdb
queries, took_s, rows = json.load(sys.stdin), {}, {}
connection = duckdb.connect()
connection.execute("set enable_progress_bar = false")
begun_busy_s = time.process_time()
for stream, query in queries.items():
    begun_s = time.perf_counter()
    rows[stream] = connection.execute(query).fetchall()
    took_s[stream] = time.perf_counter() - begun_s
busy_s = time.process_time() - begun_busy_s
peak_kib = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
print(json.dumps({"s": took_s, "busy_s": busy_s, "peak_mib": peak_kib / 1024, "rows": rows}, default=str))
"""


def main() -> int:
    """Print what was measured; 1 if a goal was missed."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        write_year(data)
        bench_duckdb(data, bench_desk(data))
    for what in failed:
        print(f"MISSED: {what}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
