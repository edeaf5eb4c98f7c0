"""A trader between two fake exchanges, with a clock that only the test moves: a day passes in a moment."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from agent import config
from agent.breaker import Breaker
from agent.clock import seconds
from agent.fetch import Fetcher
from agent.folder import DataFolder
from agent.parts import plan_of
from agent.trader import Trader, trader_of
from tests.fakes.clock import ManualClock
from tests.fakes.exchange import FakeExchange, FakeUpbit
from tests.scripts import records, write_config

T0 = 1_582_185_600
BTC = "KRW-BTC"


def wave(_symbol: str, open_s: int) -> float | None:
    """Give a price that goes up and down by the quarter of an hour, and a minute without trade now and then."""
    minute = open_s // 60
    return None if minute % 11 == 0 else 1000.0 + abs(minute % 30 - 15) * 8 + minute % 7


class Bench:
    """A trader over a folder; `restart` makes it anew, as a new process would."""

    def __init__(self, folder: Path, market: str, now_s: float = T0 + 6) -> None:
        self.data = DataFolder(folder / "data")
        self.data.prepare()
        self.config = config.load(str(write_config(folder, f"[market]\n{market}\n")), {})
        self.clock = ManualClock(now_s)
        self._opened = ExitStack()
        self.trader: Trader
        self.restart()

    def __del__(self) -> None:
        self._opened.close()

    def restart(self) -> None:
        self._opened.close()
        fetcher = Fetcher(self.clock, host=lambda name: Breaker(name, lambda change: self.trader.tell_breaker(change)))
        self._opened.callback(fetcher.close)
        trader = trader_of(self.config, self.data, self.clock, fetcher, plan_of(self.config))
        self.trader = self._opened.enter_context(trader)
        self.trader.read_back()

    def live(self, minutes: int, deadline_s: float = 10) -> None:
        """Let minutes pass, each with its price pass, and every fifth with an evaluation."""
        for _ in range(minutes):
            due_s = int(self.clock.now_s() // 60 * 60) + 60
            self.clock.sleep_s(due_s + 6 - self.clock.now_s())
            self.trader.take_prices(deadline_s)
            if due_s % 300 == 0:
                self.trader.decide(due_s)

    def records(self, stream: str, kind: str = "", **fields: object) -> list[dict[str, Any]]:
        """Return the records of a stream that are of a kind and have these fields."""
        wanted = fields | ({"kind": kind} if kind else {})
        return [record for record in records(self.data.path, stream) if wanted.items() <= record.items()]

    def minutes(self, source: str) -> list[int]:
        """Return the starts of the stored candles of one source, in the order in which they were stored."""
        return [int(seconds(record["open_ts"])) for record in self.records("prices", source=source)]

    def holes(self, exchange: FakeExchange, source: str = "upbit", symbol: str = BTC) -> list[int]:
        """Return each closed minute since the first stored one that the exchange has and the store has not once."""
        stored = self.minutes(source)
        end_s = int(self.clock.now_s()) // 60 * 60
        assert len(stored) == len(set(stored)), "a candle is stored twice"
        had = {at for at in range(min(stored, default=end_s), end_s, 60) if exchange.price(symbol, at) is not None}
        return sorted(had ^ set(stored))


@contextmanager
def upbit_bench(folder: Path, more: str = "") -> Iterator[tuple[Bench, FakeUpbit]]:
    """Open a bench whose first market is a fake Upbit that lives by its clock."""
    exchange = FakeUpbit(wave, lambda: bench.clock.now_s())
    with exchange.server as server:
        bench = Bench(folder, f'upbit_url = "{server.url}"\n{more}')
        yield bench, exchange
