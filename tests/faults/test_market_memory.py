"""Memory stays where it was: of a process that meets every fault of an exchange, of an audit however long the store."""

import json
import subprocess
import sys
from pathlib import Path

from agent.market.candle import checked, record_of
from store import Store
from tests.scripts import TOP, environment

# Each round is all faults, a pass of each, and some passes without.
ROUNDS = """
import gc, json, sys
from pathlib import Path
sys.path.insert(0, {top!r})
import agent.fetch
from tests.fakes.markets import upbit_bench
from tests.faults.market_faults import FAULTS
{change}

def rss_kib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))

found = []
with upbit_bench(Path(sys.argv[1])) as (bench, exchange):
    for _ in range(3):
        for fault in FAULTS.values():
            with fault.open(bench, exchange):
                bench.live(1, 0.3)
        bench.live(5)
        exchange.server.requests.clear()
        gc.collect()
        found.append(rss_kib())
print(json.dumps(found))
"""
# A network door that remembers what it was sent.
REMEMBERING = """
receive, kept = agent.fetch.receive, []
def remember(*arguments):
    kept.append(bytearray(1 << 20))
    return receive(*arguments)
agent.fetch.receive = remember
"""


def growth_kib(folder: Path, change: str = "") -> int:
    """Return by how much the process grew after its first round."""
    folder.mkdir()
    program = ROUNDS.format(top=str(TOP), change=change)
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], env=environment(), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rounds: list[int] = json.loads(done.stdout)
    sys.stdout.write(f"resident KiB after each round: {rounds}\n")
    return max(rounds[1:]) - rounds[0]


def test_memory_stays_flat_whatever_an_exchange_does_wrong(tmp_path: Path) -> None:
    ours, remembering = growth_kib(tmp_path / "ours"), growth_kib(tmp_path / "control", REMEMBERING)
    assert 10 * ours < remembering


# An audit of candles on which nothing was decided; `change` may spoil it.
AUDIT = """
import sys
from pathlib import Path
sys.path.insert(0, {top!r})
from agent import audit
from agent.folder import DataFolder
from agent.settings import Config
{change}
found = audit.Audit(Config(), DataFolder(Path(sys.argv[1])), None).result()
assert found.candles == int(sys.argv[2]), found
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


def audit_peak_kib(folder: Path, count: int, change: str = "") -> int:
    program = AUDIT.format(top=str(TOP), change=change)
    command = [sys.executable, "-c", program, str(folder), str(count)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return int(done.stdout)


def test_memory_of_an_audit_stays_flat_whatever_was_not_decided_on(tmp_path: Path) -> None:
    counts = 2_000, 40_000
    figures = {"open": 100.5, "high": 101.5, "low": 99.5, "close": 100.5, "volume": 0.1}
    for count in counts:
        (tmp_path / str(count)).mkdir()
        with Store(tmp_path / str(count) / "prices.jsonl", durable=False) as store:
            candles = (checked("KRW-BTC", "upbit", 1_582_185_600 + 60 * minute, figures) for minute in range(count))
            store.append_many(record_of(candle, candle.end_s) for candle in candles)
    few, many = (audit_peak_kib(tmp_path / str(count), count) for count in counts)
    holding = audit_peak_kib(tmp_path / str(counts[1]), counts[1], "audit.CANDLES_AHEAD = 10**9")
    sys.stdout.write(f"{few} KiB for few candles, {many} KiB for many, {holding} KiB where all wait\n")
    assert 5 * (many - few) < holding - few
