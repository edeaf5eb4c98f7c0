"""What importing the store costs a writer that is always on."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_MEASURE = """
import sys
{code}
with open("/proc/self/status") as status:
    print(next(line for line in status if line.startswith("VmHWM")).split()[1], *sys.modules)
"""


def measure(code: str) -> tuple[int, set[str]]:
    """Return the peak resident KiB of a fresh interpreter after the code, the least of five, and its modules."""
    command = [sys.executable, "-c", _MEASURE.format(code=code)]
    runs = [
        subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split() for _ in "12345"
    ]
    return min(int(run[0]) for run in runs), set(runs[0][1:])


def test_import_costs_at_most_3_mib_and_nothing_that_only_readers_use() -> None:
    bare_kib, _ = measure("pass")
    store_kib, modules = measure("import store")
    assert store_kib - bare_kib <= 3 * 1024
    assert not modules & {"argparse", "datetime", "gzip", "pathlib", "dataclasses", "logging", "store.verdict"}


def test_everything_promised_can_be_imported() -> None:
    measure(
        "from store import *; from store import Store, NotStored, tail, scan, follow, verify, newest, Follower, Verdict"
    )
    measure(
        "import store.verdict, store.follower; from store import follow, verify; assert verify('x').ok and follow('x')"
    )
