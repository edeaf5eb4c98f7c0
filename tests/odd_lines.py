"""Lines of records as our writers make them, and as nobody should: damaged, torn, or of another writer's make."""

import json
import random
from zlib import crc32

from agent.clock import timestamp
from desk.dashboard.candles import Candles
from desk.dashboard.cells import Averages, Gaps, Scores
from store import Record
from store.line import MARK, encode
from tests.desks import BEGIN_S, candle, score, signal

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
