"""The bot's work on one data folder: prices in, signals and paper trades out, each stored before it counts."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from agent import memory
from agent.chronicle import Chronicle
from agent.clock import MINUTE_S, Clock, seconds
from agent.console import say
from agent.errors import MossError, Stopped
from agent.fetch import Fetcher
from agent.folder import DataFolder
from agent.history import History
from agent.market.engine import Engine, Entry
from agent.market.sources import Source, source_of
from agent.parts import hours_of, plan_of, terms_of
from agent.settings import Config

STREAMS = ("prices", "signals", "ledger")
# An evaluation that had to wait for its prices is still made this long after it fell due, on the minutes up to then.
GRACE_S = 90


class Trader(Chronicle):
    """Keeps the markets' candles whole, decides on them, and trades on paper; use it in a `with` block.

    Nothing is known before `read_back`, nor after a record could not be stored: `is_unsure` tells.

    Arguments:
        config: what to follow.
        folder: where the records are and go.
        clock: what tells the time.
        source: where candles come from.
    """

    def __init__(self, config: Config, folder: DataFolder, clock: Clock, source: Source) -> None:
        super().__init__(config, folder, clock, source.name)
        self.is_unsure = True
        self.last_line = ""
        self._source = source
        self._symbols = config.market.symbols
        self._recalled_since = ""
        self._hours = hours_of(config)
        self._plan = plan_of(config)
        self._stores = {name: folder.open(name, config) for name in STREAMS} | {"events": self._events}
        self._overdue: dict[str, int] = {}

    def __enter__(self) -> "Trader":
        return self

    def __exit__(self, *trouble: object) -> None:
        for store in self._stores.values():
            store.close()

    def read_back(self) -> None:
        """Take the state of everything from the store, as after a start; then finish what was left half done.

        Cost: reads as far back as the strategy looks, and to the last evaluation of each symbol.
        """
        symbols, source = self._symbols, self._source.name
        plan, strategy = self._plan, self._plan.make()
        self._engine = Engine(symbols, source, plan, terms_of(self.config), self.clock.now_s)
        self._histories = {
            symbol: History(symbol, self._source, self._stores["prices"], self.clock, self._tell_gap)
            for symbol in symbols
        }
        recalled: dict[str, Any] = {"fades": strategy.fades, "since": self._recalled_since}
        prices = self.folder.stream("prices")
        for candle in memory.candles(prices, symbols, source, strategy.window, **recalled):
            self._histories[candle.symbol].remember(candle)
            self._engine.markets[candle.symbol].add(candle)
            self._engine.markets[candle.symbol].advance(candle.end_s)
        memory.recall_evaluations(self.folder.stream("signals"), self._engine.markets, source, plan.rule)
        self._engine.account = memory.account(self.folder.stream("ledger"))
        self._append(self._engine.open_account(self.config.bank.cash))
        for signal in memory.unfilled(self.folder, self.config.market.symbols):
            self._append(self._engine.fill(signal))
        self.is_unsure = False

    def take_prices(self, deadline_s: float) -> list[MossError]:
        """Fetch and store the closed candles that are missing, market by market.

        Arguments:
            deadline_s: how long all markets together may take.
        Returns: what went wrong, each already an `error` event; a market in trouble does not hold up the next.
        Raises: NotStored, Stopped.
        """
        troubles: list[MossError] = []
        begun_s = self.clock.monotonic_s()
        for index, (symbol, history) in enumerate(self._histories.items()):
            left_s = deadline_s - (self.clock.monotonic_s() - begun_s)
            try:
                # Each gets its share of what is left: one that hangs does not starve the others.
                for fresh in history.catch_up(left_s / (len(self._histories) - index)):
                    self._counts["candles"] += len(fresh)
                    for candle in fresh:
                        self._engine.markets[symbol].add(candle)
            except Stopped:
                raise
            except MossError as error:
                troubles.append(error)
                self._tell_trouble(symbol, error)
            else:
                self._failures.pop(symbol, None)
                self._decide_late(symbol)
        self._watch_clock(self._source.skew_s)
        return troubles

    def decide(self, due_s: int) -> None:
        """Evaluate each market as of a moment of the grid; one whose prices are not there yet has until the grace ends.

        Raises: NotStored.
        """
        ready = [symbol for symbol, history in self._histories.items() if (history.settled_s or 0) >= due_s]
        # All of them first: what is held of one is worth its newest price when another is traded.
        for symbol in ready:
            self._engine.markets[symbol].advance(due_s)
        for symbol in self._histories:
            if symbol in ready:
                self._evaluate(symbol, due_s)
                continue
            if symbol in self._overdue:
                self._miss(symbol, self._overdue[symbol])
            self._overdue[symbol] = due_s

    def decide_newest(self) -> None:
        """Evaluate each market whose prices are current on its newest minute, whatever the grid says.

        Raises: NotStored.
        """
        for symbol, history in self._histories.items():
            if history.settled_s is not None:
                self._evaluate(symbol, history.settled_s)

    @property
    def is_current(self) -> bool:
        """Whether every market's candles are known up to now."""
        return all(history.settled_s is not None for history in self._histories.values())

    def _decide_late(self, symbol: str) -> None:
        due_s = self._overdue.get(symbol)
        if due_s is None or (self._histories[symbol].settled_s or 0) < due_s:
            return
        del self._overdue[symbol]
        self._evaluate(symbol, due_s)

    def _evaluate(self, symbol: str, end_s: int) -> None:
        market = self._engine.markets[symbol]
        market.advance(end_s)
        if not self._hours.is_open(end_s):
            return
        if self.clock.now_s() - end_s > GRACE_S or (market.newest_s or 0) >= end_s:
            self._miss(symbol, end_s)
        else:
            self._append(self._decisions(symbol))

    def _decisions(self, symbol: str) -> Iterator[Entry]:
        return self._engine.decide(symbol)

    def _append(self, entries: Iterable[Entry]) -> None:
        for stream, record in entries:
            self._stores[stream].append(record)
            self._counts[f"{record['kind']}s"] += 1
            if stream == "signals":
                self.last_line = self._line(record)
                say(self.last_line)

    def _line(self, signal: Mapping[str, Any]) -> str:
        at = datetime.fromtimestamp(seconds(signal["candle_ts"]) + MINUTE_S, self.config.schedule.timezone)
        return f"{at:%m-%d %H:%M} {signal['signal']:4} {signal['symbol']} {signal['price']:,} {signal['reason']}"


def trader_of(config: Config, folder: DataFolder, clock: Clock, fetcher: Fetcher) -> Trader:
    """Return the trader that a config asks for: of one market, or with others to fall back on."""
    first = source_of(config.market, fetcher)
    if not config.market.fallback:
        return Trader(config, folder, clock, first)
    from agent.understudy import TraderWithFallback

    return TraderWithFallback(config, folder, clock, first, fetcher)
