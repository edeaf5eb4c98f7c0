"""What happened between two moments, as one record: the hourly report, and the summaries at opening and closing.

It runs as a program of its own beside the bot, which starts it at those times: its memory and its troubles are not the
bot's.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import takewhile
from pathlib import Path
from typing import Any

from agent import config
from agent.alerts import Alerts, still_open
from agent.clock import DAY_S, HOUR_S, MINUTE_S, seconds, timestamp
from agent.console import say
from agent.errors import MossError
from agent.folder import DataFolder, add_places, find_data
from agent.settings import Config, minutes
from store import StoreError, newest, reserve, scan

Record = dict[str, Any]

# systemd-timesyncd touches it each time it sets the clock, at least each 34 minutes while the network answers.
TIME_SET = Path("/run/systemd/timesync/synchronized")
TIME_SET_H_MAX = 24


def main(arguments: Sequence[str] | None = None) -> int:
    """Store one record about a span of time; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m agent.digest", description=__doc__)
    add_places(parser, default=None)
    parser.add_argument("what", choices=("report", "opening", "closing"))
    parser.add_argument("--until", metavar="MOMENT", help="the end of the span; now if not given")
    parser.add_argument("--now", metavar="MOMENT", help="when it is recorded, by the bot's clock")
    parser.add_argument("--facts", metavar="JSON", default="{}", help="what only the bot knows of itself")
    options = parser.parse_args(arguments)
    try:
        folder = find_data(options.data)
        settings, _ = config.load_or_last(options.config, folder)
        now_s = seconds(options.now) if options.now else time.time()
        until_s = seconds(options.until) if options.until else now_s // MINUTE_S * MINUTE_S
        reserve.fill(folder.path)
        digest = Digest(settings, folder, options.what, until_s)
        kind = {"kind": "report"} if options.what == "report" else {"kind": "summary", "what": options.what}
        record = {"ts": timestamp(now_s), **kind, **digest.fields(json.loads(options.facts))}
        if earlier := _stored(folder, record):
            record = earlier
        else:
            with folder.open("events", settings) as events:
                events.append(record)
        if options.what == "report":
            _watch_time(settings, folder, now_s)
        if options.what == "report" and settings.report.prometheus:
            from agent import prometheus

            prometheus.write(settings.report.prometheus, record)
    except (MossError, StoreError, ValueError) as error:
        say(f"{options.what}: {error}")
        return error.exit_status if isinstance(error, MossError) else 1
    return 0


def _stored(folder: DataFolder, record: Record) -> Record | None:
    """Return the record of the same span, where an earlier try stored it before it failed; None where none did."""
    # A day's margin for a clock that was set back in between.
    horizon_ts = timestamp(seconds(record["until_ts"]) - DAY_S)
    for event in takewhile(lambda each: each["ts"] >= horizon_ts, newest(folder.stream("events"))):
        if all(event.get(key) == record.get(key) for key in ("kind", "what", "from_ts", "until_ts")):
            return event
    return None


def _watch_time(settings: Config, folder: DataFolder, now_s: float, stamp: Path = TIME_SET) -> None:
    """Tell when the network no longer sets this machine's clock, where systemd-timesyncd does it; raises NotStored."""

    def tell(kind: str, **fields: object) -> None:
        with folder.open("events", settings) as events:
            events.append({"ts": timestamp(now_s), "kind": kind, **fields})

    if stamp.exists():
        age_h = round((time.time() - stamp.stat().st_mtime) / HOUR_S)
        Alerts(tell, folder.stream("events")).weigh("time", age_h / TIME_SET_H_MAX, age_h=age_h)


