"""What runs when, by a clock that the test moves."""

import random
from graphlib import CycleError

import pytest

from agent.clock import seconds, timestamp, zone
from agent.errors import Stopped, Unreachable
from agent.jobs import SLACK_S, TIDY, TRADE, WATCH, Due, Jobs, Rule
from agent.order import mistakes, ordered
from agent.rules import RULES, rules_with
from store import NotStored
from tests.fakes.clock import ManualClock

KOREA = zone("+09:00")
RULES_HERE = {
    "prices": Rule(deadline_s=20.0),
    "signals": Rule(after=("prices",)),
    "report": Rule(WATCH, after=("signals",), grace_s=600.0, retries=2),
    "midnight": Rule(TIDY, grace_s=3_600.0, retries=1, deadline_s=60.0),
}


class Diary:
    """Jobs that write down when they ran and for which moment; one that is in `broken` raises what stands there."""

    def __init__(self, start: str) -> None:
        self.clock = ManualClock(seconds(start))
        self.missed: list[tuple[str, int]] = []
        self.failed: list[tuple[str, int, str | None]] = []
        self.lines: list[tuple[str, str]] = []
        self.moments: list[tuple[str, int]] = []
        self.handed: list[Due] = []
        self.broken: dict[str, Exception] = {}
        self.jobs = Jobs(
            self.clock, KOREA, RULES_HERE, lambda name, count: self.missed.append((name, count)), self._note_failure
        )

    def _note_failure(self, _error: Exception, name: str, due: Due, again_s: float | None) -> None:
        self.failed.append((name, due.attempt, None if again_s is None else timestamp(again_s)[11:19]))

    def work(self, name: str, due: Due) -> None:
        self.handed.append(due)
        self.lines.append((name, timestamp(due.moment_s)[11:19]))
        self.moments.append((name, due.moment_s))
        if name in self.broken:
            raise self.broken[name]

    def live(self, duration_s: float) -> None:
        end_s = self.clock.now_s() + duration_s
        while self.clock.now_s() < end_s:
            self.jobs.run_due()
            self.clock.sleep_s(min(self.jobs.idle_s(), end_s - self.clock.now_s()) or 0.001)


def minutely(start: str) -> Diary:
    diary = Diary(start)
    # Added in another order than the one they run in.
    diary.jobs.every(5).minutes.do(diary.work, "signals").tag("signals")
    diary.jobs.every(1).minutes.do(diary.work, "prices").tag("prices")
    diary.jobs.begin()
    return diary


def hourly(start: str) -> Diary:
    diary = Diary(start)
    diary.jobs.every(1).hours.do(diary.work, "report").tag("report")
    diary.jobs.every(1).minutes.do(diary.work, "prices").tag("prices")
    diary.jobs.begin()
    return diary


def test_jobs_run_on_the_grid_in_the_order_of_their_rules() -> None:
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

    def slow(due: Due) -> None:
        diary.work("prices", due)
        diary.clock.sleep_s(17)

    diary.jobs.every(1).minutes.do(slow).tag("prices")
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
    diary.jobs.every().day.at("00:00").do(diary.work, "midnight").tag("midnight")
    diary.jobs.begin()
    diary.live(2 * 86_400)
    assert [timestamp(due.moment_s) for due in diary.handed] == ["2026-03-11T15:00:00.000Z", "2026-03-12T15:00:00.000Z"]


def test_job_is_late_within_its_grace_and_missed_beyond_it() -> None:
    diary = hourly("2026-03-11T12:59:00Z")
    diary.clock.sleep_s(60 + 600)
    diary.jobs.run_due()
    assert ("report", "13:00:00") in diary.lines
    diary.clock.sleep_s(3_600 + SLACK_S + 1)
    diary.lines.clear()
    diary.jobs.run_due()
    assert diary.lines == [("prices", "14:10:00")]
    assert ("report", 1) in diary.missed


def test_job_is_handed_its_deadline_and_which_try_it_is() -> None:
    diary = minutely("2026-03-11T12:03:20Z")
    diary.live(60)
    assert diary.handed == [Due(int(seconds("2026-03-11T12:04:00Z")), 20.0, 1)]


@pytest.mark.parametrize("error", [Unreachable("down"), ZeroDivisionError("a bug"), OSError(28, "no space")])
def test_failed_job_is_tried_again_as_often_as_its_rule_says_and_holds_up_no_other(error: Exception) -> None:
    diary = hourly("2026-03-11T12:59:50Z")
    diary.broken["report"] = error
    diary.live(900)
    assert diary.failed == [("report", 1, "13:01:05"), ("report", 2, "13:03:05"), ("report", 3, None)]
    assert [moment for name, moment in diary.lines if name == "report"] == ["13:00:00"] * 3
    assert [moment for name, moment in diary.lines if name == "prices"] == [f"13:{n:02}:00" for n in range(15)]


