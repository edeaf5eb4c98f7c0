"""How a record becomes a line and comes back, and what is refused."""

import json
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.console import show
from store.errors import BadRecord, Damaged
from store.line import LINE_BYTES_MAX, decode, encode, encode_many

TS = "2026-11-21T07:31:00.000Z"
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=10).filter(lambda name: name != "_c")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=10,
)


def record(**fields: object) -> dict[str, object]:
    return {"ts": TS, "kind": "test", **fields}


def test_line_is_compact_json_with_ts_kind_and_checksum_in_their_places() -> None:
    line = encode({"price": 1.5, "kind": "candle", "title": "비트코인", "ts": TS})
    body = f'{{"ts":"{TS}","kind":"candle","price":1.5,"title":"비트코인"'.encode()
    assert line == body + b',"_c":"%08x"}\n' % crc32(body)


def test_line_ends_without_checksum_when_it_is_off() -> None:
    assert encode(record(n=1), checksum=False) == f'{{"ts":"{TS}","kind":"test","n":1}}\n'.encode()


@given(fields=st.dictionaries(NAMES, VALUES, max_size=5), checksum=st.booleans())
def test_record_comes_back_the_same_whatever_it_holds(*, fields: dict[str, object], checksum: bool) -> None:
    wanted = {**fields, "ts": TS, "kind": "test"}
    line = encode(wanted, checksum=checksum)
    assert decode(line[:-1]) == wanted
    assert line.count(b"\n") == 1
    assert line.decode().rstrip("\n").isprintable()
    assert json.loads(line) == {**wanted, **({"_c": json.loads(line)["_c"]} if checksum else {})}


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "test"},
        {"ts": TS},
        {"ts": None, "kind": "test"},
        {"ts": "", "kind": "test"},
        {"ts": TS, "kind": 1},
        record(_c="00000000"),
        record(x=float("nan")),
        record(x=[float("-inf")]),
        record(x="\ud800"),
        record(**{"\udfff": 1}),
        record(x={1, 2}),
        record(x="a" * LINE_BYTES_MAX),
        record(x="한" * (LINE_BYTES_MAX // 3)),
    ],
)
def test_encode_refuses_what_cannot_be_a_line(bad: dict[str, object]) -> None:
    with pytest.raises(BadRecord) as caught:
        encode(bad)
    assert isinstance(caught.value, ValueError)


def test_encode_refuses_a_record_that_holds_itself() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(BadRecord):
        encode(record(x=endless))


def test_line_may_be_one_mebibyte_long_and_no_longer() -> None:
    overhead_bytes = len(encode(record(x=""))) - 1
    longest = record(x="a" * (LINE_BYTES_MAX - overhead_bytes))
    assert len(encode(longest)) == LINE_BYTES_MAX + 1
    assert decode(encode(longest)[:-1]) == longest
    longest["x"] += "a"  # type: ignore[operator]
    with pytest.raises(BadRecord):
        encode(longest)


def test_every_single_flipped_bit_is_noticed() -> None:
    line = encode(record(price=61250000.0, title="비트코인 급등", n=17))[:-1]
    for bit in range(len(line) * 8):
        flipped = bytearray(line)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Damaged):
            decode(bytes(flipped))


def test_flipped_bits_pass_when_there_is_no_checksum() -> None:
    line = encode(record(price=61250000.0, n=17), checksum=False)[:-1]
    passed = 0
    for bit in range(len(line) * 8):
        flipped = bytearray(line)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            passed += decode(bytes(flipped)) != decode(line)
        except Damaged:
            continue
    assert passed > len(line)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"ts":"t","kind":"k"', "not JSON"),
        (b'{"ts":"t","kind":"k","x":NaN}', "not JSON"),
        (b'{"ts":"t","kind":"k","x":"\xff"}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'["ts","kind"]', "no record"),
        (b'{"ts":"t"}', "no record"),
        (b'{"ts":1,"kind":"k"}', "no record"),
        (b'{"ts":"t","kind":"k","_c":"00000000"}', "checksum"),
        (b'{"ts":"t","_c":"00000000","kind":"k"}', "checksum"),
        (b"\0" * 100, "not JSON"),
    ],
)
def test_decode_says_why_when_a_line_is_no_record(line: bytes, why: str) -> None:
    with pytest.raises(Damaged, match=why):
        decode(line)


def test_decode_reads_a_line_of_another_hand() -> None:
    assert decode(b' {"kind": "k", "ts": "t", "n": 1} \r') == {"kind": "k", "ts": "t", "n": 1}


def test_show_lets_nothing_through_that_steers_a_terminal() -> None:
    for half, is_ascii in (("", False), ("\ud800", True)):
        title = f"\x1b[31m\x9b2J\u202e\u2028\x7f{half} 한글"
        shown = show(record(title=title))
        assert shown.isascii() is is_ascii
        assert shown.decode().rstrip("\n").isprintable()
        assert json.loads(shown)["title"] == title


USUAL = st.builds(lambda fields: record() | fields | record(), st.dictionaries(NAMES, VALUES, max_size=3))
UNUSUAL = st.sampled_from(
    [
        {"kind": "test", "ts": TS, "a": [{"ts": TS, "kind": "test"}, {"ts": TS, "kind": "test"}]},
        {"ts": TS, "a": 1, "kind": "test"},
        {"ts": "a", "b": "cccccccccccccZ", "kind": "test"},
        {"ts": "2026", "kind": "test"},
        {"ts": TS, "kind": "test", "a": [{}, {"ts": TS}]},
        {"ts": TS, "kind": "test", "a": {"_c": 1}},
        {"ts": TS, "kind": '"_c":"\x7f\u2028한'},
    ]
)


@given(records=st.lists(USUAL | UNUSUAL, max_size=4), checksum=st.booleans())
def test_many_records_are_the_same_lines_as_one_by_one(*, records: list[dict[str, object]], checksum: bool) -> None:
    assert encode_many(records, checksum=checksum) == b"".join(encode(one, checksum=checksum) for one in records)


@pytest.mark.parametrize("bad", [{}, {"ts": TS}, record(_c="0"), record(x=float("nan")), record(x="\ud800"), None, 1])
def test_many_records_are_refused_where_one_of_them_is(bad: Any) -> None:  # noqa: ANN401 - some are no records
    for records in ([bad], [record(), bad, record()]):
        with pytest.raises((BadRecord, TypeError, AttributeError)):
            encode_many(records)
    with pytest.raises(BadRecord):
        encode_many([record(), record(x="a" * LINE_BYTES_MAX)])
