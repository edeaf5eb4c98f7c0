"""A piece of work that is the same everywhere: how many seconds of processor it takes says how slow a machine is."""

import json
import re
import sys
import time
import zlib

ROUNDS = 60


def main() -> None:
    """Do what the two scripts mostly do, write and read JSON, look for words, sum up; print the seconds it took."""
    rows = [{"open_ts": f"2026-11-21T{n:05}", "close": n * 1.5, "symbol": "KRW-BTC"} for n in range(500)]
    word = re.compile(r"\w+")
    begun_s = time.process_time()
    total = 0.0
    for _ in range(ROUNDS):
        text = json.dumps(rows)
        total += sum(row["close"] for row in json.loads(text)) + zlib.crc32(text.encode()) + len(word.findall(text))
    sys.stdout.write(f"{time.process_time() - begun_s:.3f}\n")


if __name__ == "__main__":
    main()
