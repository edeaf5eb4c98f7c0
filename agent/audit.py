"""The books gone over: every minute accounted for, every stored evaluation decided again from the stored candles."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent import config
from agent.clock import DAY_S, MINUTE_S, seconds, timestamp
from agent.errors import ConfigError
from agent.folder import DataFolder
from agent.lookahead import Lookahead
from agent.market.candle import candle_of
from agent.market.evaluation import LATE_MINUTES_MAX, Market, has_averages, is_comparable
from agent.market.strategy import Plan
from agent.parts import plan_of
from agent.settings import Config
from store import Damage, newest, scan

TROUBLES_MAX = 20
RSI_TOLERANCE = 1e-9
# So many candles of a series come before they count, though nothing was decided on them: they would fill the memory.
CANDLES_AHEAD = 1_000

_Key = tuple[str, str]
_Case = tuple[str, str, str]


@dataclass
class Findings:
    """What an audit counted, and the first troubles it met, a sentence each."""

    candles: int = 0
    without_trade: int = 0
    in_gaps: int = 0
    doubled: int = 0
    same: int = 0
    otherwise: int = 0
    damaged: int = 0
    troubles: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether nothing is doubled, damaged or decided otherwise."""
        return not (self.doubled or self.otherwise or self.damaged)

    def lines(self) -> Iterator[str]:
        """Yield both counts for people."""
        minutes = self.candles + self.without_trade + self.in_gaps
        parts = f"{self.candles} candles, {self.without_trade} without trade, {self.in_gaps} in gaps that were told of"
        yield f"minutes     {minutes}: {parts}; {self.doubled} doubled"
        yield f"evaluations {self.same + self.otherwise}: {self.same} decided the same, {self.otherwise} otherwise"

    def trouble(self, sentence: str) -> None:
        """Take note of a trouble; beyond the first few only the counts grow."""
        if len(self.troubles) < TROUBLES_MAX:
            self.troubles.append(sentence)


