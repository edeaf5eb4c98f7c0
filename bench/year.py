"""A year of minutes as it lies on a server, for what is measured over one."""

import gzip
import random
from pathlib import Path

from agent.clock import DAY_S, timestamp
from store import Record
from store.line import encode_many

DAYS = 365
BEGIN_S = 1_763_683_200  # 2025-11-21T00:00Z
END_S = BEGIN_S + DAYS * DAY_S


def write_year(data: Path) -> None:
    """Write a year as it lies on a server: a segment a day, all but the last two compressed."""
    chance, price = random.Random(9), 90_000_000.0  # noqa: S311 - prices
    for day in range(DAYS):
        records: dict[str, list[Record]] = {"prices": [], "signals": [], "sentiment": []}
        for minute in range(1440):
            begin_s = BEGIN_S + day * DAY_S + 60 * minute
            opened, price = price, round(price * (1 + chance.gauss(0, 6e-4)), -3)
            records["prices"].append(candle(begin_s, opened, price, chance))
            if minute % 5 == 4:
                records["signals"].append(_signal(begin_s, price, chance))
            if minute % 10 == 0:
                records["sentiment"].append(_score(begin_s, chance))
        for stream, content in records.items():
            _write(data, stream, day, encode_many(content))


def candle(begin_s: int, opened: float, close: float, chance: random.Random) -> Record:
    """Return the record of a minute."""
    head = {"ts": timestamp(begin_s + 65), "kind": "candle", "symbol": "KRW-BTC", "source": "upbit"}
    prices = {"open": opened, "high": max(opened, close) + 1000, "low": min(opened, close) - 1000, "close": close}
    return {**head, "open_ts": timestamp(begin_s), "unit_s": 60, **prices, "volume": round(chance.random() * 3, 8)}


def _signal(begin_s: int, price: float, chance: random.Random) -> Record:
    head = {"ts": timestamp(begin_s + 66), "kind": "signal", "symbol": "KRW-BTC", "source": "upbit"}
    word = chance.choices(("HOLD", "BUY", "SELL"), (40, 1, 1))[0]
    rule = {"signal": word, "strategy": "sma_cross", "rule": "faa1f2cf", "sma_fast": price + 7, "sma_slow": price - 7}
    return {**head, "candle_ts": timestamp(begin_s), "price": price, **rule, "reason": "fast>slow as before"}


def _score(begin_s: int, chance: random.Random) -> Record:
    story = f"{begin_s:012x}"
    head = {"ts": timestamp(begin_s + 1), "kind": "score", "text_id": f"{story}-00000000", "story": story}
    score = {"score": round(chance.uniform(-1, 1), 4), "p_neg": 0.1, "p_neu": 0.3, "p_pos": 0.6, "lang": "ko"}
    rest = {
        "source": chance.choice("abcdefg"),
        "published_ts": None,
        "model": "79e8035d",
        "title": "a made-up headline",
    }
    return {**head, **score, **rest}


def _write(data: Path, stream: str, day: int, content: bytes) -> None:
    segment = data / f"{stream}.jsonl-20260101-{BEGIN_S + (day + 1) * DAY_S}"
    if day < DAYS - 2:
        segment.with_name(segment.name + ".gz").write_bytes(gzip.compress(content, 6))
    else:
        (segment if day < DAYS - 1 else data / f"{stream}.jsonl").write_bytes(content)
