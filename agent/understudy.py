"""Other markets that stand in while the first is down; imported only where `market.fallback` names some."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from agent.clock import DAY_S, MINUTE_S, Clock, timestamp
from agent.console import say
from agent.errors import MossError, Stopped
from agent.fetch import Fetcher
from agent.folder import DataFolder
from agent.market.candle import Candle, candle_of
from agent.market.sources import Source, source_of
from agent.market.strategy import Plan
from agent.settings import Config
from agent.trader import Trader
from store import newest

# A market is down when so many passes in a row brought nothing of any of its symbols.
FAILED_PASSES_MAX = 3
# What a pass spends on asking whether the first is back.
PROBE_S_MAX = 3.0
# How far back the store is read for candles of a market that is not the first: it may never have been used.
RECALLED_D = 31


class Choice(NamedTuple):
    """A market that may be in use, and what its symbols are called there."""

    source: Source
    symbols: tuple[str, ...]


class TraderWithFallback(Trader):
    """A trader that turns to the next market when the one in use is down, and back to the first once that answers.

    Each switch takes the state of everything from the store, of that market alone: no two markets' prices ever meet in
    one window. The first is asked at the beginning of each pass; when it is back, what is missing of it is fetched
    before anything is decided. A market that stands in is asked for its newest page, no further back. Where its symbols
    are not the first's, its prices are in another currency: then signals are stored and not traded on.
    """

    def __init__(
        self, config: Config, folder: DataFolder, clock: Clock, first: Source, plan: Plan, fetcher: Fetcher
    ) -> None:
        super().__init__(config, folder, clock, first, plan)
        self._choices = [Choice(first, config.market.symbols)]
        for each in config.market.fallback:
            source = source_of(config.market, fetcher, each.source)
            source.pages_max = 0
            self._choices.append(Choice(source, each.symbols or config.market.symbols))
        self._in_use = 0
        self._failed_passes = 0

    def read_back(self) -> None:
        super().read_back()
        if self._in_use and any(market.price is None for market in self.engine.markets.values()):
            self._remember_last_use()

    def take_prices(self, deadline_s: float) -> list[MossError]:
        """Take the prices from the source in use; the next after some failed passes, the first once that answers."""
        end_s = self.clock.monotonic_s() + deadline_s
        if self._in_use and self._first_answers(min(PROBE_S_MAX, deadline_s / 4)):
            self._turn_to(0, "it answers again")
        is_last_try = self._failed_passes + 1 >= FAILED_PASSES_MAX
        left_s = end_s - self.clock.monotonic_s()
        troubles = super().take_prices(left_s / 2 if is_last_try else left_s)
        self._failed_passes = self._failed_passes + 1 if len(troubles) == len(self._symbols) else 0
        if self._failed_passes >= FAILED_PASSES_MAX:
            self._turn_to((self._in_use + 1) % len(self._choices), str(troubles[0]))
            troubles = super().take_prices(end_s - self.clock.monotonic_s())
        return troubles

    def _first_answers(self, deadline_s: float) -> bool:
        first = self._choices[0]
        now_s = int(self.clock.now_s()) // MINUTE_S * MINUTE_S
        try:
            # Without a candle in its newest pages it would be left again after a few passes, and so on.
            share_s, rows = deadline_s / len(first.symbols), first.source.rows_max
            return any(first.source.candles(symbol, now_s, rows, share_s) for symbol in first.symbols)
        except Stopped:
            raise
        except MossError:
            # It is still down, which was told when it was left, and its breaker tells of each try.
            return False

    def _remember_last_use(self) -> None:
        """Let each history know where it ended when this market stood in before, long ago: a gap lies behind.

        Cost: reads the events back to then, and the prices of that time.
        """
        ended_ts = ""
        for event in newest(self.folder.stream("events")):
            if event["kind"] not in ("start", "source"):
                continue
            # The first is the turn to it that has just been told.
            if ended_ts and event.get("source") == self.source_name:
                break
            ended_ts = event["ts"]
        else:
            return
        from store import scan  # few markets stand in again after a month

        last: dict[str, Candle] = {}
        for record in scan(self.folder.stream("prices"), since=event["ts"], until=ended_ts):
            if record["source"] == self.source_name and record["symbol"] in self.histories:
                last[record["symbol"]] = candle_of(record)
        for symbol, candle in last.items():
            self.histories[symbol].remember(candle)

    def _turn_to(self, index: int, why: str) -> None:
        (source, symbols), left = self._choices[index], self._source.name
        say(f"prices now come from {source.name} in place of {left}: {why}")
        self.event("source", source=source.name, symbols=list(symbols), instead_of=left, why=why)
        self._source, self._symbols, self.source_name = source, symbols, source.name
        self._in_use, self._failed_passes = index, 0
        self._recalled_since = timestamp(self.clock.now_s() - RECALLED_D * DAY_S) if index else ""
        for symbol in set(self._overdue) - set(self._symbols):
            self._miss(symbol, self._overdue.pop(symbol))
        self.read_back()

    def _why_unfilled(self, signal: Mapping[str, Any]) -> str:
        if self._symbols == self.config.market.symbols:
            return super()._why_unfilled(signal)
        return f"the paper money is not in the currency of {self._source.name}'s {signal['symbol']}"
