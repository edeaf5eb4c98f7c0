"""What a day was: counted from the store, in memory that does not grow with it.

A day is the market zone's, from 00:00 to 24:00. A record belongs to it by what it tells of: a candle by its minute, an
evaluation by the end of the minute it looked at, all else by when it was stored.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from heapq import merge
from itertools import takewhile
from typing import Any

from agent.clock import DAY_S, HOUR_S, MINUTE_S, seconds, timestamp
from agent.folder import DataFolder
from agent.market.bank import Account, account_of, plain
from agent.settings import Config
from store import newest, scan

# How long after its end a record of a day may still be stored, as a candle is that came late.
_LATE_S = 3 * HOUR_S
_BEFORE_S = 3 * HOUR_S
_SIGNS_OF_LIFE = ("start", "stop", "report", "candle")


def sum_up(config: Config, folder: DataFolder, now_s: float) -> dict[str, Any] | None:
    """Return the fields of the `summary` event of the day before now, None where there is one or nothing to tell.

    Cost: reads up to three days of the streams.
    """
    begin_s = _midnight(config, now_s) - DAY_S
    day = Day(config, folder, begin_s)
    if any(event["kind"] == "summary" and event.get("day") == day.name for event in day.since("events", DAY_S)):
        return None
    first = next(scan(folder.stream("events"), on_damage=_pass_over), None)
    return day.fields() if first and seconds(first["ts"]) < begin_s + DAY_S else None


def _midnight(config: Config, now_s: float) -> int:
    offset_s = int(datetime.fromtimestamp(now_s, config.schedule.timezone).utcoffset().total_seconds())  # type: ignore[union-attr]  # a zone of the schema has one
    return int((now_s + offset_s) // DAY_S * DAY_S) - offset_s


class Day:
    """One day of one data folder.

    Arguments:
        begin_s: its first moment, seconds since 1970 UTC.
    """

    def __init__(self, config: Config, folder: DataFolder, begin_s: int) -> None:
        self._config, self._folder = config, folder
        self._begin_s, self._end_s = begin_s, begin_s + DAY_S
        self.name = f"{datetime.fromtimestamp(begin_s, config.schedule.timezone):%Y-%m-%d}"

    def fields(self) -> dict[str, Any]:
        """Return all that is told of the day."""
        errors = Counter(event.get("class", "") for event in self._of("events", "error"))
        headlines, score_sum = 0, 0.0
        for score in self._of("sentiment", "score"):
            headlines += 1
            score_sum += score["score"]
        return {
            "day": self.name,
            **self._prices(),
            **self._decisions(),
            "headlines": headlines,
            "score_mean": round(score_sum / headlines, 4) if headlines else None,
            "errors": dict(sorted(errors.items())),
            "downtime_s": self._downtime_s(),
        }

    def scan(self, stream: str, from_s: int = 0, until_s: int = 0) -> Iterator[Mapping[str, Any]]:
        """Yield what was stored in the day, the range moved at either end."""
        since, until = timestamp(self._begin_s + from_s), timestamp(self._end_s + until_s)
        return scan(self._folder.stream(stream), since, until, on_damage=_pass_over)

    def since(self, stream: str, from_s: int) -> Iterator[Mapping[str, Any]]:
        """Yield what was stored since so long after the day's begin, newest first."""
        limit = timestamp(self._begin_s + from_s)
        records = newest(self._folder.stream(stream), on_damage=_pass_over)
        return takewhile(lambda record: record["ts"] >= limit, records)

    def _of(self, stream: str, kind: str) -> Iterator[Mapping[str, Any]]:
        return (record for record in self.scan(stream) if record["kind"] == kind)

    def _prices(self) -> dict[str, Any]:
        """Return the minutes by what is known of them, and what holding would have brought."""
        minutes: dict[str, set[int]] = {symbol: set() for symbol in self._config.market.symbols}
        lost: dict[str, set[int]] = {symbol: set() for symbol in minutes}
        # The newest close at the day's begin and at its end; where there was none before, the day's first.
        self._first: dict[str, Decimal] = {}
        self._last: dict[str, Decimal] = {}
        for candle in self.scan("prices", -_BEFORE_S, _LATE_S):
            if candle["kind"] != "candle":
                continue
            symbol, open_s = candle.get("symbol", ""), int(seconds(candle["open_ts"]))
            if symbol not in minutes or open_s >= self._end_s:
                continue
            self._last[symbol] = Decimal(str(candle["close"]))
            if open_s < self._begin_s:
                self._first[symbol] = self._last[symbol]
            self._first.setdefault(symbol, self._last[symbol])
            if open_s >= self._begin_s:
                minutes[symbol].add(open_s)
        for gap in self.scan("events", 0, DAY_S):
            if gap["kind"] == "gap" and gap.get("symbol") in lost:
                first_s, end_s = (int(seconds(gap[name])) for name in ("from_ts", "until_ts"))
                lost[gap["symbol"]].update(range(max(first_s, self._begin_s), min(end_s, self._end_s), MINUTE_S))
        gaps = sum(len(lost[symbol] - minutes[symbol]) for symbol in minutes)
        candles = sum(map(len, minutes.values()))
        held = [self._last[name] / first for name, first in self._first.items() if first]
        return {
            "candles": candles,
            "no_trade": max(0, len(minutes) * self._minutes_known() - candles - gaps),
            "gap": gaps,
            "hold_return_rate": round(float(sum(held) / len(held)) - 1, 6) if held else None,
        }

    def _minutes_known(self) -> int:
        """Return how many of the day's minutes come after the very first candle."""
        prices = scan(self._folder.stream("prices"), on_damage=_pass_over)
        first = next((record for record in prices if record["kind"] == "candle"), None)
        begin_s = max(self._begin_s, int(seconds(first["open_ts"]))) if first else self._end_s
        return max(0, self._end_s - begin_s) // MINUTE_S

    def _decisions(self) -> dict[str, Any]:
        """Return what was decided and what that did to the paper account."""
        signals: Counter[str] = Counter()
        for signal in self.scan("signals", 0, HOUR_S):
            if signal["kind"] == "signal" and self._begin_s <= seconds(signal["candle_ts"]) + MINUTE_S < self._end_s:
                signals[signal["signal"]] += 1
        fills, fees = 0, Decimal(0)
        account: Account | None = None
        after: Account | None = None
        for record in newest(self._folder.stream("ledger"), on_damage=_pass_over):
            if record["ts"] >= timestamp(self._end_s):
                continue
            after = after or account_of(record)
            if record["ts"] < timestamp(self._begin_s):
                account = account_of(record)
                break
            fills += record["kind"] == "fill"
            fees += Decimal(record.get("fee", "0"))
        return {
            "evaluations": signals.total(),
            "signals": {name: signals[name] for name in ("BUY", "SELL", "HOLD")},
            "fills": fills,
            "fees": plain(fees),
            "equity_start": self._equity(account, self._first),
            "equity_end": self._equity(after, self._last),
        }

    def _equity(self, account: Account | None, prices: Mapping[str, Decimal]) -> str | None:
        return plain(account.equity(prices)) if account else None

    def _downtime_s(self) -> int:
        """Return how long no bot was there: from its last sign of life to its next start."""
        down_s, last_ts = 0.0, ""
        both = (self.scan(name, -DAY_S, DAY_S) for name in ("events", "prices"))
        for record in merge(*both, key=lambda record: record["ts"]):
            if record["kind"] not in _SIGNS_OF_LIFE:
                continue
            if record["kind"] == "start" and last_ts:
                begin_s, end_s = max(seconds(last_ts), self._begin_s), min(seconds(record["ts"]), self._end_s)
                down_s += max(0.0, end_s - begin_s)
            last_ts = record["ts"]
        return round(down_s)


_pass_over: Callable[[object], None] = lambda _: None  # noqa: E731 - `verify` tells of damage
