"""The time before the first stored candle, fetched page by page and put in front of the stream as one segment."""

from datetime import UTC, datetime
from pathlib import Path

from agent.clock import DAY_S, MINUTE_S, Clock, seconds, timestamp
from agent.console import say
from agent.errors import BadInput
from agent.folder import DataFolder
from agent.market.candle import record_of
from agent.market.sources import Source
from agent.settings import Config
from store import Store, newest, scan

PAGE_S_MAX = 20.0
PAGES_A_LINE = 50


class Backfill:
    """Fetches one symbol after the other, oldest first, into a stream of its own that becomes a segment at the end.

    A segment's name sorts it before all others, and the `ts` of its records is the end of their candle, as in a replay:
    so the stream still rises in time. Until it is whole it lies beside as backfill.jsonl, where an interrupted run goes
    on. A symbol that was added later keeps its hole between this segment's end and its own first candle.

    Arguments:
        clock: what tells the time.
        source: where candles come from.
    """

    def __init__(self, config: Config, folder: DataFolder, clock: Clock, source: Source) -> None:
        self._config, self._folder, self._clock, self._source = config, folder, clock, source

    def run(self, since_s: int) -> int:
        """Fetch from a moment to the first stored candle of each symbol, or to now where there is none.

        Returns: the exit status.
        Raises: BadInput, Unreachable, Refused, Unusable, Stopped, NotStored.
        """
        now_s = int(self._clock.now_s()) // MINUTE_S * MINUTE_S
        if since_s >= now_s:
            raise BadInput(f"{timestamp(since_s)}: lies not in the past")
        first_s = self._first_stored_s() or now_s
        path = self._folder.stream("backfill")
        done_s = max((int(seconds(record["ts"])) for record in _last(path)), default=since_s)
        with Store(path, checksum=self._config.store.checksum) as store:
            count = self._fetch(store, max(since_s, done_s), first_s)
        if not path.exists():
            say(f"{self._source.name} has nothing between {timestamp(since_s)} and {timestamp(first_s)}")
            return 0
        name = self._join(path, first_s)
        say(f"{count} candles fetched; they are the segment {name.name}")
        return 0

    def _fetch(self, store: Store, start_s: int, end_s: int) -> int:
        count, page_s = 0, self._source.rows_max * MINUTE_S
        pages = range(start_s, end_s, page_s)
        for number, page_start_s in enumerate(pages):
            before_s = min(page_start_s + page_s, end_s)
            candles = [
                candle
                for symbol in self._config.market.symbols
                for candle in self._source.candles(symbol, before_s, (before_s - page_start_s) // MINUTE_S, PAGE_S_MAX)
                if candle.open_s >= page_start_s
            ]
            candles.sort(key=lambda candle: candle.open_s)
            store.append_many(record_of(candle, candle.end_s) for candle in candles)
            count += len(candles)
            if number % PAGES_A_LINE == 0:
                say(f"{timestamp(before_s)[:16]} {(number + 1) / len(pages):.0%}, {count} candles")
        return count

    def _first_stored_s(self) -> int | None:
        """Return the start of the oldest stored candle; None in an empty store."""
        for record in scan(self._folder.stream("prices")):
            return int(seconds(record["open_ts"]))
        return None

    def _join(self, path: Path, first_s: int) -> Path:
        """Make the finished stream the oldest segment, at once or not at all."""
        stamp_s = first_s - DAY_S
        prices = self._folder.stream("prices")
        segment = prices.with_name(f"{prices.name}-{datetime.fromtimestamp(stamp_s, UTC):%Y%m%d}-{stamp_s}")
        if segment.exists():
            raise BadInput(f"{segment}: is there already; nothing was changed, and {path.name} is whole")
        return path.rename(segment)


def _last(path: Path) -> list[dict[str, str]]:
    for record in newest(path):
        return [record]
    return []
