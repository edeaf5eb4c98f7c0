"""Reading by the block gives what reading line by line as JSON gives, whatever lies between the usual lines."""

import json
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any
from zlib import crc32

import pytest

from agent.clock import timestamp
from agent.folder import DataFolder
from desk.dashboard.candles import Candles
from desk.dashboard.cells import Averages, Gaps, Scores
from desk.dashboard.digests import Digests
from desk.dashboard.records import Records
from desk.dashboard.series import Series
from store import Damage, Record
from store.errors import Damaged
from store.line import MARK, decode, encode
from tests.desks import BEGIN_S, candle, fill_store, rotate, score, signal

Kind = type[Candles | Averages | Scores | Gaps]
Line = bytes

STREAMS: dict[Kind, str] = {Candles: "prices", Averages: "signals", Scores: "sentiment", Gaps: "events"}
# What JSON reads in other ways than a pattern or `float` alone would, or not at all.
NUMBERS = (
    *("0", "-0", "-0.0", "1e3", "1E-07", "2.5e+10", "12345678901234567890", "0.1000", " 7 ", "1.5\t", "98100000.0"),
    *("01", "1.", ".5", "+1", "1_000", "NaN", "Infinity", "-Infinity", "--1", "1e", "0x10", "1" * 400, "1e999"),
    *('"5"', '"x"', "true", "null", "[1]", "[1", "1]", "{}", '{"a":1}', "", "\n7", "7\n", "1\r", "\u0661"),
)
MOMENTS = (
    *("2026-11-21T24:00:00.000Z", "2026-11-31T00:00:00.000Z", "2026-11-21T00:60:00.000Z", "2026-11-21T00:00:30.000Z"),
    *("2026-11-21", "2026-11-21T00:07:00.000+00:00", "yesterday", "0000-01-01T00:00:00.000Z", "2026-11-21T07:00:00Z"),
)
TEXTS = ("제목", '","source":"x"', "\\", "a" * 300, "b\x07ll", "tab\t", "\u2028", '{"kind":"gap"}', "null", "")


def rewritten(line: Line, old: bytes, new: bytes) -> Line:
    """Change a line as a writer of another make could have written it: its checksum is right."""
    body = line[:-17].replace(old, new, 1)
    return b'%b%b%08x"}' % (body, MARK, crc32(body))


def usual(kind: Kind, chance: random.Random, minute: int) -> Record:
    """Return a record as our writers make them, now and then late, of another market, or without averages."""
    symbol = chance.choice(["KRW-BTC", "KRW-BTC", "KRW-BTC", "KRW-ETH", 'odd"one', "비트"])
    minute += chance.choice([0] * 12 + [-3, 1])
    if kind is Candles:
        values = {"volume": chance.choice([0, 1e-07, 2.5, 0.1, 12345678901234567890])}
        return candle(minute, chance.uniform(1, 1e9), symbol, **values)
    if kind is Averages:
        found = {**signal(minute, chance.choice(["HOLD", "HOLD", "BUY", "SELL"])), "symbol": symbol}
        found["sma_fast"] = chance.choice([None, 1.5, chance.uniform(0, 9)])
        if chance.random() < 0.3:
            found = {**found, "rsi": chance.choice([None, 51.25]), "reason": found.pop("reason")}
        return found
    if kind is Scores:
        found = {**score(minute, chance.choice(TEXTS), chance.choice("abc가")), "score": chance.uniform(-1, 1)}
        return {**found, "link": 'https://example.org/"'} if chance.random() < 0.3 else found
    gap = {"symbol": symbol, "from_ts": timestamp(BEGIN_S + 60 * minute), "until_ts": timestamp(BEGIN_S + 9000)}
    return {"ts": timestamp(BEGIN_S), "kind": chance.choice(["gap", "report"]), **gap, "what": chance.choice(TEXTS)}


def hurt(line: Line, record: Record, chance: random.Random) -> Line:
    """Return a line in which something is not as it usually is."""
    wild = bytearray(line)
    wild[chance.randrange(len(line))] ^= 1 << chance.randrange(8)
    fields = list(record.items())
    chance.shuffle(fields)
    name, value = chance.choice(list(record.items())[2:])
    number, moment, text = chance.choice(NUMBERS), chance.choice(MOMENTS), chance.choice(TEXTS)
    field = f'"{name}":{json.dumps(value, ensure_ascii=False)}'.encode()
    other = b'"%b":%b' % (name.encode(), chance.choice([number, json.dumps(moment), json.dumps(text)]).encode())
    without = {key: each for key, each in fields if key not in (name, "ts", "kind")}
    head = {"ts": record["ts"], "kind": record["kind"]}
    return chance.choice(
        [
            bytes(wild).replace(b"\n", b" "),
            line[: chance.randrange(len(line))],
            b"",
            b"\0" * 40,
            line[:-17] + b"}",
            encode({**head, **dict(fields)})[:-1],
            encode({**head, **without})[:-1],
            encode({**record, "more": text})[:-1],
            rewritten(line, field, other),
            rewritten(line, field, field + b"," + other),
            rewritten(line, b'"kind"', b' "kind"'),
            rewritten(line, b"KRW", b"K\xffW"),
            rewritten(line, record["ts"].encode(), b"\x80" * 24),
            rewritten(line, b"-", b"\n"),
        ]
    )


