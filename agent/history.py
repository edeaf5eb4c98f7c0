"""One market's candles in the store, kept without a hole that its source could fill."""

from collections.abc import Callable, Iterator

from agent.clock import HOUR_S, MINUTE_S, Clock, timestamp
from agent.errors import Unusable
from agent.jobs import SLACK_S
from agent.market.candle import Candle, record_of
from agent.market.sources import Source
from store import Store

FIRST_CANDLES = 200
# A row may come late: this far back is looked each minute, and further at a start and each hour. No further than
# `memory` reads back: what is stored must be known.
LATE_MINUTES, LATE_MINUTES_MAX = 5, 200
# With less time than this a question is not worth asking: the rest goes on at the next pass.
ASK_S_MIN = 0.5
# Beyond this the two clocks differ by more than a slow answer explains; ahead, it matters sooner.
SKEW_S_MAX, AHEAD_S_MAX = 10.0, 2.0


class History:
    """Fetches what is missing of one symbol, oldest first, and appends it, each candle once.

    Arguments:
        symbol: the market.
        source: where it is traded.
        prices: the stream to append to.
        clock: what tells the time.
        on_gap: called with the first and the end moment of minutes that can no longer be had.
    """

    def __init__(
        self, symbol: str, source: Source, prices: Store, clock: Clock, on_gap: Callable[[str, int, int], object]
    ) -> None:
        self.symbol = symbol
        self._source = source
        self._prices = prices
        self._clock = clock
        self._on_gap = on_gap
        self._stored: set[int] = set()
        self._newest_s: int | None = None
        self._asked_s: int | None = None
        self.settled_s: int | None = None

    def remember(self, candle: Candle) -> None:
        """Take note of a candle that is in the store."""
        self._stored.add(candle.open_s)
        self._newest_s = max(candle.open_s, self._newest_s or 0)

    def catch_up(self, deadline_s: float) -> Iterator[list[Candle]]:
        """Store every closed candle that is missing; yield each page once it is safe.

        After the last page `settled_s` is the end of the newest minute that is known, candle or none; None before.

        Arguments:
            deadline_s: how long all pages together may take; what is left goes on at the next call.
        Raises: Unreachable, Refused, Unusable, Stopped, NotStored.
        """
        self.settled_s = None
        begun_s = self._clock.monotonic_s()
        end_s = int(self._clock.now_s()) // MINUTE_S * MINUTE_S
        begin_s = self._begin(end_s)
        asked_s = self._clock.now_s()
        # The newest page first: in a market where little is traded it reaches back over all that is missing.
        count = min(self._source.rows_max, max((end_s - begin_s) // MINUTE_S, 1))
        newest = self._ask(end_s, count, deadline_s)
        if not newest and self._newest_s is not None and self._newest_s >= end_s - count * MINUTE_S:
            # Taken for minutes without trade, it would be decided on.
            raise Unusable(f"{self._source.name} answers without any candle, and had one of these minutes before")
        reached_s = newest[0].open_s if newest else end_s - count * MINUTE_S
        page_s = self._source.rows_max * MINUTE_S
        oldest_s = min(reached_s, end_s - page_s) - self._source.pages_max * page_s
        has_gap = begin_s < oldest_s
        for start_s in (*range(max(begin_s, oldest_s), reached_s, page_s), reached_s):
            page = newest
            if start_s < reached_s:
                left_s = deadline_s - (self._clock.monotonic_s() - begun_s)
                if left_s < ASK_S_MIN:
                    return
                page = self._ask(min(start_s + page_s, reached_s), self._source.rows_max, left_s)
            # Told with the first page at hand: one that does not come leaves everything to the next call.
            if has_gap:
                self._on_gap(self.symbol, (self._newest_s or 0) + MINUTE_S, oldest_s)
                has_gap = False
            yield self._keep(page, begin_s)
        self._asked_s = min(int(asked_s - self._ahead_s() - SLACK_S) // MINUTE_S * MINUTE_S, end_s)
        self.settled_s = max(self._asked_s, newest[-1].end_s if newest else 0)

    def _begin(self, end_s: int) -> int:
        """Return from when on candles are missing, or may still come late."""
        page_s = self._source.rows_max * MINUTE_S
        if self._newest_s is None:
            return end_s - FIRST_CANDLES * MINUTE_S
        missing_s = min(self._newest_s + MINUTE_S, end_s) - LATE_MINUTES * MINUTE_S
        if self._asked_s is not None:
            # A market in which nothing is traded for days is not asked for those days again each minute.
            missing_s = max(missing_s, self._asked_s - page_s // 2)
        if self._asked_s is None or end_s % HOUR_S == 0:
            missing_s = min(missing_s, end_s - LATE_MINUTES_MAX * MINUTE_S)
        # By a clock that was set back it would be looked further back than is remembered, and stored a second time.
        return max(missing_s, self._newest_s - LATE_MINUTES_MAX * MINUTE_S)

    def _ask(self, before_s: int, count: int, deadline_s: float) -> list[Candle]:
        asked_s = self._clock.now_s()
        candles = self._source.candles(self.symbol, before_s, count, deadline_s)
        return [candle for candle in candles if candle.end_s <= asked_s - self._ahead_s()]

    def _ahead_s(self) -> float:
        """Return how far our clock is ahead of the exchange's, 0 if about right: what has not ended there goes on."""
        skew_s = self._source.skew_s
        # The exchange tells whole seconds: half of one may be missing.
        return 0.5 - skew_s if skew_s < -AHEAD_S_MAX else 0.0

    def _keep(self, candles: list[Candle], begin_s: int) -> list[Candle]:
        """Store those that are not stored yet, and return them."""
        floor_s = 0 if self._newest_s is None else begin_s
        fresh = [each for each in candles if each.open_s >= floor_s and each.open_s not in self._stored]
        if fresh:
            self._prices.append_many([record_of(candle, self._clock.now_s()) for candle in fresh])
        for candle in fresh:
            self.remember(candle)
        horizon_s = (self._newest_s or 0) - 2 * self._source.rows_max * MINUTE_S
        self._stored = {open_s for open_s in self._stored if open_s >= horizon_s}
        return fresh


def gap_fields(symbol: str, source: str, first_s: int, end_s: int) -> dict[str, str]:
    """Return what a `gap` event says of minutes that are lost."""
    return {"symbol": symbol, "source": source, "from_ts": timestamp(first_s), "until_ts": timestamp(end_s)}
