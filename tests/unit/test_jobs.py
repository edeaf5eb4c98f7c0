"""What runs when, by a clock that the test moves."""

from agent.clock import seconds, timestamp, zone
from agent.jobs import SLACK_S, Jobs
from tests.fakes.clock import ManualClock

KOREA = zone("+09:00")


class Diary:
    """Jobs that write down when they ran and for which moment."""

    def __init__(self, start: str) -> None:
        self.clock = ManualClock(seconds(start))
        self.missed: list[tuple[str, int]] = []
        self.lines: list[tuple[str, str]] = []
        self.jobs = Jobs(self.clock, KOREA, lambda name, count: self.missed.append((name, count)))

    def prices(self, due_s: int) -> None:
        self.lines.append(("prices", timestamp(due_s)[11:19]))

    def signals(self, due_s: int) -> None:
        self.lines.append(("signals", timestamp(due_s)[11:19]))

    def midnight(self, due_s: int) -> None:
        self.lines.append(("midnight", timestamp(due_s)))

    def live(self, duration_s: float) -> None:
        end_s = self.clock.now_s() + duration_s
        while self.clock.now_s() < end_s:
            self.jobs.run_due()
            self.clock.sleep_s(min(self.jobs.idle_s(), end_s - self.clock.now_s()) or 0.001)


def minutely(start: str) -> Diary:
    diary = Diary(start)
    diary.jobs.every(1).minutes.do(diary.prices)
    diary.jobs.every(5).minutes.do(diary.signals)
    diary.jobs.begin()
    return diary


def test_jobs_run_on_the_grid_in_the_order_they_were_added() -> None:
    diary = minutely("2026-03-11T12:03:20Z")
    diary.live(200)
    assert diary.lines == [
        ("prices", "12:04:00"),
        ("prices", "12:05:00"),
        ("signals", "12:05:00"),
        ("prices", "12:06:00"),
    ]
    assert not diary.missed


def test_jobs_wait_for_the_exchange_to_close_its_candle() -> None:
    diary = minutely("2026-03-11T12:03:59Z")
    assert diary.jobs.idle_s() == 1 + SLACK_S
    diary.clock.sleep_s(diary.jobs.idle_s() - 0.01)
    diary.jobs.run_due()
    assert not diary.lines
    diary.clock.sleep_s(0.02)
    diary.jobs.run_due()
    assert diary.lines == [("prices", "12:04:00")]


def test_jobs_do_not_drift_when_they_take_long() -> None:
    diary = Diary("2026-03-11T12:00:00Z")

    def slow(due_s: int) -> None:
        diary.prices(due_s)
        diary.clock.sleep_s(17)

    diary.jobs.every(1).minutes.do(slow)
    diary.jobs.begin()
    diary.live(3_600)
    assert len(diary.lines) == 60
    assert all(time.endswith(":00") for _, time in diary.lines)


def test_jobs_run_once_and_tell_how_many_they_missed_when_the_machine_slept() -> None:
    diary = minutely("2026-03-11T12:03:20Z")
    diary.clock.sleep_s(86_400)
    diary.jobs.run_due()
    assert diary.lines == [("prices", "12:03:00"), ("signals", "12:00:00")]
    assert diary.missed == [("prices", 1439), ("signals", 287)]
    diary.lines.clear()
    diary.live(120)
    assert diary.lines[0] == ("prices", "12:04:00")


def test_jobs_go_on_when_the_clock_is_set_back() -> None:
    diary = minutely("2026-03-11T12:03:20Z")
    diary.live(60)
    diary.clock.wall_s -= 7 * 3600
    diary.lines.clear()
    diary.live(120)
    assert diary.lines == [("prices", "05:05:00"), ("signals", "05:05:00"), ("prices", "05:06:00")]


def test_daily_job_runs_at_its_time_in_the_markets_zone() -> None:
    diary = Diary("2026-03-11T12:00:00Z")
    diary.jobs.every().day.at("00:00").do(diary.midnight)
    diary.jobs.begin()
    diary.live(2 * 86_400)
    assert [line[1] for line in diary.lines] == ["2026-03-11T15:00:00.000Z", "2026-03-12T15:00:00.000Z"]


def test_upcoming_lists_the_next_runs_of_each_job() -> None:
    plan = minutely("2026-03-11T12:03:20Z").jobs.upcoming(2)
    assert [(name, [f"{moment:%H:%M}" for moment in moments]) for name, moments in plan] == [
        ("prices", ["21:04", "21:05"]),
        ("signals", ["21:05", "21:10"]),
    ]
