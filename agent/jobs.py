"""What runs when: the `schedule` library's list and sentences, with our own sense of time underneath.

The library takes the machine's naive local time and drifts by a job's own duration. Here a job is due on the grid of
the market's day (each five minutes means :00, :05, ... whatever the start), runs a little after it, and is not made up
for when its moment has passed.
"""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import schedule

from agent.clock import DAY_S, Clock

# An exchange needs a moment to close a candle; a row that lacks this long after the minute's end counts as left out.
SLACK_S = 5.0
_UNITS_S = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": DAY_S}

# A job is handed the moment of the grid it runs for, seconds since 1970 UTC.
JobFunction = Callable[[int], object]


class Jobs(schedule.Scheduler):
    """The jobs of one process, in the order in which those due together run: the order they were added in.

    Arguments:
        clock: what tells the time.
        zone: the market's, whose midnight the grid starts from.
        on_missed: called with a job's name and how many of its moments went by without it.
    """

    def __init__(self, clock: Clock, zone: timezone, on_missed: Callable[[str, int], object]) -> None:
        super().__init__()
        self._clock = clock
        self._zone = zone
        self._on_missed = on_missed
        self._due_s: dict[int, int] = {}

    def begin(self) -> None:
        """Set every job's next run by our clock; call it once all jobs are added."""
        for index, job in enumerate(self.jobs):
            self._plan(index, job, self._clock.now_s() - SLACK_S)

    def run_due(self) -> None:
        """Run each job whose moment has come, once, however many of its moments went by."""
        for index, job in enumerate(self.jobs):
            latest_s = self._clock.now_s() - SLACK_S
            self._follow_clock(index, job, latest_s)
            due_s = self._due_s[index]
            if due_s > latest_s:
                continue
            newest_s = self._moment_before(job, latest_s)
            skipped = (newest_s - due_s) // self._period_s(job)
            if skipped:
                self._on_missed(self.name(job), skipped)
            self._plan(index, job, latest_s)
            function: Any = job.job_func
            function(newest_s)

    def idle_s(self) -> float:
        """Return how many of the clock's seconds there are until the next job, 0 if one is due."""
        next_s = min(self._due_s.values(), default=self._clock.now_s()) + SLACK_S
        return max(0.0, next_s - self._clock.now_s())

    def upcoming(self, count: int) -> list[tuple[str, list[datetime]]]:
        """Return each job's name and its next `count` moments, in the market's zone."""
        plan = []
        for index, job in enumerate(self.jobs):
            first = datetime.fromtimestamp(self._due_s[index], self._zone)
            plan.append((self.name(job), [first + timedelta(seconds=n * self._period_s(job)) for n in range(count)]))
        return plan

    @staticmethod
    def name(job: schedule.Job) -> str:
        """Return what a job is called: the name of its function."""
        return str(getattr(job.job_func, "__name__", job))

    def _plan(self, index: int, job: schedule.Job, after_s: float) -> None:
        self._due_s[index] = self._moment_before(job, after_s) + self._period_s(job)
        # The library shows and sorts by this; it is naive by its own convention.
        job.next_run = datetime.fromtimestamp(self._due_s[index] + SLACK_S, self._zone).replace(tzinfo=None)

    def _follow_clock(self, index: int, job: schedule.Job, latest_s: float) -> None:
        """Bring a job back to the grid after the clock was set back: else it would stay silent until the old time."""
        if self._due_s[index] - latest_s > self._period_s(job):
            self._plan(index, job, latest_s)

    def _moment_before(self, job: schedule.Job, at_s: float) -> int:
        """Return the last moment of the job's grid that is not after `at_s`."""
        local_s = int(at_s) + self._offset_s
        day_s = local_s // DAY_S * DAY_S
        if job.at_time is not None:
            start_s = day_s + job.at_time.hour * 3_600 + job.at_time.minute * 60
            return (start_s if start_s <= local_s else start_s - DAY_S) - self._offset_s
        return day_s + (local_s - day_s) // self._period_s(job) * self._period_s(job) - self._offset_s

    @staticmethod
    def _period_s(job: schedule.Job) -> int:
        return job.interval * _UNITS_S[str(job.unit)]

    @property
    def _offset_s(self) -> int:
        return int(self._zone.utcoffset(None).total_seconds())
