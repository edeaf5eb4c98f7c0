"""What runs when: the `schedule` library's list and sentences, with our own sense of time underneath.

The library takes the machine's naive local time, drifts by a job's own duration, and stops at the first job that
raises. Here a job is due on the grid of the market's day (each five minutes means :00, :05, ... whatever the start),
runs a little after it, in the order of its rule, and a failure is its own. docs/schedule.md lists the exact behaviour.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import NamedTuple, cast

import schedule

from agent.clock import DAY_S, MINUTE_S, Clock
from agent.errors import MossError, Stopped
from store import StoreError

# An exchange needs a moment to close a candle; a row that lacks this long after the minute's end counts as left out.
SLACK_S = 5.0
_UNITS_S = {"minutes": MINUTE_S, "hours": 3_600, "days": DAY_S}

TRADE, WATCH, TIDY = range(3)


class Rule(NamedTuple):
    """What holds for a job besides its times.

    Arguments:
        priority: TRADE before WATCH before TIDY, where no dependency says otherwise.
        after: the jobs that run before it where they are due together.
        grace_s: how late it may still begin; later, its moment is missed. None: however late.
        retries: how often a failed one is tried again, a minute after the first failure, two after the second, ...
        deadline_s: how long it may take.
    """

    priority: int = TRADE
    after: tuple[str, ...] = ()
    grace_s: float | None = None
    retries: int = 0
    deadline_s: float = 20.0


class Due(NamedTuple):
    """What a job is handed: its moment (seconds since 1970 UTC), how long it may take, and which try this is."""

    moment_s: int
    deadline_s: float
    attempt: int = 1


class Jobs(schedule.Scheduler):
    """The jobs of one process.

    Arguments:
        clock: what tells the time.
        zone: the market's, whose midnight the grid starts from.
        rules: of each job, by its name, in the order in which those due together run.
        on_missed: called with a job's name and how many of its moments went by without it.
        on_failed: called with what a job raised, its name, what it was handed, and when it is tried again if it is.
        again: where it is kept what is tried again when, for whoever goes on from there.
    """

    def __init__(
        self,
        clock: Clock,
        zone: timezone,
        rules: Mapping[str, Rule],
        on_missed: Callable[[str, int], object],
        on_failed: Callable[[Exception, str, Due, float | None], object],
        again: dict[str, tuple[float, Due]] | None = None,
    ) -> None:
        super().__init__()
        self._clock = clock
        self._offset_s = int(zone.utcoffset(None).total_seconds())
        self._zone = zone
        self._rules = rules
        self._on_missed = on_missed
        self._on_failed = on_failed
        self._due_s: dict[str, int] = {}
        self._again = {} if again is None else again

    def begin(self) -> None:
        """Set every job's next run by our clock, and their order; call it once all jobs are added."""
        order = [*self._rules]
        self.jobs.sort(key=lambda job: order.index(name_of(job)))
        for job in self.jobs:
            self._plan(job, self._clock.now_s() - SLACK_S)
        for name in self._again.keys() - self._due_s.keys():
            del self._again[name]

    def run_due(self) -> None:
        """Run each job whose moment has come, once, however many of its moments went by.

        Raises: Stopped, and of a job that trades whatever is neither ours nor the store's.
        """
        for job in self.jobs:
            name, latest_s = name_of(job), self._clock.now_s() - SLACK_S
            if self._due_s[name] - latest_s > self._period_s(job):
                # The clock was set back: else the job would stay silent until the old time.
                self._plan(job, latest_s)
            if self._due_s[name] <= latest_s:
                self._again.pop(name, None)
                self._run_newest(job, name, latest_s)
            elif name in self._again and self._again[name][0] <= self._clock.now_s():
                self._try(job, name, self._again.pop(name)[1])

    def idle_s(self) -> float:
        """Return how many of the clock's seconds there are until the next job, 0 if one is due."""
        moments = [due_s + SLACK_S for due_s in self._due_s.values()] + [at_s for at_s, _ in self._again.values()]
        return max(0.0, min(moments, default=0.0) - self._clock.now_s())

    def fail(self, name: str, due: Due, error: Exception) -> None:
        """Take note that a job failed, also one that goes on after its function returned; its rule says what then."""
        again_s = None
        if due.attempt <= self._rules[name].retries and name in self._due_s:
            again_s = self._clock.now_s() + MINUTE_S * due.attempt
            self._again[name] = again_s, due._replace(attempt=due.attempt + 1)
        self._on_failed(error, name, due, again_s)

    def _run_newest(self, job: schedule.Job, name: str, latest_s: float) -> None:
        rule, moment_s = self._rules[name], self._moment_before(job, latest_s)
        is_late = rule.grace_s is not None and latest_s - moment_s > rule.grace_s
        missed = (moment_s - self._due_s[name]) // self._period_s(job) + is_late
        self._plan(job, latest_s)
        if missed:
            self._on_missed(name, missed)
        if not is_late:
            self._try(job, name, Due(moment_s, rule.deadline_s))

    def _try(self, job: schedule.Job, name: str, due: Due) -> None:
        """Run a job; what it raises is told, and no other job waits for it."""
        rule, function = self._rules[name], cast(Callable[[Due], object], job.job_func)
        # A trade must not go on from a state that nobody foresaw: then the process ends, and a clean one starts. What
        # only watches or tidies up is not worth that.
        expected = (MossError, StoreError) if rule.priority == TRADE else (Exception,)
        try:
            function(due)
        except Stopped:
            raise
        except expected as error:
            self.fail(name, due, error)

    def _plan(self, job: schedule.Job, after_s: float) -> None:
        due_s = self._due_s[name_of(job)] = self._moment_before(job, after_s) + self._period_s(job)
        # The library shows and sorts by this; it is naive by its own convention.
        job.next_run = datetime.fromtimestamp(due_s + SLACK_S, self._zone).replace(tzinfo=None)

    def _moment_before(self, job: schedule.Job, at_s: float) -> int:
        """Return the last moment of the job's grid that is not after `at_s`."""
        local_s, period_s = int(at_s) + self._offset_s, self._period_s(job)
        start_s = local_s // DAY_S * DAY_S
        if job.at_time is not None:
            start_s += job.at_time.hour * 3_600 + job.at_time.minute * MINUTE_S
        return start_s + (local_s - start_s) // period_s * period_s - self._offset_s

    @staticmethod
    def _period_s(job: schedule.Job) -> int:
        return job.interval * _UNITS_S[str(job.unit)]


def name_of(job: schedule.Job) -> str:
    """Return what a job is called: its tag."""
    return str(*job.tags)
