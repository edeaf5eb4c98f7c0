"""The one form of a moment, and clocks."""

import pytest

from agent.clock import seconds, timestamp, zone
from agent.fast_clock import FastClock
from tests.fakes.clock import ManualClock


@pytest.mark.parametrize(
    ("moment_s", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_582_185_600.0004, "2020-02-20T08:00:00.000Z"),
        (1_582_185_600.9996, "2020-02-20T08:00:01.000Z"),
        (1_582_185_600.123, "2020-02-20T08:00:00.123Z"),
    ],
)
def test_timestamp_is_utc_with_milliseconds(moment_s: float, text: str) -> None:
    assert timestamp(moment_s) == text
    assert seconds(text) == pytest.approx(moment_s, abs=0.0006)


def test_seconds_takes_a_time_without_an_offset_as_utc() -> None:
    assert seconds("2020-02-20T17:00:00+09:00") == seconds("2020-02-20T08:00:00") == 1_582_185_600


@pytest.mark.parametrize("text", ["", "9", "+9:00", "+09.00", "+15:00", "+09:60", "Asia/Seoul", "+0a:00"])
def test_zone_refuses_what_is_no_offset(text: str) -> None:
    with pytest.raises(ValueError, match="no offset"):
        zone(text)


def test_fast_clock_sleeps_shorter_and_moves_farther() -> None:
    slept: list[float] = []
    clock = FastClock(1_000_000, 3_600, slept.append)
    clock.sleep_s(7_200)
    assert slept == [2.0]
    before_s = clock.now_s()
    while clock.now_s() < before_s + 36:
        pass
    assert 1_000_000 <= before_s < 1_000_000 + 3_600


def test_manual_clock_moves_only_when_it_is_told_to() -> None:
    clock = ManualClock(100.0)
    clock.sleep_s(5)
    assert (clock.now_s(), clock.monotonic_s()) == (105.0, 5.0)