class Digest:
    """One span of time, read from the store.

    Arguments:
        what: "report", "opening" (since the last closing) or "closing" (since the opening).
        until_s: its end, seconds since 1970 UTC.
    """

    def __init__(self, settings: Config, folder: DataFolder, what: str, until_s: float) -> None:
        self._settings = settings
        self._folder = folder
        self._from_s, self._until_s = until_s - _span_s(settings, what), until_s

    def fields(self, facts: Mapping[str, Any]) -> Record:
        """Return the record's fields.

        Arguments:
            facts: `rss_kib`, `cpu_s` and `fetches_ms` (a list) of the bot, as far as they are known.
        Cost: reads the span of each stream, and back to the last `start` or `report`.
        """
        events = list(self._span("events"))
        found = {
            "from_ts": timestamp(self._from_s),
            "until_ts": timestamp(self._until_s),
            **self._minutes(events),
            **self._trades(),
            "errors": dict(Counter(event["class"] for event in events if event["kind"] == "error")),
            "breaker": {event["host"]: event["state"] for event in events if event["kind"] == "breaker"},
            **self._scores(),
            **self._machine(facts),
        }
        found["records_a_minute"] = round(self._records * MINUTE_S / (self._until_s - self._from_s), 2)
        return {**found, "alerts": list(still_open(self._folder.stream("events")).values())}

    def _minutes(self, events: Sequence[Record]) -> Record:
        """Account for each minute of each symbol: a candle, no trade, or a gap; a minute not fetched yet is one."""
        known: dict[str, set[int]] = {symbol: set() for symbol in self._settings.market.symbols}
        self._records = len(events)
        for candle in self._span("prices"):
            self._records += 1
            open_s = int(seconds(candle["open_ts"]))
            if candle["symbol"] in known and self._from_s <= open_s < self._until_s:
                known[candle["symbol"]].add(open_s)
        symbols = {symbol: self._account(symbol, opens, events) for symbol, opens in known.items()}
        totals = Counter[str]()
        for each in symbols.values():
            totals.update(each)
        return {**{name: totals[name] for name in ("candles", "without_trade", "gap")}, "symbols": symbols}

    def _account(self, symbol: str, opens: set[int], events: Sequence[Record]) -> dict[str, int]:
        # What is missing at the end had no trade, unless the exchange did not answer.
        troubles = [event["ts"] for event in events if event["kind"] == "error" and event.get("symbol") == symbol]
        newest_s = max(opens, default=int(self._from_s) - MINUTE_S)
        is_behind = bool(troubles) and seconds(max(troubles)) >= newest_s + MINUTE_S
        lost = set(range(newest_s + MINUTE_S, int(self._until_s), MINUTE_S)) if is_behind else set()
        for event in events:
            if event["kind"] == "gap" and event["symbol"] == symbol:
                first_s, end_s = int(seconds(event["from_ts"])), int(seconds(event["until_ts"]))
                inside = range(max(first_s, int(self._from_s)), min(end_s, int(self._until_s)), MINUTE_S)
                lost |= set(inside) - opens
        total = int(self._until_s - self._from_s) // MINUTE_S
        return {"candles": len(opens), "without_trade": total - len(opens) - len(lost), "gap": len(lost)}

    def _trades(self) -> Record:
        signals = Counter(record["signal"] for record in self._counted("signals"))
        fills = sum(1 for record in self._counted("ledger") if record["kind"] == "fill")
        end = next(newest(self._folder.stream("ledger")), None)
        begin = next((each for each in newest(self._folder.stream("ledger")) if each["ts"] < self._from_ts), end)
        change = Decimal(end["equity"]) - Decimal(begin["equity"]) if end and begin else Decimal(0)
        return {
            "evaluations": signals.total(),
            "signals": dict(signals),
            "fills": fills,
            "equity": end["equity"] if end else None,
            "equity_change": f"{change:f}",
        }

    def _scores(self) -> Record:
        scores = [record["score"] for record in self._counted("sentiment")]
        return {"scores": len(scores), "score_mean": round(statistics.fmean(scores), 4) if scores else None}

    def _machine(self, facts: Mapping[str, Any]) -> Record:
        disk = os.statvfs(self._folder.path)
        fetches_ms = facts.get("fetches_ms") or []
        sizes = [path.stat().st_size for path in self._folder.path.glob("*.jsonl*")]
        return {
            "fetch_ms_median": statistics.median(fetches_ms) if fetches_ms else None,
            "fetch_ms_max": max(fetches_ms, default=None),
            "rss_kib": facts.get("rss_kib"),
            "cpu_s": facts.get("cpu_s"),
            "disk_free_mib": disk.f_bavail * disk.f_frsize >> 20,
            "store_bytes": sum(sizes),
        }

    @property
    def _from_ts(self) -> str:
        return timestamp(self._from_s)

    def _counted(self, stream: str) -> Iterator[Record]:
        for record in self._span(stream):
            self._records += 1
            yield record

    def _span(self, stream: str) -> Iterator[Record]:
        """Yield what was recorded in the span, and since its end: a candle comes some seconds after its minute."""
        end_ts = timestamp(self._until_s)
        for record in scan(self._folder.stream(stream), since=self._from_ts):
            if record["ts"] < end_ts or stream == "prices":
                yield record


def _span_s(settings: Config, what: str) -> int:
    schedule = settings.schedule
    if what == "report":
        return MINUTE_S * minutes(schedule.report)
    opening, closing = (HOUR_S * int(at[:2]) + MINUTE_S * int(at[3:]) for at in _session(settings))
    return (closing - opening if what == "closing" else opening - closing) % DAY_S or DAY_S


def _session(settings: Config) -> tuple[str, str]:
    return settings.schedule.session_open or "00:00", settings.schedule.session_close or "00:00"


if __name__ == "__main__":
    sys.exit(main())
