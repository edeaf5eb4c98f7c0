"""What happened, told as events: starts and stops, trouble, gaps, what was missed, what was done."""

import os
from collections import Counter

from agent import SCHEMA, __version__, alive, config, memory
from agent.breaker import BreakerChange
from agent.clock import Clock, timestamp
from agent.console import say
from agent.errors import MossError
from agent.folder import DataFolder
from agent.history import SKEW_S_MAX, gap_fields
from agent.settings import Config, minutes


class Chronicle:
    """One process's events on one data folder; each method stores one and raises NotStored where it cannot.

    Arguments:
        settings: the configuration that is followed.
        folder: where the records are and go.
        clock: what tells the time.
        source_name: the market that prices come from.
    """

    def __init__(self, settings: Config, folder: DataFolder, clock: Clock, source_name: str) -> None:
        self.config = settings
        self.folder = folder
        self.clock = clock
        self._source_name = source_name
        self._events = folder.open("events", settings)
        self._failures: dict[str, int] = {}
        self._counts: Counter[str] = Counter()
        self._is_clock_off = False

    def event(self, kind: str, **fields: object) -> None:
        """Store one event; raises NotStored."""
        self._events.append({"ts": timestamp(self.clock.now_s()), "kind": kind, **fields})

    def tell_start(self, wrong: str = "") -> None:
        """Store that this process started, and with what; raises NotStored.

        Arguments:
            wrong: what is wrong with the config file, where this is the last good one instead.
        """
        boot_id = alive.boot_id()
        self.event(
            "start",
            version=__version__,
            schema=SCHEMA,
            boot_id=boot_id,
            pid=os.getpid(),
            previous=memory.previous_end(self.folder.stream("events"), boot_id),
            config=config.record_of(self.config),
        )
        if wrong:
            self.tell_wrong_config(wrong, "goes on with the last good configuration")

    def tell_wrong_config(self, wrong: str, doing: str) -> None:
        """Store that the config file is wrong, and what is done instead of following it; raises NotStored."""
        self.event("alert", what="config", message=wrong, doing=doing)

    def tell_reload(self) -> None:
        """Store that a new configuration is followed from now on; raises NotStored."""
        self.event("reload", config=config.record_of(self.config))
        self.event("alert_end", what="config")

    def tell_stop(self) -> None:
        """Store that this process ends because it was asked to."""
        self.event("stop", version=__version__, pid=os.getpid())

    def tell_breaker(self, change: BreakerChange) -> None:
        """Store that a host is no longer asked for a while, or is again; raises NotStored."""
        self.event("breaker", **change._replace(wait_s=round(change.wait_s, 1))._asdict())

    def tell_missed(self, job: str, count: int) -> None:
        """Store that a job's moments went by without it; raises NotStored."""
        self.event("missed", job=job, count=count)

    def tell_report(self) -> None:
        """Store what was done since the last report; raises NotStored."""
        done = {name: self._counts[name] for name in ("candles", "signals", "fills", "errors")}
        self.event("report", **done, rss_kib=alive.rss_kib())
        self._counts.clear()

    def _miss(self, symbol: str, due_s: int) -> None:
        self.event("missed", job="signals", count=1, symbol=symbol, due_ts=timestamp(due_s))

    def _tell_trouble(self, symbol: str, error: MossError) -> None:
        attempt = self._failures[symbol] = self._failures.get(symbol, 0) + 1
        self._counts["errors"] += 1
        say(f"{symbol}: {error}")
        fields = {"class": error.kind, "message": str(error), "symbol": symbol, "source": self._source_name}
        next_s = self.clock.now_s() + 60 * minutes(self.config.schedule.price)
        self.event("error", **fields, attempt=attempt, next_ts=timestamp(next_s))

    def _watch_clock(self, skew_s: float) -> None:
        """Tell when this machine's clock begins to differ from the exchange's, and when it no longer does."""
        if self._is_clock_off != (abs(skew_s) > SKEW_S_MAX):
            self._is_clock_off = not self._is_clock_off
            message = (
                f"this machine's clock is {abs(skew_s):.0f} s {'behind' if skew_s > 0 else 'ahead of'} the exchange's"
            )
            say(message)
            self.event("clock", source=self._source_name, skew_s=round(skew_s, 1), message=message)

    def _tell_gap(self, symbol: str, first_s: int, end_s: int) -> None:
        self.event("gap", **gap_fields(symbol, self._source_name, first_s, end_s))
