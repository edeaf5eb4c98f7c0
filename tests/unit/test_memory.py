"""What a start reads back of a long store: as much as if it read all of it, and seldom all of it."""

import random
from pathlib import Path
from typing import cast

import pytest

from agent import memory
from agent.clock import timestamp
from agent.market.candle import Candle
from agent.market.evaluation import Market
from store import Record
from store import read as reading
from tests.desks import BEGIN_S, candle
from tests.fakes.decoder import watched
from tests.faults.store_rotation import spread

BTC, ETH, XRP, NEW = "KRW-BTC", "KRW-ETH", "KRW-XRP", "KRW-NEW"
OURS, THEIRS = "faa1f2cf", "00c0ffee"


class Listener:
    """Stands where a market would be told of its evaluations."""

    def __init__(self) -> None:
        self.minutes: list[Record] = []
        self.averages: Record | None = None

    def remember_minute(self, record: Record) -> None:
        self.minutes.append(record)

    def remember_averages(self, record: Record) -> None:
        self.averages = record


def signal(minute: int, symbol: str, rule: str) -> Record:
    begin = timestamp(BEGIN_S + 60 * minute)
    head = {"ts": begin, "kind": "signal", "symbol": symbol, "source": "demo", "candle_ts": begin}
    return {**head, "signal": "HOLD", "rule": rule, "sma_fast": 1.0, "sma_slow": 2.0}


def told(path: Path, symbols: tuple[str, ...]) -> tuple[dict[str, Record], dict[str, Listener]]:
    listeners = {symbol: Listener() for symbol in symbols}
    last = memory.recall_evaluations(path, cast(dict[str, Market], listeners), "demo", OURS)
    return last, listeners


def test_candles_are_those_that_reading_everything_gives(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Markets traded each minute, now and then and long ago, two sources, a strategy that fades or does not."""
    chance = random.Random(seed)
    path = tmp_path / "prices.jsonl"
    rates = {BTC: 1.0, ETH: chance.random(), XRP: chance.random() / 50}
    records = []
    for minute in range(3000):
        for symbol, rate in rates.items():
            if chance.random() < rate and not (symbol == ETH and minute > 1000 and seed % 2):
                source = "upbit" if chance.random() < 0.1 or (symbol == XRP and seed % 3) else "demo"
                records.append({**candle(minute, chance.choice((100.0, 101.0)), symbol), "source": source})
    spread(path, records, 4)
    monkeypatch.setattr(memory, "SPARE_MINUTES", 40)
    for fades in (False, True):
        found: list[list[Candle]] = []
        for read_all_max in (10**9, chance.randrange(1, 300)):
            monkeypatch.setattr(reading, "READ_ALL_MAX", read_all_max)
            found.append(memory.candles(path, (BTC, ETH, XRP, NEW), "demo", 20, fades=fades))
        assert found[0]
        assert found[1] == found[0]


def test_evaluations_are_those_that_reading_everything_gives(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    path, at_s = tmp_path / "signals.jsonl", dict.fromkeys((BTC, ETH, XRP), 0)
    records = []
    for minute in range(2000):
        symbol = chance.choices((BTC, ETH, XRP), (20, 5, minute < 900))[0]
        rule = OURS if symbol == XRP or (minute < 1500 and chance.random() < 0.3) else THEIRS
        records.append(signal(minute, symbol, rule))
        at_s[symbol] = minute
    spread(path, records, 4)
    everything = told(path, (BTC, ETH, XRP, NEW))
    monkeypatch.setattr(reading, "READ_ALL_MAX", chance.randrange(200, 400))
    in_part = told(path, (BTC, ETH, XRP, NEW))
    assert in_part[0] == everything[0]
    for symbol, listener in everything[1].items():
        assert in_part[1][symbol].averages == listener.averages
        assert in_part[1][symbol].minutes[:1] == listener.minutes[:1]
    assert in_part[1][NEW].averages is None
    assert in_part[1][XRP].averages == records[at_s[XRP]]


def test_market_without_averages_is_given_up_after_so_many_evaluations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The averages of a strategy that looks at none, such as `rsi`, would be looked for in all there is."""
    path = tmp_path / "signals.jsonl"
    records = [{**signal(n, BTC, OURS), "sma_fast": None} for n in range(3_000)]
    records[2_400] = signal(2_400, BTC, OURS)
    spread(path, records, 4)
    monkeypatch.setattr(reading, "READ_ALL_MAX", 100)
    read = watched(monkeypatch)
    for evaluations_max, averages in ((600, records[2_400]), (599, None)):
        monkeypatch.setattr(memory, "EVALUATIONS_MAX", evaluations_max)
        read.clear()
        last, listeners = told(path, (BTC,))
        assert last == {BTC: records[-1]}
        assert listeners[BTC].averages == averages
        assert len(read) == 100 + evaluations_max


@pytest.mark.parametrize("what", ["a symbol that was added", "another market", "another rule"])
def test_start_reads_little_of_a_long_store_when_something_is_new(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "records.jsonl"
    is_rule = what == "another rule"
    spread(path, [signal(n, BTC, THEIRS) if is_rule else candle(n, 100.0) for n in range(20_000)], 4)
    symbols: tuple[str, ...] = (BTC, NEW) if what == "a symbol that was added" else (BTC,)
    source = "upbit" if what == "another market" else "demo"
    read = watched(monkeypatch)
    monkeypatch.setattr(memory, "EVALUATIONS_MAX", 10**9)
    counts = []
    # The second is the control: it reads all there is, and would of a year.
    for read_all_max in (1000, 10**9):
        monkeypatch.setattr(reading, "READ_ALL_MAX", read_all_max)
        read.clear()
        if is_rule:
            told(path, symbols)
        else:
            memory.candles(path, symbols, source, 20)
        counts.append(len(read))
    # What is newer is read once to be looked at, and once to find the way on.
    assert counts[0] < 2.1 * 1000
    assert counts[1] == 20_000
