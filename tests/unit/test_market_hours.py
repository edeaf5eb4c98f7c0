"""When evaluations fall due."""

import pytest

from agent.clock import seconds, zone
from agent.market.hours import Hours
from agent.replay import next_due

KOREA = zone("+09:00")
DAY = Hours(300, 9 * 3600, 23 * 3600, KOREA)
NIGHT = Hours(300, 22 * 3600, 6 * 3600, KOREA)
ALWAYS = Hours(300, 0, 0, KOREA)


@pytest.mark.parametrize(
    ("hours", "time", "is_open"),
    [
        (DAY, "08:59", False),
        (DAY, "09:00", True),
        (DAY, "22:55", True),
        (DAY, "23:00", False),
        (NIGHT, "21:55", False),
        (NIGHT, "22:00", True),
        (NIGHT, "00:00", True),
        (NIGHT, "05:55", True),
        (NIGHT, "06:00", False),
        (ALWAYS, "00:00", True),
        (ALWAYS, "12:00", True),
    ],
)
def test_hours_are_open_from_the_opening_up_to_but_not_at_the_closing(
    hours: Hours, time: str, *, is_open: bool
) -> None:
    assert hours.is_open(int(seconds(f"2026-03-11T{time}:00+09:00"))) is is_open


@pytest.mark.parametrize(
    ("every_min", "after", "due"),
    [
        (5, "2026-03-11T12:00:00+09:00", "2026-03-11T12:05:00+09:00"),
        (5, "2026-03-11T12:04:59+09:00", "2026-03-11T12:05:00+09:00"),
        (5, "2026-03-11T23:59:00+09:00", "2026-03-12T00:00:00+09:00"),
        (480, "2026-03-11T09:00:00+09:00", "2026-03-11T16:00:00+09:00"),
        (1440, "2026-03-11T09:00:00+09:00", "2026-03-12T00:00:00+09:00"),
    ],
)
def test_next_due_lies_on_the_grid_of_the_markets_day(every_min: int, after: str, due: str) -> None:
    hours = DAY._replace(every_s=60 * every_min)
    assert next_due(hours, int(seconds(after))) == seconds(due)


def test_next_due_follows_the_zone_when_it_has_half_an_hour() -> None:
    india = Hours(3600, 0, 0, zone("+05:30"))
    assert next_due(india, int(seconds("2026-03-11T12:00:00+05:30"))) == seconds("2026-03-11T13:00:00+05:30")
