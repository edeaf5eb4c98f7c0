"""A year studied: 525,600 candles and a hundred headlines a day, with the memory that the small machine can spare.

The study runs in a process of its own, once as it would on the server (no strategies), once with all it has.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fakes.newsroom import Newsroom, Tie

TOP = Path(__file__).resolve().parent.parent
DAYS = 365
SOURCES = {f"feed{at}": 10 for at in range(10)}
MEMORY_MB = 300


def one(arguments: list[str]) -> None:
    """Study in this process, and tell on the last line what it took."""
    import time

    from desk.study.command import main

    began_s = time.perf_counter()
    began_cpu_s = time.process_time()
    status = main(arguments)
    took = {"took_s": time.perf_counter() - began_s, "cpu_s": time.process_time() - began_cpu_s, "status": status}
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    peak_kib = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    print(json.dumps({**took, "peak_mb": peak_kib * 1.024 / 1000}))


def main() -> int:
    """Make the year, study it twice, print what it took; 1 if the memory was not kept or the planted tie not found."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        room = Newsroom(1, days=DAYS, sources=SOURCES, ties=(Tie("feed3", 0.002, lag_min=30),))
        folder = room.store(Path(name))
        size_mb = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        print(f"study: {len(room.closes):,} candles, {len(room.headlines):,} headlines, {size_mb:.0f} MB")
        failed = False
        for what, more in (("without strategies", ["--no-strategies"]), ("all of it, with the page", [])):
            page = ["--html", f"{name}/report.html"] if not more else []
            command = [sys.executable, "-m", "bench.study", str(folder), "--memory", f"{MEMORY_MB}MB", "--quiet"]
            done = subprocess.run([*command, *more, *page], cwd=TOP, capture_output=True, text=True, check=True)
            *told, last = done.stdout.splitlines()
            took = json.loads(last)
            found = [line for line in told if line.startswith("feed3 and the return")]
            failed = failed or took["peak_mb"] > MEMORY_MB or not found
            spent = f"{took['took_s']:.1f} s, {took['cpu_s']:.1f} s of it on the processor"
            print(f"study: {what}: {spent}, {took['peak_mb']:.0f} of {MEMORY_MB} MB at most")
        print(f"study: found: {found[0] if found else 'not what was planted'}")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        one(sys.argv[1:])
    else:
        sys.exit(main())