class Audit:
    """Goes over one data folder once.

    A minute between the first and the newest candle of a symbol and source is a candle, or lies in a `gap` event, or
    had no trade: its exchange was asked for it and had none. That an evaluation comes out the same again says that none
    of the candles it rested on is missing or altered.

    Arguments:
        settings: the configuration, for evaluations of a folder that has no `start` event.
        begin_s: the first moment of a day; None: all there is.
    """

    def __init__(self, settings: Config, folder: DataFolder, begin_s: float | None) -> None:
        self._folder = folder
        self._begin_s, self._end_s = (0.0, float("inf")) if begin_s is None else (begin_s, begin_s + DAY_S)
        self._found = Findings()
        self._plans = self._known_plans(settings)
        # Of each series and rule: with all candles, and without those that a backfill put in front of what a bot had.
        self._markets: dict[_Case, list[Market]] = {}
        # Where there is an evaluation to compare the next one with.
        self._compared: set[_Case] = set()
        # Where one before the day was looked for, once: a rule without averages has none, however far back.
        self._sought: set[_Case] = set()
        # A byte for each minute of a series: half a megabyte a year.
        self._minutes: dict[_Key, tuple[int, bytearray]] = {}
        self._taken = Counter[_Key]()

    def result(self) -> Findings:
        """Read everything that matters, once, and return what was found.

        Cost: reads to the end of both streams; a byte of memory for each minute.
        """
        prices = Lookahead(self._scan("prices"))
        for signal in self._scan("signals"):
            for record in prices.until(signal["ts"]):
                self._take(record)
            self._judge(signal)
        for record in prices.until("~"):
            self._take(record)
        self._count_minutes()
        return self._found

    def _known_plans(self, settings: Config) -> dict[str, Plan]:
        strategies = {settings.strategy: settings}
        for event in scan(self._folder.stream("events")):
            if event["kind"] in ("start", "reload") and "config" in event:
                old, problems = config.parse(event["config"])
                strategies |= {} if problems else {old.strategy: old}
        plans = {}
        for followed in strategies.values():
            try:
                plan = plan_of(followed)
            except ConfigError as error:
                # A strategy's file that is gone or broken: what it decided is counted as not coming out the same.
                self._found.trouble(f"{error}; what was decided by it cannot be decided again")
            else:
                plans[plan.rule] = plan
        return plans

    def _scan(self, stream: str) -> Iterator[dict[str, Any]]:
        """Read a stream from as far before the day as its first evaluation looks back."""
        window_min = max((plan.make().window for plan in self._plans.values()), default=0)
        since = timestamp(self._begin_s - MINUTE_S * window_min - DAY_S) if self._begin_s else None
        # To the end: what was missing after an outage was stored days after its day.
        return scan(self._folder.stream(stream), since=since, on_damage=self._tell_damage)

    def _tell_damage(self, damage: Damage) -> None:
        self._found.damaged += 1
        self._found.trouble(f"{damage.file} line {damage.line}: {damage.why}")

    def _take(self, record: Mapping[str, Any]) -> None:
        candle = candle_of(record)
        key = (candle.symbol, candle.source)
        first_s, marks = self._minutes.setdefault(key, (candle.open_s, bytearray()))
        if candle.open_s < first_s:
            marks = bytearray((first_s - candle.open_s) // MINUTE_S) + marks
            first_s = candle.open_s
            self._minutes[key] = (first_s, marks)
        index = (candle.open_s - first_s) // MINUTE_S
        marks.extend(bytes(max(0, index + 1 - len(marks))))
        if marks[index]:
            self._found.doubled += 1
            self._found.trouble(f"{candle.symbol} {record['open_ts']}: this candle is stored twice")
        marks[index] = 1
        self._taken[key] += 1
        # One that a bot has stored is from after its minute.
        is_backfilled = record["ts"] <= timestamp(candle.end_s)
        for rule, plan in self._plans.items():
            markets = self._markets.setdefault((*key, rule), [])
            for _ in range(len(markets), 2 if is_backfilled else 1):
                markets.append(Market(*key, plan))
            for market in markets[:1] if is_backfilled else markets:
                market.add(candle)
                if self._taken[key] % CANDLES_AHEAD == 0:
                    # No evaluation looks back so far that it could not count them yet.
                    market.advance(candle.open_s - MINUTE_S * LATE_MINUTES_MAX)

    def _judge(self, stored: Mapping[str, Any]) -> None:
        """Decide a stored evaluation again, on the candles that were stored before it."""
        case = (stored["symbol"], stored["source"], stored["rule"])
        moment_s = int(seconds(stored["candle_ts"]))
        counts = self._begin_s < moment_s + MINUTE_S <= self._end_s
        markets = self._markets.get(case, [])
        if counts and self._begin_s and case not in self._compared | self._sought:
            self._sought.add(case)
            self._remember(case, markets, self._last_before(stored))
        again: list[Mapping[str, Any]] = []
        for market in markets:
            market.advance(moment_s + MINUTE_S)
            again.append(market.judge(0) or {})
        self._remember(case, markets, stored)
        if not counts:
            return
        # A bot that was running during a backfill went on without it, until its next start.
        if any(_are_same(stored, each) for each in again):
            self._found.same += 1
            return
        self._found.otherwise += 1
        is_decidable = again and again[0]
        what = f"{again[0]['signal']}, {again[0]['reason']}" if is_decidable else "not: no candle, or an unknown rule"
        told = f"{stored['symbol']} {stored['candle_ts']}: stored {stored['signal']}, {stored['reason']}"
        self._found.trouble(f"{told}; again {what}")

    def _remember(self, case: _Case, markets: list[Market], evaluation: Mapping[str, Any] | None) -> None:
        """Let the next evaluation be compared with this one, if it can be."""
        if evaluation is not None and is_comparable(evaluation, *case[1:]):
            self._compared.add(case)
            for market in markets:
                market.remember_averages(evaluation)

    def _last_before(self, stored: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the last evaluation before one that is the first to be judged, however long ago it was."""
        for record in newest(self._folder.stream("signals")):
            is_of_it = all(record[name] == stored[name] for name in ("symbol", "source", "rule"))
            if is_of_it and record["candle_ts"] < stored["candle_ts"] and has_averages(record):
                return record
        return None

    def _count_minutes(self) -> None:
        gaps = [event for event in scan(self._folder.stream("events")) if event["kind"] == "gap"]
        for (symbol, source), (first_s, marks) in self._minutes.items():
            missing = bytearray(not mark for mark in marks)
            for gap in gaps:
                if (gap["symbol"], gap["source"]) == (symbol, source):
                    start, end = (int(seconds(gap[name]) - first_s) // MINUTE_S for name in ("from_ts", "until_ts"))
                    for index in range(max(0, start), min(end, len(marks))):
                        missing[index] *= 2
            begin = max(0, int(self._begin_s - first_s) // MINUTE_S)
            end = min(len(marks), int(min(self._end_s - first_s, len(marks) * MINUTE_S)) // MINUTE_S)
            day = missing[begin : max(begin, end)]
            self._found.candles += day.count(0)
            self._found.without_trade += day.count(1)
            self._found.in_gaps += day.count(2)


def _are_same(stored: Mapping[str, Any], again: Mapping[str, Any]) -> bool:
    """Compare all fields but when it was recorded; an RSI read back after a restart may differ in its last digits."""
    fields = (set(stored) | set(again)) - {"ts", "rsi"}
    if any(stored.get(name) != again.get(name) for name in fields):
        return False
    one, other = stored.get("rsi"), again.get("rsi")
    return one == other or (one is not None and other is not None and abs(one - other) <= RSI_TOLERANCE)
