"""Watches the memory of all that runs as a user, and of gzip, for some seconds; tells the most there was, in KiB."""

import json
import os
import pwd
import sys
import time
from contextlib import suppress
from pathlib import Path

PAUSE_S = 0.05


def main(user: str, duration_s: float) -> None:
    """Print the greatest sum of shared-out memory (Pss) at one moment, who had it, and each one's own peak."""
    uid, me = pwd.getpwnam(user).pw_uid, os.getpid()
    end_s = time.monotonic() + duration_s
    most_kib = 0
    parts: dict[str, int] = {}
    peaks: dict[str, int] = {}
    while time.monotonic() < end_s:
        now: dict[str, int] = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, StopIteration):
                status = (entry / "status").read_text()
                name = (
                    (entry / "cmdline").read_text().replace("\0", " ").replace("/opt/moss/current/", "").strip()[-60:]
                )
                if int(entry.name) == me or (f"\nUid:\t{uid}\t" not in status and not status.startswith("Name:\tgzip")):
                    continue
                now[name] = field((entry / "smaps_rollup").read_text(), "Pss:")
                peaks[name] = max(peaks.get(name, 0), field(status, "VmHWM:"))
        if sum(now.values()) > most_kib:
            most_kib, parts = sum(now.values()), now
        time.sleep(PAUSE_S)
    sys.stdout.write(json.dumps({"pss_kib": most_kib, "of": parts, "peak_kib": peaks}) + "\n")


def field(text: str, name: str) -> int:
    """Return the number of KiB behind a name."""
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(name))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
