"""What the bot does at its times; agent/rules.py says in which order, and what a failure means."""

import json
import time
from typing import TYPE_CHECKING, Any

from agent import alive, watch
from agent.clock import timestamp
from agent.course import Course
from agent.errand import Errands
from agent.jobs import Due, Jobs
from agent.secret import secret
from agent.settings import minutes
from agent.trader import Trader

if TYPE_CHECKING:
    from agent.outbox import Outbox


class Duties:
    """The jobs of one trader.

    Arguments:
        course: which configuration is followed; one on trial is confirmed by its first evaluation.
        errands: where programs of ours are started.
        outbox: what tells the outside, where that is configured.
    """

    def __init__(self, trader: Trader, course: Course, errands: Errands, outbox: "Outbox | None" = None) -> None:
        self._trader = trader
        self._course = course
        self._errands = errands
        self._outbox = outbox

    def plan(self, jobs: Jobs) -> None:
        """Say what is done when."""
        schedule = self._trader.config.schedule
        jobs.every(minutes(schedule.price)).minutes.do(self._prices).tag("prices")
        jobs.every(minutes(schedule.signal)).minutes.do(self._signals).tag("signals")
        jobs.every(1).minutes.do(watch.look, self._trader).tag("watch")
        if schedule.session_open:
            jobs.every().day.at(schedule.session_open).do(self._sum_up, "opening").tag("opening")
            jobs.every().day.at(schedule.session_close).do(self._sum_up, "closing").tag("closing")
        jobs.every(minutes(schedule.report)).minutes.do(self._sum_up, "report").tag("report")
        jobs.every().day.at(schedule.cleanup).do(self._night, "cleanup", "backup").tag("cleanup")
        if secret("MOSS_BACKUP_URL"):
            jobs.every().hours.do(self._night, "upload", "offbox").tag("upload")
        jobs.begin()

    def _prices(self, due: Due) -> None:
        self._trader.sure().take_prices(due.deadline_s)

    def _signals(self, due: Due) -> None:
        self._trader.sure().decide(due.moment_s)
        if self._trader.is_current:
            self._course.before = None
            if self._outbox is not None:
                self._outbox.evaluated(ok=True)

    def _sum_up(self, name: str, due: Due) -> None:
        """Let a record be made of the time since the last one; what only this process knows is handed on."""
        fetches_ms = sorted(round(1000 * each_s, 1) for each_s in self._trader.fetches_s)
        facts = {"rss_kib": alive.rss_kib(), "cpu_s": round(time.process_time(), 2), "fetches_ms": fetches_ms}
        moments = ("--until", timestamp(due.moment_s), "--now", timestamp(self._trader.clock.now_s()))
        self._send(name, "agent.digest", name, *moments, "--facts", json.dumps(facts), due)

    def _night(self, name: str, command: str, due: Due) -> None:
        self._send(name, "agent.night", command, "--since", timestamp(due.moment_s), due)

    def _send(self, name: str, *arguments: Any) -> None:  # noqa: ANN401 - the job's words, and at their end its Due
        """Start a program of ours for a job; one that still runs is not started again."""
        *words, due = arguments
        # The file, also while it is wrong: those programs then take the last good configuration, as the bot does.
        data, file = self._trader.folder.path, self._course.path
        places = ["--data", str(data), *(("--config", str(file)) if file else ())]
        if not self._errands.start(name, [*words, *places], due):
            self._trader.tell_missed(name, 1)
