"""Every fault of an exchange, again and again in one process: its memory stays where it was after the first round."""

import json
import subprocess
import sys
from pathlib import Path

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
