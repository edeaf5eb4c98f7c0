"""The time before the first stored candle, fetched page by page and put in front of the stream as one segment."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from agent.clock import DAY_S, MINUTE_S, Clock, seconds, timestamp
from agent.console import say
from agent.errors import Busy, Stopped, UsageError
from agent.folder import DataFolder
from agent.history import gap_fields
from agent.market.candle import Candle, record_of
from agent.market.sources import Source
from agent.settings import Config
from agent.stop import Stop
from store import Store, newest, scan
from store.segments import segments

PAGE_S_MAX = 20.0
PAGES_A_LINE = 50


class Backfill:
    """Gets the time before each symbol's first candle, oldest first, into a stream that becomes a segment in the end.

    A segment's name sorts it before all others, and the `ts` of its records is the end of their candle, as in a replay,
    but no later than that of the oldest record there was: so the stream still rises in time, for a symbol that was
    added later too. Until it is whole it lies beside as backfill-XXXXXXXX.part, no stream yet: logrotate leaves it
    alone, and after an interruption a run that asks for the same goes on there; one that asks for something else begins
    anew. What its exchange does not give any more is a `gap` event.

    Arguments:
        clock: what tells the time.
        source: where candles come from.
        stop: ends it after a page.
        since_s: from which moment on.
    """

    def __init__(
        self, config: Config, folder: DataFolder, clock: Clock, source: Source, stop: Stop, since_s: int
    ) -> None:
        self._config, self._folder, self._clock, self._source, self._stop = config, folder, clock, source, stop
        self._since_s = since_s
        self._oldest: dict[str, Any] | None = None
        asked = f"{source.name} {sorted(config.market.symbols)} {since_s}"
        self._part = folder.path / f"backfill-{crc32(asked.encode()):08x}.part"

    def run(self) -> int:
        """Fetch up to the first stored candle of each symbol, or to now where there is none.

        Returns: the exit status.
        Raises: UsageError, Busy, Unreachable, Refused, Unusable, Stopped, NotStored.
        """
        now_s = int(self._clock.now_s()) // MINUTE_S * MINUTE_S
        if self._since_s >= now_s:
            raise UsageError(f"{timestamp(self._since_s)}: lies not in the past")
        # What another question brought lacks minutes or symbols of this one.
        for path in self._folder.path.glob("backfill-*.part*"):
            if not path.name.startswith(self._part.name):
                path.unlink()
        with self._apart_from_bot(now_s):
            return self._run(now_s)

    def _run(self, now_s: int) -> int:
        since_s, ends_s = self._since_s, self._ends_s(now_s)
        if self._is_doubled(ends_s):
            # A run that ended before it was whole, and then a bot: what that one stored first lies before its end.
            self._part.unlink()
        start_s = since_s
        if not self._source.pages_max:
            start_s = max(since_s, now_s - self._source.rows_max * MINUTE_S)
            self._tell_out_of_reach(since_s, start_s, ends_s)
        with Store(self._part, checksum=self._config.store.checksum) as store:
            count = self._fetch(store, start_s, ends_s)
        if not self._part.exists():
            source, end_s = self._source.name, max(ends_s.values())
            there = f"{source} has nothing between {timestamp(start_s)} and {timestamp(end_s)}"
            say(there if start_s < end_s else f"nothing to fetch: the records of {source} begin at {timestamp(end_s)}")
            return 0
        if self._is_doubled(self._ends_s(now_s)):
            raise Busy("a bot stored candles of the time that was fetched meanwhile; run it again")
        name = self._join(int(seconds(self._oldest["open_ts"])) if self._oldest else now_s)
        say(f"{count} candles fetched; they are the segment {name.name}")
        return 0

    @contextmanager
    def _apart_from_bot(self, now_s: int) -> Iterator[None]:
        """Keep bots away while a symbol has no candle: the first that one stores are of the time that is fetched."""
        lacking = [symbol for symbol, end_s in self._ends_s(now_s).items() if end_s == now_s]
        if not lacking:
            yield
            return
        with ExitStack() as held:
            try:
                held.enter_context(self._folder.hold("bot"))
            except Busy as error:
                names = ", ".join(lacking)
                todo = "let the bot that runs store its first ones, or end it"
                raise Busy(f"{names}: no candle is stored yet; {todo}: {error}") from error
            yield

    def _is_doubled(self, ends_s: Mapping[str, int]) -> bool:
        """Tell whether something that was fetched is stored by now, or may be."""
        for record in newest(self._part):
            open_s = int(seconds(record["open_ts"]))
            if open_s >= ends_s[record["symbol"]]:
                return True
            if open_s < min(ends_s.values()):
                break
        return False

    def _fetch(self, store: Store, start_s: int, ends_s: Mapping[str, int]) -> int:
        resumed_s, known = self._fetched_last()
        start_s = max(start_s, resumed_s)
        ts_max = self._oldest["ts"] if self._oldest else "~"
        count, page_s = 0, self._source.rows_max * MINUTE_S
        pages = range(start_s, max(ends_s.values()), page_s)
        for number, page_start_s in enumerate(pages, 1):
            if self._stop.asked:
                raise Stopped("ended before it was whole; run it again, and it goes on there")
            candles: list[Candle] = []
            for symbol, end_s in ends_s.items():
                before_s = min(page_start_s + page_s, end_s)
                rows = (before_s - page_start_s) // MINUTE_S
                page = self._source.candles(symbol, before_s, rows, PAGE_S_MAX) if rows > 0 else []
                candles += [candle for candle in page if candle.open_s >= page_start_s]
            fresh = [each for each in candles if each.open_s != resumed_s or each.symbol not in known]
            fresh.sort(key=lambda candle: candle.open_s)
            records = [record_of(candle, candle.end_s) for candle in fresh]
            store.append_many({**record, "ts": min(record["ts"], ts_max)} for record in records)
            count += len(fresh)
            if number % PAGES_A_LINE == 1:
                say(f"{timestamp(page_start_s + page_s)[:16]} {number / len(pages):.0%}, {count} candles")
        return count

    def _ends_s(self, now_s: int) -> dict[str, int]:
        """Return the start of each symbol's oldest stored candle, now where there is none; note the oldest of all."""
        ends_s: dict[str, int] = {}
        symbols = self._config.market.symbols
        for record in scan(self._folder.stream("prices")):
            self._oldest = self._oldest or record
            if record["symbol"] in symbols and record["source"] == self._source.name:
                ends_s.setdefault(record["symbol"], int(seconds(record["open_ts"])))
                if len(ends_s) == len(symbols):
                    break
        return {symbol: ends_s.get(symbol, now_s) for symbol in symbols}

    def _fetched_last(self) -> tuple[int, set[str]]:
        """Return the newest minute that an interrupted run stored, and the symbols it stored it of."""
        minute_s, known = 0, set[str]()
        for record in newest(self._part):
            open_s = int(seconds(record["open_ts"]))
            if known and open_s != minute_s:
                break
            minute_s = open_s
            known.add(record["symbol"])
        return minute_s, known

    def _tell_out_of_reach(self, since_s: int, start_s: int, ends_s: Mapping[str, int]) -> None:
        """Store, once, which minutes an exchange that gives only its newest page does not have any more."""
        name, reach = self._source.name, f"{self._source.rows_max} minutes"
        told = [event for event in scan(self._folder.stream("events")) if event["kind"] == "gap"]
        with self._folder.open("events", self._config) as events:
            for symbol, end_s in ends_s.items():
                lost = gap_fields(symbol, name, since_s, min(start_s, end_s))
                if since_s >= min(start_s, end_s) or any(lost.items() <= event.items() for event in told):
                    continue
                say(f"{symbol}: {name} gives its newest {reach}; {lost['from_ts']} to {lost['until_ts']} cannot be had")
                events.append({"ts": timestamp(self._clock.now_s()), "kind": "gap", **lost})

    def _join(self, first_s: int) -> Path:
        """Make the finished stream the oldest segment, at once or not at all."""
        stamp_s = first_s - DAY_S
        prices = self._folder.stream("prices")
        # A compressed one has its name too: beside it, the new one would be read in its place.
        taken = segments(str(prices))
        while str(segment := _segment(prices, stamp_s)) in taken:
            stamp_s -= 1
        return self._part.rename(segment)


def _segment(prices: Path, stamp_s: int) -> Path:
    return prices.with_name(f"{prices.name}-{datetime.fromtimestamp(stamp_s, UTC):%Y%m%d}-{stamp_s}")
