"""The bot's work on one data folder: prices in, signals and paper trades out, each stored before it counts."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import islice
from typing import Any

from agent import memory
from agent.chronicle import Chronicle
from agent.clock import MINUTE_S, Clock, seconds, timestamp
from agent.console import say
from agent.errors import MossError, Stopped
from agent.fetch import Fetcher
from agent.folder import DataFolder
from agent.history import History
from agent.market.engine import Engine, Entry
from agent.market.sources import Source, source_of
from agent.market.strategy import HOLD, Plan
from agent.parts import hours_of, terms_of
from agent.settings import Config

STREAMS = ("prices", "signals", "ledger")
# An evaluation that had to wait for its prices is still made this long after it fell due, on the minutes up to then.
GRACE_S = 90
ANSWERS_MAX = 60


class Trader(Chronicle, AbstractContextManager["Trader"]):
    """Keeps the markets' candles whole, decides on them, and trades on paper; use it in a `with` block.

    Nothing is known before `read_back`, nor after a record could not be stored: `is_unsure` tells.

    Arguments:
        config: what to follow.
        folder: where the records are and go.
        clock: what tells the time.
        source: where candles come from.
        plan: how to decide on them.
    """

    def __init__(self, config: Config, folder: DataFolder, clock: Clock, source: Source, plan: Plan) -> None:
        super().__init__(config, folder, clock, source.name)
        self.is_unsure = True
        self.last_line = ""
        # Passes in a row in which no market answered; when each did last; how long the last answers took.
        self.failed_passes = 0
        self.answered_s = dict.fromkeys(config.market.symbols, clock.now_s())
        self.fetches_s: deque[float] = deque(maxlen=ANSWERS_MAX)
        self._source = source
        self._symbols = config.market.symbols
        self._recalled_since = ""
        self._hours = hours_of(config)
        self._plan = plan
        self._stores = {name: folder.open(name, config) for name in STREAMS} | {"events": self._events}
        self._overdue: dict[str, int] = {}

    def __exit__(self, *trouble: object) -> None:
        for store in self._stores.values():
            store.close()

    def read_back(self) -> None:
        """Take the state of everything from the store, as after a start; then finish what was left half done.

        Cost: reads as far back as the strategy looks, and to the last evaluation of each symbol.
        """
        symbols, source = self._symbols, self._source.name
        plan, strategy = self._plan, self._plan.make()
        self.engine = Engine(symbols, source, plan, terms_of(self.config), self.clock.now_s)
        self.histories = {
            symbol: History(symbol, self._source, self._stores["prices"], self.clock, self._tell_gap)
            for symbol in symbols
        }
        prices, since = self.folder.stream("prices"), self._recalled_since
        for candle in memory.candles(prices, symbols, source, strategy.window, fades=strategy.fades, since=since):
            self.histories[candle.symbol].remember(candle)
            self.engine.markets[candle.symbol].add(candle)
            self.engine.markets[candle.symbol].advance(candle.end_s)
        last = memory.recall_evaluations(self.folder.stream("signals"), self.engine.markets, source, plan.rule)
        self.engine.account = memory.account(self.folder.stream("ledger"))
        self.append(self.engine.open_account(self.config.bank.cash))
        for signal in last.values():
            if signal["signal"] != HOLD:
                self._finish(signal)
        self.is_unsure = False

    def _finish(self, signal: Mapping[str, Any]) -> None:
        from agent.settled import is_settled  # most signals say HOLD

        if not is_settled(self.folder, signal):
            self.append(self._settled(signal, self.engine.fill(signal)))

    def follow(self, events: Sequence[Mapping[str, Any]]) -> bool:
        """Take note of what others stored, and obey what was ordered; raises NotStored.

        Returns: whether the configuration is to be read anew.
        """
        for event in events:
            self.alerts.note(event)
        orders = [event for event in events if event["kind"] == "command"]
        if not orders:
            return False
        from agent.obedience import obey  # orders are rare

        return obey(self, orders)

    def sure(self) -> "Trader":
        """Return itself, its state read back first where that is not known; raises NotStored."""
        if self.is_unsure:
            self.read_back()
        return self

    def take_prices(self, deadline_s: float) -> list[MossError]:
        """Fetch and store the closed candles that are missing, market by market.

        Arguments:
            deadline_s: how long all markets together may take.
        Returns: what went wrong, each already an `error` event; a market in trouble does not hold up the next.
        Raises: NotStored, Stopped.
        """
        troubles: list[MossError] = []
        begun_s = self.clock.monotonic_s()
        for index, (symbol, history) in enumerate(self.histories.items()):
            left_s = deadline_s - (self.clock.monotonic_s() - begun_s)
            try:
                # Each gets its share of what is left: one that hangs does not starve the others.
                asked_s = self.clock.monotonic_s()
                for fresh in history.catch_up(left_s / (len(self.histories) - index)):
                    for candle in fresh:
                        self.engine.markets[symbol].add(candle)
                self.fetches_s.append(self.clock.monotonic_s() - asked_s)
            except Stopped:
                raise
            except MossError as error:
                troubles.append(error)
                self._tell_trouble(symbol, error)
            else:
                self._failures.pop(symbol, None)
                self.answered_s[symbol] = self.clock.now_s()
                self._decide_late(symbol)
        self._watch_clock(self._source.skew_s)
        self.failed_passes = self.failed_passes + 1 if len(troubles) == len(self.histories) else 0
        if self.is_current:
            self.alerts.end("downtime")
        return troubles

    def decide(self, due_s: int) -> None:
        """Evaluate each market as of a moment of the grid; one whose prices are not there yet has until the grace ends.

        Raises: NotStored.
        """
        ready = [symbol for symbol, history in self.histories.items() if (history.settled_s or 0) >= due_s]
        # All of them first: what is held of one is worth its newest price when another is traded.
        for symbol in ready:
            self.engine.markets[symbol].advance(due_s)
        for symbol in self.histories:
            if symbol in ready:
                self.evaluate(symbol, due_s)
                continue
            if symbol in self._overdue:
                self._miss(symbol, self._overdue[symbol])
            self._overdue[symbol] = due_s

    @property
    def is_current(self) -> bool:
        """Whether every market's candles are known up to now."""
        return all(history.settled_s is not None for history in self.histories.values())

    def _decide_late(self, symbol: str) -> None:
        if symbol in self._overdue and (self.histories[symbol].settled_s or 0) >= self._overdue[symbol]:
            self.evaluate(symbol, self._overdue.pop(symbol))

    def evaluate(self, symbol: str, end_s: int) -> None:
        """Decide on a market's minutes up to a moment, within its hours and the grace; raises NotStored."""
        market = self.engine.markets[symbol]
        market.advance(end_s)
        if not self._hours.is_open(end_s):
            return
        if self.clock.now_s() - end_s > GRACE_S or (market.newest_s or 0) >= end_s:
            self._miss(symbol, end_s)
        else:
            self.append(self._decisions(symbol))

    def _decisions(self, symbol: str) -> Iterator[Entry]:
        entries = self.engine.decide(symbol)
        for entry in islice(entries, 1):
            yield entry
            yield from self._settled(entry[1], entries)

    def _settled(self, signal: Mapping[str, Any], trade: Iterator[Entry]) -> Iterator[Entry]:
        """Trade on a stored signal, or say why not."""
        if why := signal["signal"] != HOLD and self._why_unfilled(signal):
            told = {"symbol": signal["symbol"], "side": signal["signal"], "candle_ts": signal["candle_ts"]}
            yield "events", {"ts": timestamp(self.clock.now_s()), "kind": "unfilled", **told, "message": why}
        else:
            yield from trade

    def _why_unfilled(self, _signal: Mapping[str, Any]) -> str:
        return "paper trading is paused" if "paused" in self.alerts.open else ""

    def append(self, entries: Iterable[Entry]) -> None:
        """Store records as they are made, each before the next is; raises NotStored."""
        for stream, record in entries:
            self._stores[stream].append(record)
            if stream == "signals":
                self.last_line = self._line(record)
                say(self.last_line)

    def _line(self, signal: Mapping[str, Any]) -> str:
        at = datetime.fromtimestamp(seconds(signal["candle_ts"]) + MINUTE_S, self.config.schedule.timezone)
        return f"{at:%m-%d %H:%M} {signal['signal']:4} {signal['symbol']} {signal['price']:,} {signal['reason']}"


def trader_of(config: Config, folder: DataFolder, clock: Clock, fetcher: Fetcher, plan: Plan) -> Trader:
    """Return the trader that a config asks for: of one market, or with others to fall back on."""
    first = source_of(config.market, fetcher)
    if not config.market.fallback:
        return Trader(config, folder, clock, first, plan)
    from agent.understudy import TraderWithFallback

    return TraderWithFallback(config, folder, clock, first, plan, fetcher)
