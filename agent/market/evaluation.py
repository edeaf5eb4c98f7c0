"""One market's minutes and what is decided on them."""

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Mapping
from decimal import Decimal
from operator import attrgetter
from typing import Any

from agent.clock import MINUTE_S, seconds, timestamp
from agent.market.candle import Candle, number
from agent.market.strategy import Plan, Strategy

# How many minutes back a row that comes late is still put in its place.
LATE_MINUTES_MAX = 200

_open_s = attrgetter("open_s")


class Market:
    """One symbol of one source: its minutes without holes, its strategy, its last evaluation.

    A minute that the exchange left out counts as the close before it. A row that comes late replaces such a minute, and
    counts from then on.

    Arguments:
        symbol: the market.
        source: where its candles come from.
        plan: which strategy to run.
    """

    def __init__(self, symbol: str, source: str, plan: Plan) -> None:
        self.symbol = symbol
        self.source = source
        self._name, self._rule = plan.name, plan.rule
        self.strategy: Strategy = plan.make()
        # The strategy as it was before the minutes that a late row can still change.
        self.settled: Strategy = plan.make()
        self._waiting: list[Candle] = []
        # A strategy that forgets is made again out of so many minutes; one whose memory only fades is kept up to date.
        self._fades = self.strategy.fades
        minutes_max = LATE_MINUTES_MAX + (0 if self._fades else self.strategy.window)
        # Each minute's close, and whether a candle says so.
        self.minutes: deque[tuple[Decimal, bool]] = deque(maxlen=minutes_max)
        self.newest_s: int | None = None
        self._last: Mapping[str, Any] | None = None
        self._judged_s = 0

    @property
    def price(self) -> Decimal | None:
        """The close of the newest minute, None before the first."""
        return self.minutes[-1][0] if self.minutes else None

    def remember_minute(self, record: Mapping[str, Any]) -> None:
        """Take note of an evaluation, whatever made it: another of its minute or an earlier one would repeat it."""
        self._judged_s = max(self._judged_s, int(seconds(record["candle_ts"])))

    def remember_averages(self, record: Mapping[str, Any]) -> None:
        """Take note of the last evaluation that the next can be compared with; only its figures matter."""
        self._last = record

    def add(self, candle: Candle) -> None:
        """Hand in a candle; it counts once `advance` has reached its end."""
        insort(self._waiting, candle)

    def advance(self, end_s: int) -> None:
        """Let time pass up to `end_s`, the end of a minute: what ended by then counts, left-out minutes are filled.

        Cost: a step for each minute passed, bounded by the window however long the hole.
        """
        count = bisect_right(self._waiting, end_s - MINUTE_S, key=_open_s)
        ended, self._waiting = self._waiting[:count], self._waiting[count:]
        for candle in ended:
            if self.newest_s is not None and candle.open_s != self.newest_s + MINUTE_S:
                if candle.open_s <= self.newest_s:
                    from agent.market.lateness import put_in_place  # few rows come late

                    put_in_place(self, candle)
                    continue
                self._fill(candle.open_s)
            self._step(candle.open_s, (candle.close, True))
        self._fill(end_s)

    def judge(self, recorded_s: float) -> dict[str, Any] | None:
        """Say what the strategy says of the newest minute, and change nothing; None before the first candle.

        Returns: the record that signals.jsonl holds for it, made at that moment.
        """
        if self.newest_s is None:
            return None
        verdict = self.strategy.decide(self._last)
        return {
            "ts": timestamp(recorded_s),
            "kind": "signal",
            "symbol": self.symbol,
            "source": self.source,
            "candle_ts": timestamp(self.newest_s),
            "price": number(self.minutes[-1][0]),
            "signal": verdict.signal,
            "strategy": self._name,
            "rule": self._rule,
            **verdict.figures,
            "reason": verdict.reason,
        }

    def evaluate(self, recorded_s: float) -> dict[str, Any] | None:
        """Decide on the newest minute and remember it; None where there is none, or it was judged already."""
        # Not only the same minute: a clock that was set back comes to minutes that were judged before.
        if self.newest_s is None or self.newest_s <= self._judged_s:
            return None
        record = self.judge(recorded_s)
        self._judged_s = self.newest_s
        if record is not None and has_averages(record):
            self._last = record
        return record

    def _fill(self, until_s: int) -> None:
        """Count the minutes before `until_s` that have no candle as the close before them."""
        if self.newest_s is None:
            return
        # Beyond the window each further filled minute leaves the same state: a year's hole costs no more than a day's.
        bounded_s = until_s - MINUTE_S * (self.strategy.window + LATE_MINUTES_MAX)
        for open_s in range(max(self.newest_s + MINUTE_S, bounded_s), until_s, MINUTE_S):
            self._step(open_s, (self.minutes[-1][0], False))

    def _step(self, open_s: int, minute: tuple[Decimal, bool]) -> None:
        if self._fades and len(self.minutes) == self.minutes.maxlen:
            self.settled.add(self.minutes[0][0])
        self.minutes.append(minute)
        self.strategy.add(minute[0])
        self.newest_s = open_s


def is_comparable(record: Mapping[str, Any], source: str, rule: str) -> bool:
    """Tell whether an evaluation can be the last one that the next is compared with."""
    return record["source"] == source and record["rule"] == rule and has_averages(record)


def has_averages(figures: Mapping[str, Any]) -> bool:
    """Tell whether there were candles enough for both averages."""
    return figures.get("sma_fast") is not None and figures.get("sma_slow") is not None
