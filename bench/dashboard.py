"""The desk over a year of minutes: how fast each range comes, and in what memory, beside DuckDB over the same files.

DuckDB is asked what the desk's chart asks: first, highest, lowest, last price and volume of each bucket. Both read the
same compressed segments; the answers are compared. The desk answers each range twice, for it remembers what it read.
"""

import gzip
import json
import math
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import connect

from agent.clock import DAY_S, timestamp
from store import Record, Store
from store.line import encode_many

TOP = Path(__file__).resolve().parent.parent
DAYS = 365
BEGIN_S = 1_763_683_200  # 2025-11-21T00:00Z
END_S = BEGIN_S + DAYS * DAY_S
RANGES = {"a day": 1, "a week": 7, "a month": 30, "a quarter": 91, "a year": DAYS}
VISITORS, IDLE = 50, 500
RSS_MIB_MAX = 80
# Not much, but more than a busy machine makes of it.
KNOWN_S_MAX = 2
QUERY = """
select time_bucket(interval '{bucket_s} seconds', open_ts::timestamp) as bucket, arg_min(open, open_ts), max(high), min(low),
       arg_max(close, open_ts), sum(volume)
from read_json({files}, format='newline_delimited', ignore_errors=true,
               columns={{ts:'varchar', open_ts:'varchar', open:'double', high:'double', low:'double', close:'double', volume:'double'}})
where open_ts >= '{since}' and open_ts < '{until}' group by bucket order by bucket
"""  # noqa: E501 - one query
failed: list[str] = []


def write_year(data: Path) -> None:
    """Write a year as it lies on a server: a segment a day, all but the last two compressed."""
    chance, price = random.Random(9), 90_000_000.0  # noqa: S311 - prices
    for day in range(DAYS):
        records: dict[str, list[Record]] = {"prices": [], "signals": [], "sentiment": []}
        for minute in range(1440):
            begin_s = BEGIN_S + day * DAY_S + 60 * minute
            opened, price = price, round(price * (1 + chance.gauss(0, 6e-4)), -3)
            records["prices"].append(_candle(begin_s, opened, price, chance))
            if minute % 5 == 4:
                records["signals"].append(_signal(begin_s, price, chance))
            if minute % 10 == 0:
                records["sentiment"].append(_score(begin_s, chance))
        for stream, content in records.items():
            _write(data, stream, day, encode_many(content))


def _candle(begin_s: int, opened: float, close: float, chance: random.Random) -> Record:
    head = {"ts": timestamp(begin_s + 65), "kind": "candle", "symbol": "KRW-BTC", "source": "upbit"}
    prices = {"open": opened, "high": max(opened, close) + 1000, "low": min(opened, close) - 1000, "close": close}
    return {**head, "open_ts": timestamp(begin_s), "unit_s": 60, **prices, "volume": round(chance.random() * 3, 8)}


def _signal(begin_s: int, price: float, chance: random.Random) -> Record:
    head = {"ts": timestamp(begin_s + 66), "kind": "signal", "symbol": "KRW-BTC", "source": "upbit"}
    word = chance.choices(("HOLD", "BUY", "SELL"), (40, 1, 1))[0]
    rule = {"signal": word, "strategy": "sma_cross", "rule": "faa1f2cf", "sma_fast": price + 7, "sma_slow": price - 7}
    return {**head, "candle_ts": timestamp(begin_s), "price": price, **rule, "reason": "fast>slow as before"}


def _score(begin_s: int, chance: random.Random) -> Record:
    story = f"{begin_s:012x}"
    head = {"ts": timestamp(begin_s + 1), "kind": "score", "text_id": f"{story}-00000000", "story": story}
    score = {"score": round(chance.uniform(-1, 1), 4), "p_neg": 0.1, "p_neu": 0.3, "p_pos": 0.6, "lang": "ko"}
    rest = {
        "source": chance.choice("abcdefg"),
        "published_ts": None,
        "model": "79e8035d",
        "title": "a made-up headline",
    }
    return {**head, **score, **rest}


def _write(data: Path, stream: str, day: int, content: bytes) -> None:
    segment = data / f"{stream}.jsonl-20260101-{BEGIN_S + (day + 1) * DAY_S}"
    if day < DAYS - 2:
        segment.with_name(segment.name + ".gz").write_bytes(gzip.compress(content, 6))
    else:
        (segment if day < DAYS - 1 else data / f"{stream}.jsonl").write_bytes(content)