def lines_of(kind: Kind, chance: random.Random, count: int, hurt_part: float) -> list[Line]:
    """Return whole lines; damage may have cut one in two."""
    found = []
    for minute in range(count):
        record = usual(kind, chance, minute)
        line = encode(record)[:-1]
        found.append(hurt(line, record, chance) if chance.random() < hurt_part else line)
    return b"\n".join(found).split(b"\n")


def fold_in(cells: Any, lines: Iterable[Line]) -> None:  # noqa: ANN401 - any of four
    """Read lines as any reader of the store would."""
    for line in lines:
        try:
            cells.add(decode(line))
        except (Damaged, KeyError, TypeError, ValueError, OverflowError):
            continue


def contents(cells: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any of four
    rows = {name: list(each) for name, each in getattr(cells, "rows", {}).items()}
    return rows, sorted(getattr(cells, "marks", ())), getattr(cells, "gaps", ()), getattr(cells, "sources", {})


def cut(lines: list[Line], chance: random.Random) -> Iterator[list[Line]]:
    """Yield the lines in blocks of any size."""
    while lines:
        size = chance.choice([1, 2, 30, 200])
        yield lines[:size]
        lines = lines[size:]


@pytest.mark.parametrize("cell_s", [60, 300, 900])
@pytest.mark.parametrize("kind", list(STREAMS))
@pytest.mark.parametrize("hurt_part", [0, 0.02, 0.5])
def test_blocks_give_what_lines_give(kind: Kind, cell_s: int, hurt_part: float, seed: int) -> None:
    chance = random.Random(seed)
    quick, plain = kind(cell_s), kind(cell_s)
    left, count = 0, 0
    for lines in cut(lines_of(kind, chance, 1500, hurt_part), chance):
        fold_in(plain, lines)
        block = b"\n".join(lines)
        count += len(lines)
        for offset, line in quick.take(block):
            assert block[offset : offset + len(line)] == line
            assert line in lines
            left += 1
            fold_in(quick, [line])
    assert contents(quick) == contents(plain)
    assert any(contents(plain)), "nothing was tried"
    if hurt_part < 0.5 and kind is not Gaps:
        assert left < count * 0.75, "nearly all was left to the plain reader"


@pytest.mark.parametrize("kind", list(STREAMS))
def test_every_odd_value_is_read_as_json_reads_it(kind: Kind) -> None:
    """Each of them in each field of one line among usual ones."""
    chance = random.Random(4)
    before, after = (encode(usual(kind, random.Random(at), 5 + at))[:-1] for at in (1, 2))
    odd = [*NUMBERS, *(json.dumps(text) for text in (*MOMENTS, *TEXTS))]
    for name, value in list(usual(kind, chance, 6).items())[2:]:
        line = encode(usual(kind, random.Random(4), 6))[:-1]
        field = f'"{name}":{json.dumps(value, ensure_ascii=False)}'.encode()
        for other in odd:
            changed = rewritten(line, field, b'"%b":%b' % (name.encode(), other.encode()))
            lines = b"\n".join([before, changed, after]).split(b"\n")
            quick, plain = kind(), kind()
            fold_in(plain, lines)
            for _, left in quick.take(b"\n".join(lines)):
                fold_in(quick, [left])
            assert contents(quick) == contents(plain), (name, other)


def test_lines_of_our_own_writers_are_of_the_usual_form(tmp_path: Path) -> None:
    """Else all would still be right, and as slow as without."""
    from tests.page import demo_store

    demo_store.fill(tmp_path, BEGIN_S, 1500)
    for kind, stream in STREAMS.items():
        content = (tmp_path / f"{stream}.jsonl").read_bytes()[:-1]
        if kind is not Gaps:
            assert list(kind().take(content)) == [], stream


def test_every_damaged_line_is_told_by_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [encode(candle(minute, 1000))[:-1] for minute in range(100)]
    for at in (0, 50, 99):
        lines[at] = lines[at].replace(b'"open":999', b'"open":998')
    (tmp_path / "prices.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    told: list[Damage] = []
    records = Records(DataFolder(tmp_path))
    monkeypatch.setattr(records, "tell", told.append)
    series = Series(records).drawn(BEGIN_S, BEGIN_S + 6000, 2000, None)
    assert len(series["time"]) == 97
    offsets = [sum(len(line) + 1 for line in lines[:at]) for at in (0, 50, 99)]
    # Cells of two widths were read; who tells says each once.
    assert [each.why.split(":")[0] for each in dict.fromkeys(told)] == [f"at byte {offset}" for offset in offsets]


def test_two_who_ask_at_once_have_each_file_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_store(tmp_path / "data", 3000)
    rotate(tmp_path / "data", "prices", 1_795_248_000, gzipped=True)
    reads: list[str] = []
    plain: Callable[..., None] = Digests._read

    def counted(self: Any, source: Any, digest: Any) -> None:  # noqa: ANN401 - passed on
        reads.append(source.path)
        plain(self, source, digest)

    monkeypatch.setattr(Digests, "_read", counted)
    series = Series(Records(DataFolder(tmp_path / "data")))
    answers: list[Any] = []
    asking = [
        Thread(target=lambda: answers.append(series.drawn(BEGIN_S, BEGIN_S + 600_000, 200, None))) for _ in range(4)
    ]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert answers == answers[:1] * 4
    assert sum(path.endswith(".gz") for path in reads) == 1
