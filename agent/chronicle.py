"""What happened, told as events: starts and stops, trouble, gaps, what was missed, what was done."""

import os

from agent import SCHEMA, __version__, alive, config, memory
from agent.alerts import Alerts
from agent.breaker import BreakerChange
from agent.clock import Clock, seconds, timestamp
from agent.errors import MossError
from agent.folder import DataFolder
from agent.history import SKEW_S_MAX, gap_fields
from agent.settings import Config
from store import tail

# A restart takes seconds and a reboot a minute; whoever was away longer has something to tell.
DOWNTIME_S_MAX = 300.0


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
        self.source_name = source_name
        self._events = folder.open("events", settings)
        self._failures: dict[str, int] = {}
        # Whether what this one began with is stored: a start, a reload, a rollback.
        self.is_told, self._silent_s = False, 0.0
        # When the newest event that was followed is from: the next process goes on behind it.
        self.seen_ts = ""
        self.alerts = Alerts(self.event, folder.stream("events"))

    def event(self, kind: str, **fields: object) -> None:
        """Store one event; raises NotStored."""
        self._events.append({"ts": timestamp(self.clock.now_s()), "kind": kind, **fields})

    def tell_start(self, wrong: str = "") -> None:
        """Store that this process started, and with what, once however often that is tried; raises NotStored.

        Arguments:
            wrong: what is wrong with the config file, where this is the last good one instead.
        """
        boot_id, now_s = alive.boot_id(), self.clock.now_s()
        newest = [each for name in ("prices", "events") for each in tail(self.folder.stream(name), 1)]
        # At a later try the newest records are this process's own.
        self._silent_s = self._silent_s or now_s - max((seconds(record["ts"]) for record in newest), default=now_s)
        if not self.is_told:
            self.event(
                "start",
                version=__version__,
                schema=SCHEMA,
                boot_id=boot_id,
                pid=os.getpid(),
                seen_ts=self.seen_ts,
                previous=memory.previous_end(self.folder.stream("events"), boot_id),
                alerts=list(self.alerts.open.values()),
                config=config.record_of(self.config),
            )
            self.is_told = True
        if self.alerts.open or wrong or self._silent_s > DOWNTIME_S_MAX:
            from agent.mishap import tell_return

            tell_return(self, wrong, self._silent_s)

    def tell_stop(self) -> None:
        """Store that this process ends because it was asked to."""
        self.event("stop", version=__version__, pid=os.getpid(), seen_ts=self.seen_ts)

    def tell_breaker(self, change: BreakerChange) -> None:
        """Store that a host is no longer asked for a while, or is again; raises NotStored."""
        self.event("breaker", **change._replace(wait_s=round(change.wait_s, 1))._asdict())

    def tell_missed(self, job: str, count: int) -> None:
        """Store that a job's moments went by without it; raises NotStored."""
        self.event("missed", job=job, count=count)

    def _miss(self, symbol: str, due_s: int) -> None:
        self.event("missed", job="signals", count=1, symbol=symbol, due_ts=timestamp(due_s))

    def _tell_trouble(self, symbol: str, error: MossError) -> None:
        from agent.mishap import tell_trouble  # most passes have none

        self._failures[symbol] = self._failures.get(symbol, 0) + 1
        tell_trouble(self, symbol, error, self._failures[symbol])

    def _watch_clock(self, skew_s: float) -> None:
        """Tell when this machine's clock begins to differ from the exchange's, and when it no longer does."""
        is_off = abs(skew_s) > SKEW_S_MAX
        if is_off != ("clock" in self.alerts.open):
            from agent.mishap import tell_skew

            tell_skew(self, skew_s, is_off=is_off)

    def _tell_gap(self, symbol: str, first_s: int, end_s: int) -> None:
        self.event("gap", **gap_fields(symbol, self.source_name, first_s, end_s))
