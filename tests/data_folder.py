"""A small data folder to back up, to prune and to bring back, and what is in one."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from store import Record, Store
from store.prune import Kept
from tests.faults.store_rotation import compress, rotate

NOW_S = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
DAY_S = 86_400


def record(n: int) -> Record:
    return {"ts": f"2026-11-21T00:{n // 60 % 60:02d}:{n % 60:02d}.000Z", "kind": "test", "n": n}


def two_streams(folder: Path) -> Path:
    """Make two streams: 40 prices in a compressed segment, two plain ones and the live file; 5 events in theirs."""
    folder.mkdir()
    for at in range(4):
        with Store(folder / "prices.jsonl", durable=False) as store:
            store.append_many(record(n) for n in range(at * 10, at * 10 + 10))
        if at < 3:
            segment = rotate(folder / "prices.jsonl", at)
            if at < 1:
                compress(segment)
    with Store(folder / "events.jsonl", durable=False) as store:
        store.append_many(record(n) for n in range(5))
    (folder / "bot.lock").write_text("1")
    return folder


def pruned(found: Iterator[str | Kept]) -> tuple[list[str], list[str]]:
    told = list(found)
    gone = [Path(name).name for name in told if isinstance(name, str)]
    return gone, [kept.why for kept in told if isinstance(kept, Kept)]


def in_days(days: float) -> datetime:
    return datetime(2026, 11, 21, tzinfo=UTC) + timedelta(days=days)


def hurt(file: Path) -> None:
    """Change one byte of a file in a backup, and nothing that its folder says of it."""
    file.chmod(0o640)
    before = file.stat()
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(whole)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
