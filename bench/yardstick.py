"""What the store is measured with: one record, the time and memory of work, and a figure held against its goal."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from store import Record

TOP = Path(__file__).resolve().parent.parent
MEASURES = 15

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


def best_s(work: Callable[[], object], times: int = MEASURES) -> float:
    """Return the median time of some runs, in seconds of this process: what else runs here changes it little."""
    taken = []
    for _ in range(times):
        begun_s = time.process_time()
        work()
        taken.append(time.process_time() - begun_s)
    return statistics.median(taken)


def peak_kib(code: str, times: int = 5) -> int:
    """Return the peak resident memory of a fresh interpreter that runs the code, the least of some runs."""
    show = "print(next(l for l in open('/proc/self/status') if l.startswith('VmHWM')).split()[1])"
    command = [sys.executable, "-c", f"{code}\n{show}"]
    return min(int(subprocess.run(command, capture_output=True, check=True, cwd=TOP).stdout) for _ in range(times))
