"""The past decided again: recorded candles through the live loop's own engine, with the candles' time as the clock."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from agent.clock import DAY_S
from agent.errors import BadInput, UsageError
from agent.folder import DataFolder
from agent.market.candle import Candle, record_of
from agent.market.engine import Engine, Entry
from agent.market.evaluation import Market
from agent.market.hours import Hours
from agent.parts import hours_of, plan_of, terms_of
from agent.settings import Config
from store import Store, newest

if TYPE_CHECKING:
    from agent.recording import Row

# How many records are stored with one write: enough that the write costs nothing, few enough to hold.
BATCH_RECORDS = 500


class Replay:
    """One series decided again; `entries` may be called once.

    Arguments:
        config: the strategy, the schedule and the bank to decide with.
        tells_prices: whether the records of prices are wanted too.
    """

    def __init__(self, config: Config, *, tells_prices: bool = True) -> None:
        self._config = config
        self._tells_prices = tells_prices
        self._hours = hours_of(config)
        self._now_s = 0
        self._due_s = 0

    def entries(self, series: "Iterable[Row]") -> Iterator[Entry]:
        """Yield what a bot that was never down would have stored, in its order.

        Arguments:
            series: candles rising in time, each minute once, of one source; several symbols may be mixed.
        Returns: (stream, record) pairs; `ts` is the end of the candle that a record belongs to.
        Raises: BadInput where a second source begins.
        Cost: O(1) memory.
        """
        rows = iter(series)
        first, _ = next(rows)
        engine = self._engine(first)
        yield from engine.open_account(self._config.bank.cash)
        yield from self._take(engine, first)
        newest = first
        for candle, place in rows:
            if candle.source != first.source:
                raise BadInput(f"{place}: comes from {candle.source}, the series so far from {first.source}")
            yield from self._decide_until(engine, candle.open_s)
            yield from self._take(engine, candle)
            newest = candle
        yield from self._decide_until(engine, newest.end_s)

    def _engine(self, first: Candle) -> Engine:
        config = self._config
        self._now_s, self._due_s = first.end_s, next_due(self._hours, first.open_s)
        self._plan = plan_of(config)
        return Engine(config.market.symbols, first.source, self._plan, terms_of(config), lambda: self._now_s)

    def _take(self, engine: Engine, candle: Candle) -> Iterator[Entry]:
        self._now_s = candle.end_s
        if self._tells_prices:
            yield "prices", record_of(candle, candle.end_s)
        if candle.symbol not in engine.markets:
            # One that the config does not name is decided after all that it does.
            engine.markets[candle.symbol] = Market(candle.symbol, candle.source, self._plan)
        engine.markets[candle.symbol].add(candle)

    def _decide_until(self, engine: Engine, moment_s: int) -> Iterator[Entry]:
        """Make the evaluations that fall due up to a moment at which no candle that ended by then is still to come."""
        while self._due_s <= moment_s:
            self._now_s = self._due_s
            if self._hours.is_open(self._due_s):
                for market in engine.markets.values():
                    market.advance(self._due_s)
                for symbol in engine.markets:
                    yield from engine.decide(symbol)
            self._due_s = next_due(self._hours, self._due_s)


def keep(entries: Iterable[Entry], folder: DataFolder, config: Config) -> int:
    """Store the records of a replay; the same candles and config give the same bytes.

    Returns: how many records.
    Raises: UsageError where the folder holds records already; NotStored.
    """
    for path in folder.path.glob("*.jsonl*"):
        for _ in newest(folder.stream(path.name.partition(".jsonl")[0])):
            raise UsageError(f"{folder.path}: holds records already; a replay with --data wants an empty folder")
    folder.prepare()
    count = 0
    batches: dict[str, list[dict[str, Any]]] = {}
    with folder.hold("bot"), ExitStack() as files:
        stores: dict[str, Store] = {}
        for stream, record in entries:
            if stream not in stores:
                path = folder.stream(stream)
                stores[stream] = files.enter_context(Store(path, durable=False, checksum=config.store.checksum))
            batch = batches.setdefault(stream, [])
            batch.append(record)
            count += 1
            if len(batch) == BATCH_RECORDS:
                stores[stream].append_many(batch)
                batch.clear()
        for stream, batch in batches.items():
            stores[stream].append_many(batch)
    return count


def next_due(hours: Hours, after_s: int) -> int:
    """Return the first moment of the market's grid after `after_s`, in the session or not."""
    local_s = after_s + hours.offset_s
    day_s = local_s // DAY_S * DAY_S
    return day_s + ((local_s - day_s) // hours.every_s + 1) * hours.every_s - hours.offset_s


def line(record: Mapping[str, Any]) -> str:
    """Return a record as the store would write it, without a checksum."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
