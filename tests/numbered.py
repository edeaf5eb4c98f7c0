"""Streams of numbered records, which have to be sound."""

from contextlib import closing
from itertools import islice
from pathlib import Path

from store import Record, Store, follow, scan


def record(n: int, **fields: object) -> Record:
    """Return the record of that number, a second after the one before."""
    return {"ts": f"2026-11-21T00:{n // 60 % 60:02d}:{n % 60:02d}.000Z", "kind": "test", "n": n, **fields}


def store(path: Path, *records: Record) -> None:
    """Append records at once."""
    with Store(path, durable=False) as writer:
        writer.append_many(records)


def numbers(path: Path) -> list[int]:
    """Return each record's `n`, in the order they are read; a damaged line is a failure."""
    return [found["n"] for found in scan(path, on_damage=_no_damage)]


def numbers_from(path: Path, position: str | None = None, most: int | None = None) -> tuple[list[int], str]:
    """Follow from a position on to where it would wait; return each record's `n`, and where to go on."""
    with closing(follow(path, position, on_damage=_no_damage, wait=lambda _: True)) as follower:
        return [found["n"] for found in islice(follower, most)], follower.position


def _no_damage(damage: object) -> None:
    raise AssertionError(damage)
