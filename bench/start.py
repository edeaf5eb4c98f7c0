"""What a start of the bot reads back of a year: of its own market, where one was added, and where another is asked.

Each in a process of its own, beside one that reads all there is, as a start without the sieve would.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import replace
from pathlib import Path
from statistics import median

from agent.clock import SystemClock
from agent.fetch import Fetcher
from agent.folder import DataFolder
from agent.parts import plan_of
from agent.settings import Config, Market
from agent.trader import trader_of
from bench.year import write_year
from store import newest

TOP = Path(__file__).resolve().parent.parent
ROUNDS = 3
MARKETS = {
    "the same": Market(),
    "a symbol more": Market(symbols=("KRW-BTC", "KRW-ADDED")),
    "another exchange": Market(source="bithumb"),
}
ALL = "everything"
RATIO_MIN = 5


def main() -> int:
    """Measure each in turn and print the ratios; 1 if a start over a year is not much less than reading it."""
    with tempfile.TemporaryDirectory() as name:
        write_year(Path(name))
        rounds = [{what: child(what, name) for what in (*MARKETS, ALL)} for _ in range(ROUNDS)]
    for what in (*MARKETS, ALL):
        print(f"start: {what}, a year of one market: {median(each[what] for each in rounds):.2f} CPU-s read back")
    ratio = min(median(each[ALL] / each[what] for each in rounds) for what in MARKETS)
    print(f"start: at least {ratio:.1f} times as fast as reading everything (goal {RATIO_MIN})")
    return 0 if ratio >= RATIO_MIN else 1


def child(what: str, data: str) -> float:
    """Run this module in a process of its own; return the CPU seconds that it printed."""
    command = [sys.executable, "-m", "bench.start", what, data]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout))


def read_back(what: str, data: Path) -> float:
    """Read back what a start reads, or all there is; return the CPU seconds it took."""
    folder, began_s = DataFolder(data), time.process_time()
    if what == ALL:
        for stream in ("prices", "signals"):
            deque(newest(folder.stream(stream)), maxlen=0)
    else:
        config, clock = replace(Config(), market=MARKETS[what]), SystemClock()
        with trader_of(config, folder, clock, Fetcher(clock), plan_of(config)) as trader:
            began_s = time.process_time()
            trader.read_back()
    return time.process_time() - began_s


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(main())
    print(json.dumps(read_back(sys.argv[1], Path(sys.argv[2]))))