def test_failed_job_is_left_alone_once_a_try_succeeds() -> None:
    diary = hourly("2026-03-11T12:59:50Z")
    diary.broken["report"] = Unreachable("down")
    diary.live(30)
    diary.broken.clear()
    diary.live(3_500)
    assert [each for each in diary.lines if each[0] == "report"] == [("report", "13:00:00")] * 2
    assert len(diary.failed) == 1


def test_trade_job_ends_the_pass_by_a_bug_and_not_by_an_expected_trouble() -> None:
    diary = minutely("2026-03-11T12:04:50Z")
    for expected in (Unreachable("down"), NotStored("prices.jsonl", OSError(28, "full"))):
        diary.broken["prices"] = expected
        diary.live(60)
    assert [name for name, _, _ in diary.failed] == ["prices", "prices"]
    assert ("signals", "12:05:00") in diary.lines
    for unexpected in (KeyError("close"), Stopped("a stop was asked for")):
        diary.broken["prices"] = unexpected
        with pytest.raises(type(unexpected)):
            diary.live(90)


def test_job_that_failed_is_not_tried_again_for_a_moment_when_the_next_has_come() -> None:
    diary = Diary("2026-03-11T14:59:50Z")
    diary.jobs.every().day.at("00:00").do(diary.work, "midnight").tag("midnight")
    diary.jobs.begin()
    diary.broken["midnight"] = Unreachable("down")
    diary.live(20)
    diary.clock.sleep_s(86_400)
    diary.broken.clear()
    diary.live(600)
    assert [due.attempt for due in diary.handed] == [1, 1]


def test_jobs_are_each_run_once_a_moment_when_the_clock_jumps_ahead(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(50):
        diary = minutely("2026-03-11T12:03:20Z")
        for _ in range(30):
            diary.live(chance.uniform(1, 400))
            diary.clock.sleep_s(chance.choice([0.0, 1.0, 70.0, 7_000.0]))
        assert len(diary.moments) == len(set(diary.moments))
        diary.lines.clear()
        diary.live(120)
        assert [name for name, _ in diary.lines].count("prices") in (2, 3)


def test_job_that_is_to_be_tried_again_is_handed_on_to_the_next_jobs() -> None:
    diary = minutely("2026-03-11T09:01:00+09:00")
    due = Due(int(diary.clock.now_s()), 20.0, 2)
    again = {name: (diary.clock.now_s() + 60, due) for name in ("report", "midnight")}
    diary.jobs = Jobs(diary.clock, KOREA, RULES_HERE, print, diary._note_failure, again)
    diary.jobs.every(30).minutes.do(diary.work, "report").tag("report")
    diary.jobs.begin()
    # One that the next jobs do not have is not waited for.
    assert [*again] == ["report"]
    diary.jobs.fail("midnight", due._replace(attempt=1), OSError("x"))
    assert [*again] == ["report"]
    assert diary.failed == [("midnight", 1, None)]
    diary.live(120)
    assert diary.handed == [due]


def test_order_puts_dependencies_first_then_trade_before_watch_before_tidy() -> None:
    rules = {
        "sweep": Rule(TIDY),
        "look": Rule(WATCH),
        "sell": Rule(TRADE, after=("fetch",)),
        "fetch": Rule(WATCH),
        "buy": Rule(TRADE),
    }
    assert ordered(rules) == ["buy", "look", "fetch", "sell", "sweep"]
    with pytest.raises(CycleError):
        ordered({"a": Rule(after=("b",)), "b": Rule(after=("a",))})


def test_order_of_the_bot_trades_before_it_watches_and_tidies_last() -> None:
    assert [*RULES] == ordered(RULES)
    assert [*RULES][:3] == ["prices", "signals", "watch"]
    assert [*RULES][-2:] == ["cleanup", "upload"]
    assert rules_with([]) is RULES
    assert [*rules_with(["cleanup after upload"])][-2:] == ["upload", "cleanup"]


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("prices after report", "the jobs wait for each other: prices after report after signals after prices"),
        ("prices before signals", "'prices before signals' must be JOB after JOB, with jobs out of prices, signals"),
        ("dance after prices", "'dance after prices' must be JOB after JOB"),
        ("", "'' must be JOB after JOB"),
    ],
)
def test_order_is_refused_with_the_reason_when_it_cannot_be_kept(sentence: str, words: str) -> None:
    (mistake,) = mistakes([sentence])
    assert mistake.startswith(words)
