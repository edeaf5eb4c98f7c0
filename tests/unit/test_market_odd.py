"""Answers and files that chance has spoilt: each is used, or called what it is, and never more than that."""

import gzip
import random
import re
from pathlib import Path
from typing import Any

import pytest

from agent.errors import BadInput, Unusable
from agent.fetch import Fetcher
from agent.market.candle import record_of
from agent.market.sources import source_of
from agent.recording import rows
from agent.settings import Market
from store import Store
from tests.fakes.clock import ManualClock
from tests.fakes.exchange import FAKES, row
from tests.fakes.server import Reply, Request

T0 = 1_582_185_600
# What no reader of numbers, times and texts expects.
ODD = [
    *(b"9" * 400, b"1e99999999999999999999", b"1e400", b"1e-400", b"-1", b"NaN", b"Infinity", b"999999999999999.99999"),
    *(
        b'"9999-12-31T23:59:00"',
        b'"0001-01-01T00:00:00+14:00"',
        b"0001-01-01T00:00+14:00",
        b"253402300740",
        b"1" * 5000,
    ),
    *(b"true", b"null", b"[]", b"{}", b'"x"', b'"', b",", b"\n", b"\r", b"\x00", b"\xff"),
]
_VALUE = re.compile(rb'-?\d+(?:\.\d+)?|"[^"]*"')


def spoilt(chance: random.Random, content: bytes) -> bytes:
    """Return the content with something odd in place of a value, put in between, cut out, or from some byte on."""
    at = chance.randrange(len(content))
    values = list(_VALUE.finditer(content))
    if values and chance.random() < 0.6:
        value = chance.choice(values)
        return content[: value.start()] + chance.choice(ODD) + content[value.end() :]
    end = at + chance.choice([0, 1, 9, len(content)])
    return content[:at] + chance.choice([b"", *ODD]) + content[end:]


@pytest.mark.parametrize("name", FAKES)
def test_exchange_calls_an_answer_unusable_when_something_odd_is_in_it(name: str, seed: int) -> None:
    chance = random.Random(seed)
    make, symbol = FAKES[name]
    exchange = make(lambda _symbol, open_s: 1000.0 + open_s // 60 % 7, lambda: T0 + 6.0)

    def odd(request: Request) -> Reply:
        return Reply(200, spoilt(chance, exchange.answer(request).body))

    exchange.trouble = odd
    with exchange.server as server:
        addresses: dict[str, Any] = {f"{name}_url": server.url}
        source = source_of(Market(source=name, **addresses), Fetcher(ManualClock(T0 + 6.0)))
        # Whatever else it raises would end the bot, and again at its next start.
        unusable = 0
        for _ in range(200):
            try:
                source.candles(symbol, T0, 5, 5)
            except Unusable:
                unusable += 1
    # Both were tried: what is spoilt where it matters, and where it does not.
    assert 0 < unusable < 200


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json"])
def test_rows_name_the_file_when_something_odd_is_in_it(kind: str, tmp_path: Path, seed: int) -> None:
    chance, good = random.Random(seed), tmp_path / "good.csv"
    lines = "".join(f"{T0 + 60 * minute},5,6.5,4,5.25,0.1\n" for minute in range(5))
    good.write_text(f"time,open,high,low,close,volume\n{lines}")
    if kind == "jsonl":
        with Store(tmp_path / "good.jsonl") as store:
            store.append_many(record_of(candle, T0) for candle, _ in rows([good], "KRW-BTC", "upbit"))
        good = tmp_path / "good.jsonl"
    elif kind == "json":
        good = tmp_path / "good.json"
        good.write_text(str([row("KRW-BTC", T0 + 60 * minute, 10.0) for minute in range(3)]).replace("'", '"'))
    told: list[str] = []
    for number in range(400):
        path, content = tmp_path / f"odd.{kind}", spoilt(chance, good.read_bytes())
        if number % 4 == 0:
            path, content = path.with_name(f"{path.name}.gz"), spoilt(chance, gzip.compress(content))
        path.write_bytes(content)
        try:
            for candle, _ in rows([path], "KRW-BTC", "upbit"):
                record_of(candle, candle.end_s)
        except BadInput as error:
            told.append(str(error))
    assert all(f"{tmp_path}/odd.{kind}" in message for message in told)
    assert len(told) > 100
