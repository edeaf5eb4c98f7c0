"""Reading over all segments: the newest, everything, damage, and rotation in between."""

import gzip
import itertools
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from store import Damage, Record, Store, follow, newest, scan, tail
from store.line import LINE_BYTES_MAX, encode
from store.segments import open_segment
from tests.faults.store_rotation import compress, rotate, spread

PIECE_BYTES = 65_536
"""So much of a file is read at once."""


def record(n: int, **fields: object) -> Record:
    return {"ts": f"2026-11-21T{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}.000Z", "kind": "test", "n": n, **fields}


def numbers(records: object) -> list[int]:
    assert hasattr(records, "__iter__")
    return [found["n"] for found in records]


def fill(path: Path, first: int, end: int) -> None:
    with Store(path, durable=False) as store:
        store.append_many(record(n) for n in range(first, end))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "prices.jsonl"


@pytest.fixture
def segmented(path: Path) -> Path:
    """1,000 records: two compressed segments, one plain, the live file."""
    spread(path, [record(n) for n in range(1_000)], 4)
    return path


def test_missing_file_is_an_empty_stream(path: Path) -> None:
    for there in (path, path.parent / "nowhere" / "x.jsonl"):
        assert tail(there, 5) == []
        assert list(newest(there)) == list(scan(there)) == list(scan(there, "2026-01-01")) == []


@pytest.mark.parametrize("n", [0, 1, 249, 250, 251, 499, 501, 999, 1000, 5000])
def test_tail_returns_the_last_records_over_segments(segmented: Path, n: int) -> None:
    assert numbers(tail(segmented, n)) == list(range(1000))[max(0, 1000 - n) :]


def test_tail_of_a_negative_number_is_empty(segmented: Path) -> None:
    assert tail(segmented, -1) == []


def test_newest_and_scan_are_each_others_reverse(segmented: Path) -> None:
    assert numbers(scan(segmented)) == list(range(1000))
    assert numbers(newest(segmented)) == list(range(999, -1, -1))


def test_records_come_back_without_their_checksum(path: Path) -> None:
    fill(path, 0, 1)
    assert tail(path, 1) == list(scan(path)) == [record(0)]


def test_live_file_may_be_missing_right_after_rotation(segmented: Path) -> None:
    rotate(segmented, 200)
    assert numbers(tail(segmented, 3)) == [997, 998, 999]
    assert numbers(scan(segmented)) == list(range(1000))


def test_plain_segment_is_preferred_to_a_half_written_compressed_one(segmented: Path) -> None:
    plain = segmented.with_name("prices.jsonl-20261121-102")
    Path(f"{plain}.gz").write_bytes(gzip.compress(plain.read_bytes())[:50])
    assert numbers(scan(segmented)) == list(range(1000))
    assert numbers(tail(segmented, 1000)) == list(range(1000))


def test_other_names_in_the_folder_are_not_read(segmented: Path) -> None:
    line = encode(record(5000))
    for name in (".torn", ".lock", "-20261121-100.backup", "-20261121", ".1", "-20261121-100.gz.tmp", "x-20261121-5"):
        segmented.with_name(segmented.name + name).write_bytes(line)
    segmented.with_name("other.jsonl-20261121-1").write_bytes(line)
    assert numbers(scan(segmented)) == list(range(1000))


def test_blank_lines_are_no_records(path: Path) -> None:
    path.write_bytes(b"\n   \n" + encode(record(0)) + b"\t\r\n" + encode(record(1)) + b" " * 300_000 + b"\n\n")
    assert numbers(scan(path)) == numbers(tail(path, 9)) == [0, 1]


def test_what_follows_the_last_newline_is_no_record(path: Path) -> None:
    for rest in (b"{", b'{"ts":"2026', encode(record(2))[:-1], b"\0" * 3_000_000):
        path.write_bytes(encode(record(0)) + encode(record(1)) + rest)
        found: list[Damage] = []
        assert numbers(scan(path, on_damage=found.append)) == [0, 1]
        assert numbers(tail(path, 9, on_damage=found.append)) == [0, 1]
        assert found == []
    path.write_bytes(b"x" * 100)
    assert tail(path, 9) == list(scan(path)) == []


