"""Verifying: every damaged line is named, nothing sound is, and it is fast."""

from pathlib import Path

import pytest

from store import Damage, Record, Store, verify
from store.line import encode
from tests.faults.store_rotation import compress, rotate


def record(n: int, **fields: object) -> Record:
    return {"ts": f"2026-11-21T00:{n // 60 % 60:02d}:{n % 60:02d}.000Z", "kind": "test", "n": n, **fields}


def fill(path: Path, first: int, end: int, *, checksum: bool = True) -> None:
    with Store(path, durable=False, checksum=checksum) as store:
        store.append_many(record(n) for n in range(first, end))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "prices.jsonl"


def test_missing_file_verifies_as_empty(path: Path) -> None:
    verdict = verify(path)
    assert verdict.ok
    assert (verdict.records, verdict.bytes, verdict.segments, verdict.first_ts) == (0, 0, 0, None)


def test_verify_counts_what_is_there(path: Path) -> None:
    fill(path, 0, 100)
    compress(rotate(path, 1))
    fill(path, 100, 200)
    rotate(path, 2)
    fill(path, 200, 300)
    size_bytes = sum(len(encode(record(n))) for n in range(300))
    verdict = verify(path)
    assert verdict.ok
    assert (verdict.records, verdict.bytes, verdict.segments, verdict.torn, verdict.unchecked) == (
        300,
        size_bytes,
        3,
        0,
        0,
    )
    assert (verdict.first_ts, verdict.last_ts) == (record(0)["ts"], record(299)["ts"])
    assert verdict.set_back == []


def test_torn_tail_is_counted_and_is_no_damage(path: Path) -> None:
    fill(path, 0, 2)
    with path.open("ab") as file:
        file.write(b'{"ts":"20')
    rotate(path, 1)
    fill(path, 2, 4)
    with path.open("ab") as file:
        file.write(b"\0" * 3_000_000)
    verdict = verify(path)
    assert verdict.ok
    assert (verdict.records, verdict.torn) == (4, 2)


def test_lines_without_checksum_are_counted_and_parsed(path: Path) -> None:
    fill(path, 0, 3, checksum=False)
    fill(path, 3, 5)
    with path.open("ab") as file:
        file.write(b'{"ts":"2026-11-21T00:00:09.000Z","kind":"by hand"}\n\n{"ts":"2026-11-21T00:00:09.000Z"}\n')
    verdict = verify(path)
    assert (verdict.records, verdict.unchecked) == (6, 4)
    assert [damage.line for damage in verdict.damaged] == [8]
    assert not verdict.ok


@pytest.mark.parametrize("packed", [False, True])
def test_every_damaged_line_is_named(path: Path, *, packed: bool) -> None:
    lines = [encode(record(n, text="비트코인" * (n % 50))) for n in range(5000)]
    hit = [0, 1, 999, 2500, 4999]
    for number in hit:
        line = bytearray(lines[number])
        line[len(line) // 2] ^= 4
        lines[number] = bytes(line)
    path.write_bytes(b"".join(lines))
    where = str(compress(rotate(path, 1)) if packed else path)
    verdict = verify(path)
    assert verdict.damaged == [Damage(where, number + 1, "does not match its checksum") for number in hit]
    assert verdict.records == 4995


def test_every_flipped_bit_of_a_file_is_found(path: Path) -> None:
    whole = b"".join(encode(record(n, text="급등")) for n in range(2))
    for bit in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        verdict = verify(path)
        assert not verdict.ok or (verdict.torn and verdict.records == 1), bit


def test_flipped_bits_of_a_file_without_checksums_pass_by_the_hundred(path: Path) -> None:
    whole = b"".join(encode(record(n, text="급등"), checksum=False) for n in range(2))
    passed = 0
    for bit in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        passed += verify(path).ok
    assert passed > 200


def test_clock_that_was_set_back_is_listed_and_is_no_damage(path: Path) -> None:
    fill(path, 100, 200)
    rotate(path, 1)
    fill(path, 50, 60)
    with Store(path) as store:
        store.append({"ts": "2026-11-21T00:00:58.500Z", "kind": "overlap"})
    verdict = verify(path)
    assert verdict.ok
    assert [(damage.file, damage.line) for damage in verdict.set_back] == [(str(path), 1)]
    assert verdict.last_ts == "2026-11-21T00:00:58.500Z"


def test_broken_compressed_segment_is_damage(path: Path) -> None:
    fill(path, 0, 1000)
    packed = compress(rotate(path, 1))
    packed.write_bytes(packed.read_bytes()[:-20])
    fill(path, 1000, 1010)
    verdict = verify(path)
    assert [damage.file for damage in verdict.damaged] == [str(packed)]
    assert "ends in the middle" in verdict.damaged[0].why
    assert verdict.last_ts == record(1009)["ts"]
