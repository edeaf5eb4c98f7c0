"""Power cuts: images of the disk on which any sector that was not flushed may be missing.

A recorder under the store notes what is written and flushed. From that, images are made as a disk may hold them when
the power goes: of what was not yet flushed, any sectors are there and any are not; the file has its old length, or the
new one with zeros where nothing came; a file whose folder was not flushed may not be there at all.
"""

import os
import random
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from store import Damage, Record, Store, scan, verify
from store.line import encode
from tests.faults.store_calls import Call, watched

SECTOR_BYTES = 512
IMAGES = int(os.environ.get("STORE_IMAGES", "150"))


class Event(NamedTuple):
    """One thing that happened to the file: a write (offset and bytes), a flush, or an acknowledgement."""

    what: str
    offset: int = 0
    data: bytes = b""
    n: int = -1


def record_appends(path: Path, durable: bool, before: bytes) -> list[Event]:  # noqa: FBT001 - one of the two
    """Append records of many sizes to a file with that content, and return what reached the system, in order."""
    path.write_bytes(before)
    events: list[Event] = []

    def around(name: str, call: Call, arguments: tuple[Any, ...]) -> object:
        if name == "write" and not str(Path(f"/proc/self/fd/{arguments[0]}").readlink()).endswith(".torn"):
            events.append(Event("write", path.stat().st_size, bytes(arguments[1])))
        elif name == "pwrite":
            events.append(Event("write", arguments[2], bytes(arguments[1])))
        result = call(*arguments)
        if name == "fdatasync":
            events.append(Event("flush"))
        return result

    n = 1
    with Store(path, durable=durable) as store, watched(around):
        for size_bytes in (0, 600, 5000, 10, 1500, 0, 3000):
            if size_bytes == 1500:
                store.append_many(record(n + at, size_bytes) for at in range(4))
                n += 4
            else:
                store.append(record(n, size_bytes))
                n += 1
            events.append(Event("acknowledged", n=n - 1))
    return events


def record(n: int, size_bytes: int) -> Record:
    return {"ts": f"2026-11-21T00:00:{n:02d}.000Z", "kind": "test", "n": n, "x": "x" * size_bytes}


def cut(events: list[Event], before: bytes, at: int, rng: random.Random) -> tuple[bytes, int]:
    """Return the file after a power cut behind that many events, and the number of the last acknowledged record."""
    flushed = max((index for index in range(at) if events[index].what == "flush"), default=-1)
    safe = bytearray(before)
    for event in events[: flushed + 1]:
        _put(safe, event.offset, event.data)
    image = bytearray(safe)
    share = rng.choice([0.0, 0.2, 0.5, 0.8, 1.0])
    for event in events[flushed + 1 : at]:
        start = event.offset
        while start < event.offset + len(event.data):
            end = min(event.offset + len(event.data), (start // SECTOR_BYTES + 1) * SECTOR_BYTES)
            if rng.random() < share:
                _put(image, start, event.data[start - event.offset : end - event.offset])
            elif rng.random() < 0.5:
                _put(image, max(start, len(image)), bytes(max(0, end - max(start, len(image)))))
            start = end
    if rng.random() < 0.3:
        del image[max(len(safe), rng.randrange(len(image) + 1)) :]
    return bytes(image), max((event.n for event in events[:at] if event.what == "acknowledged"), default=0)


def _put(image: bytearray, offset: int, data: bytes) -> None:
    if data:
        image.extend(bytes(max(0, offset - len(image))))
        image[offset : offset + len(data)] = data


BEFORE = {
    "sound": encode(record(0, 0)),
    "torn": encode(record(0, 0)) + encode(record(50, 2000))[:-30],
    "zeros": encode(record(0, 0)) + b"\0" * 3000,
}


def cuts(folder: Path, rng: random.Random, *, durable: bool) -> tuple[int, int, int, int]:
    """Cut the power many times; return how many images were hit, records lost, lines torn, records doubled."""
    hit = lost = torn = doubled = 0
    for number in range(IMAGES):
        before = BEFORE[rng.choice(list(BEFORE))]
        path = folder / f"{number}.jsonl"
        events = record_appends(path, durable, before)
        image, acknowledged = cut(events, before, rng.randrange(len(events) + 1), rng)
        path.write_bytes(image)
        with Store(path) as store:
            store.append(record(59, 0))
        told: list[Damage] = []
        found = [each["n"] for each in scan(path, on_damage=told.append)]
        wanted = {*range(acknowledged + 1), 59}
        hit += b"\0" in image
        lost += len(wanted - set(found))
        torn += len(told) + verify(path).torn
        doubled += len(found) - len(set(found))
    return hit, lost, torn, doubled


def test_power_cut_loses_no_acknowledged_record(tmp_path: Path, seed: int) -> None:
    hit, lost, torn, doubled = cuts(tmp_path, random.Random(seed), durable=True)
    sys.stdout.write(f"{IMAGES} images, {hit} with zeros in them, {torn} lines to tell of\n")
    assert (lost, doubled) == (0, 0)
    assert hit > IMAGES // 20
    # A batch whose middle did not come is the one thing left to tell of: its later lines are whole.
    assert torn <= IMAGES // 20


def test_power_cut_loses_what_was_not_flushed(tmp_path: Path, seed: int) -> None:
    _, lost, _, _ = cuts(tmp_path, random.Random(seed), durable=False)
    assert lost > IMAGES // 10


def test_power_cut_may_take_a_new_file_whose_folder_was_not_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    flush = os.fsync

    def noted(descriptor: int) -> None:
        flushed.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    for durable in (False, True):
        with Store(tmp_path / f"{durable}.jsonl", durable=durable) as store:
            store.append(record(1, 0))
        assert flushed == ([str(tmp_path)] if durable else [])