@pytest.mark.parametrize("packed", [False, True])
def test_damaged_lines_are_reported_by_file_and_number_and_passed_over(path: Path, *, packed: bool) -> None:
    lines = [encode(record(n)) for n in range(3000)]
    lines[1] = b"not json\n"
    lines[1500] = lines[1500].replace(b"test", b"tesu")
    lines[2998] = lines[2998][:30] + b"\0" * 20 + lines[2998][50:]
    path.write_bytes(b"".join(lines))
    where = str(path)
    if packed:
        where = str(compress(rotate(path, 1)))
    wanted = [n for n in range(3000) if n not in {1, 1500, 2998}]
    for read, order in ((scan, 1), (newest, -1)):
        found: list[Damage] = []
        assert numbers(read(path, on_damage=found.append)) == wanted[::order]
        assert [(damage.file, damage.line) for damage in found] == [(where, 2), (where, 1501), (where, 2999)][::order]
        assert "checksum" in found[1].why


def test_damage_is_told_on_standard_error_unless_asked_otherwise(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_bytes(b"rubbish\n" + encode(record(1)))
    assert numbers(scan(path)) == [1]
    assert capsys.readouterr().err == f"store: {str(path)!r}, line 1: not JSON; passed over\n"


def test_line_over_one_mebibyte_is_damage_and_costs_no_record_beside_it(path: Path) -> None:
    long = b"x" * (3 * LINE_BYTES_MAX) + b"\n"
    path.write_bytes(encode(record(0)) + long + encode(record(1)) + long + long + encode(record(2)))
    for read in (scan, newest):
        found: list[Damage] = []
        assert sorted(numbers(read(path, on_damage=found.append))) == [0, 1, 2]
        assert sorted(damage.line for damage in found) == [2, 4, 5]


def test_longest_lines_are_read_whole(path: Path) -> None:
    wanted = [record(n, text=chr(97 + n) * 1_000_000) for n in range(5)]
    with Store(path, durable=False) as store:
        for one in wanted:
            store.append(one)
    assert list(scan(path)) == tail(path, 5) == wanted
    compress(rotate(path, 1))
    assert list(scan(path)) == tail(path, 5) == wanted


def test_broken_compressed_segment_gives_what_comes_before_and_is_reported(path: Path) -> None:
    rng = random.Random(1)
    with Store(path, durable=False) as store:
        store.append_many(record(n, noise=rng.randbytes(200).hex()) for n in range(5000))
    whole = compress(rotate(path, 1))
    packed = whole.read_bytes()
    for broken in (packed[: len(packed) // 2], packed[: len(packed) // 2] + b"\xff" * 100 + packed[-1000:]):
        whole.write_bytes(broken)
        for read in (scan, newest):
            found: list[Damage] = []
            have = numbers(read(path, on_damage=found.append))
            assert sorted(have) == list(range(len(have)))
            assert len(have) > 1000
            assert found
            assert {damage.file for damage in found} == {str(whole)}


def test_empty_compressed_segment_is_reported(path: Path) -> None:
    fill(path, 0, 3)
    path.with_name("prices.jsonl-20261121-1.gz").write_bytes(b"")
    for read in (scan, newest):
        found: list[Damage] = []
        assert len(numbers(read(path, on_damage=found.append))) == 3
        assert len(found) == 1


def test_concatenated_compressed_segment_is_read_whole(path: Path) -> None:
    halves = [b"".join(encode(record(n)) for n in range(at, at + 100)) for at in (0, 100)]
    path.with_name("prices.jsonl-20261121-1.gz").write_bytes(b"".join(map(gzip.compress, halves)))
    assert numbers(scan(path)) == list(range(200))
    assert numbers(newest(path)) == list(range(199, -1, -1))


def test_large_compressed_segment_is_read_backward_whole(path: Path) -> None:
    with Store(path, durable=False) as store:
        store.append_many(record(n, text="x" * 10_000) for n in range(600))
    compress(rotate(path, 1))
    assert numbers(newest(path)) == list(range(599, -1, -1))


def test_newest_misses_and_doubles_nothing_when_rotated_meanwhile(segmented: Path) -> None:
    for rotations in (1, 2, 3):
        found = newest(segmented)
        top = next(found)["n"]
        for at in range(rotations):
            segment = rotate(segmented, 1000 * rotations + at)
            if at < rotations - 1:
                compress(segment)
            fill(segmented, top + 1, top + 4)
            top += 3
        rest = numbers(found)
        assert rest == list(range(rest[0], -1, -1))
        assert rest[0] == top - 3 * rotations - 1


def test_scan_is_a_snapshot_when_rotated_meanwhile(segmented: Path) -> None:
    found = scan(segmented)
    assert next(found)["n"] == 0
    compress(rotate(segmented, 300))
    compress(segmented.with_name("prices.jsonl-20261121-102"))
    fill(segmented, 1000, 1010)
    assert numbers(found) == list(range(1, 1000))
    assert numbers(scan(segmented)) == list(range(1010))


def test_scan_looks_again_when_rotated_between_opening_and_listing(
    segmented: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from store import segments

    listing = segments._listing
    waiting = [400]

    def rotating(folder: str, name: str) -> set[str]:
        if waiting:
            rotate(segmented, waiting.pop())
            fill(segmented, 1000, 1005)
        return listing(folder, name)

    monkeypatch.setattr(segments, "_listing", rotating)
    assert numbers(scan(segmented)) == list(range(1005))
    assert waiting == []


def test_segment_removed_before_it_is_read_is_told(segmented: Path) -> None:
    found: list[Damage] = []
    records = scan(segmented, on_damage=found.append)
    next(records)
    segmented.with_name("prices.jsonl-20261121-102").unlink()
    assert numbers(records) == [n for n in range(1, 1000) if not 500 <= n < 750]
    assert len(found) == 1
    assert "removed" in found[0].why


def test_many_segments_need_few_open_files(path: Path) -> None:
    for at in range(120):
        fill(path, at, at + 1)
        rotate(path, at)
    before = len(list(Path("/proc/self/fd").iterdir()))
    found = scan(path)
    for n in range(120):
        assert next(found)["n"] == n
        assert len(list(Path("/proc/self/fd").iterdir())) <= before + 3


@pytest.mark.parametrize("how", ["scan", "follow"])
def test_torn_line_that_is_healed_under_a_reader_is_no_damage(path: Path, how: str) -> None:
    content = b""
    while len(content) < PIECE_BYTES - 200:
        content += encode(record(content.count(b"\n")))
    path.write_bytes(content + encode({**record(0), "text": "x" * 500})[:400])
    told: list[Damage] = []
    reader: Iterator[Record] = (
        scan(path, on_damage=told.append) if how == "scan" else follow(path, on_damage=told.append, wait=lambda _: True)
    )
    found = [next(reader)["n"]]
    # It has the first half of what is torn.
    fill(path, 7, 8)
    found += numbers(reader)
    assert found[: content.count(b"\n")] == list(range(content.count(b"\n")))
    assert told == []


@pytest.mark.parametrize("members", [1, 3, 200])
def test_compressed_segment_is_read_backward_in_short_pieces_however_long_it_is(path: Path, members: int) -> None:
    content = b"".join(b"%09d\n" % n for n in range(1_800_000))
    length = len(content) // members + 1
    parts = [content[at : at + length] for at in range(0, len(content), length)]
    packed = path.with_name("prices.jsonl-20261121-1.gz")
    packed.write_bytes(b"".join(gzip.compress(part, 1) for part in parts))
    with closing(open_segment(str(packed).removesuffix(".gz"))) as source:
        pieces = list(source.pieces_back())
    assert b"".join(piece for _, piece in reversed(pieces)) == content
    assert max(len(piece) for _, piece in pieces) <= 1 << 20
    ends = itertools.accumulate(len(piece) for _, piece in reversed(pieces))
    assert [start for start, _ in reversed(pieces)][1:] == list(ends)[:-1]
