"""Whatever lies in the store, each address answers: what others wrote there, or damage, takes no answer away."""

import asyncio
import json
import random
from contextlib import aclosing
from pathlib import Path

import pytest

from agent.clock import timestamp
from agent.folder import DataFolder
from desk.dashboard.contract import ENDPOINTS
from desk.dashboard.hub import Hub
from desk.dashboard.query import Query
from desk.dashboard.readings import Readings
from desk.dashboard.records import Records
from store import Damage
from store.line import encode
from tests.desks import BEGIN_S, candle, fill
from tests.odd_lines import STREAMS, hurt, lines_of, rewritten


def write_odd(data: Path, chance: random.Random) -> None:
    """Fill every stream with usual and with odd lines."""
    for kind, stream in STREAMS.items():
        (data / f"{stream}.jsonl").write_bytes(b"\n".join(lines_of(kind, chance, 60, 0.3)) + b"\n")
    deposit = {"amount": "1000", "cash": "1000", "positions": {}, "equity": "1000"}
    first = {"ts": timestamp(BEGIN_S), "kind": "deposit", **deposit}
    lines = []
    for record in (first, fill("BUY", 9, "899.95", "0.1"), fill("SELL", 14, "1000.9", "0")) * 5:
        line = encode(record)[:-1]
        lines.append(hurt(line, record, chance) if chance.random() < 0.4 else line)
    (data / "ledger.jsonl").write_bytes(b"\n".join(lines) + b"\n")


@pytest.mark.parametrize("asked", [{}, {"since": timestamp(BEGIN_S), "until": timestamp(BEGIN_S + 7200)}])
def test_every_address_answers_over_odd_records(tmp_path: Path, asked: dict[str, str], seed: int) -> None:
    chance = random.Random(seed)
    told: list[Damage] = []
    for number in range(10):
        data = tmp_path / str(number)
        data.mkdir()
        write_odd(data, chance)
        records = Records(DataFolder(data))
        records.tell = told.append  # type: ignore[method-assign,assignment]  # else a thousand lines are said
        readings = Readings(records, lambda: BEGIN_S + 5000.0)
        for each in ENDPOINTS:
            given = [(name, value) for name, value in asked.items() if name in each.parameters]
            content, _ = readings.read(each.path, Query(given, each.parameters))
            json.loads(content, parse_constant=pytest.fail)
    assert told, "nothing was odd"


def test_record_beyond_json_does_not_end_the_others(tmp_path: Path) -> None:
    """1e999 is read as more than any number, which no JSON has: those who look on get what comes after it."""
    prices = tmp_path / "prices.jsonl"
    prices.touch()
    usual = encode(candle(1, 1000))
    odd = rewritten(usual[:-1], b'"volume":0.5', b'"volume":1e999') + b"\n"

    async def look() -> float:
        hub = Hub(Records(DataFolder(tmp_path)))
        async with aclosing(hub.messages(None)) as messages:
            await anext(messages)
            prices.write_bytes(odd + usual)
            message = await asyncio.wait_for(anext(messages), 60)
        hub.close()
        assert message
        return float(json.loads(message.text)["record"]["volume"])

    assert asyncio.run(look()) == 0.5