def memory_mib(pid: int | str, field: str) -> float:
    """Return what the kernel counts for a process."""
    found = re.search(rf"{field}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found  # noqa: S101 - Linux has both
    return int(found[1]) / 1024


def ask(port: int, path: str) -> tuple[float, Any]:
    """Return how long an address took, and what it said."""
    begun_s = time.perf_counter()
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=300) as answer:
        content = answer.read()
    return time.perf_counter() - begun_s, json.loads(content)


def bench_desk(data: Path) -> dict[str, Any]:
    """Measure the desk; return what it drew of each range."""
    command = [sys.executable, "-m", "desk", "serve", "--data", str(data), "--port", "0"]
    with subprocess.Popen(command, cwd=TOP, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr  # noqa: S101 - asked for
            port = int(process.stderr.readline().rsplit(":", 1)[1])
            print(f"desk: started: {memory_mib(process.pid, 'VmRSS'):.1f} MiB resident")
            drawn = {}
            march = timestamp(BEGIN_S + 100 * DAY_S)
            for path in ("/api/prices", f"/api/prices?until={march}", "/api/status"):
                print(f"desk: {path.partition('=')[0]}: {ask(port, path)[0] * 1000:.0f} ms")
            for name, days in RANGES.items():
                path = f"/api/series?since={timestamp(END_S - days * DAY_S)}&until={timestamp(END_S)}"
                cold_s, drawn[name] = ask(port, path)
                warm_s, _ = ask(port, f"{path}&points=1999")
                points = len(drawn[name]["time"])
                print(f"desk: {name}: first {cold_s:.2f} s, then {warm_s:.2f} s, {points} points")
                if warm_s > KNOWN_S_MAX:
                    failed.append(f"{name} took more than {KNOWN_S_MAX} s when it was known")
            print(f"desk: peak {memory_mib(process.pid, 'VmHWM'):.1f} MiB")
            bench_visitors(data, process.pid, port)
            return drawn
        finally:
            process.terminate()


def bench_visitors(data: Path, pid: int, port: int) -> None:
    """Let many look on, and many more only hold a connection open."""
    with ExitStack() as everyone, Store(data / "prices.jsonl") as prices:
        visitors = [everyone.enter_context(connect(f"ws://127.0.0.1:{port}/ws", proxy=None)) for _ in range(VISITORS)]
        for visitor in visitors:
            visitor.recv(30)
        delays_s = []
        for number in range(20):
            record = _candle(END_S + 60 * number, 1, 2, random.Random(1))  # noqa: S311 - a price
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
        files = sorted(map(str, data.glob("prices.jsonl*")), key=lambda path: ("-" not in Path(path).name, path))
        since, until = timestamp(END_S - days * DAY_S), timestamp(END_S)
        query = QUERY.format(bucket_s=int(drawn[name]["bucket_s"]), files=files, since=since, until=until)
        done = subprocess.run(
            [sys.executable, "-c", IN_DUCKDB], input=query, capture_output=True, text=True, check=True, cwd=TOP
        )
        found = json.loads(done.stdout)
        print(f"duckdb: {name}: {found['s']:.2f} s, {len(found['rows'])} points, peak {found['peak_mib']:.1f} MiB")
        mine = list(zip(*(drawn[name][column] for column in ("open", "high", "low", "close", "volume")), strict=True))
        are_same = len(mine) == len(found["rows"])
        for row, other in zip(mine, found["rows"], strict=False):
            are_same &= all(math.isclose(one, two, rel_tol=1e-9) for one, two in zip(row, other, strict=True))
        if not are_same:
            failed.append(f"DuckDB and the desk differ over {name}")


IN_DUCKDB = """
import json, re, sys, time, duckdb
query = sys.stdin.read()
begun_s = time.perf_counter()
connection = duckdb.connect()
connection.execute("set enable_progress_bar = false")
rows = connection.execute(query).fetchall()
took_s = time.perf_counter() - begun_s
peak_kib = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
print(json.dumps({"s": took_s, "peak_mib": peak_kib / 1024, "rows": [row[1:] for row in rows]}))
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
