"""How fast a host is asked, and what its headers say of it."""

import time

import pytest

from agent.block import TOLD_WAIT_S_MAX, told_wait_s
from agent.clock import SystemClock
from agent.errors import Unreachable
from agent.fetch import Fetcher
from agent.headers import is_used_up, server_time_s
from agent.stop import Stop
from tests.fakes.clock import ManualClock
from tests.fakes.server import LocalServer, Reply


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("group=crix-trades; min=599; sec=0", True),
        ("sec=00", True),
        (" sec = 0 ; min=600", True),
        ("group=candles; min=600; sec=9", False),
        ("sec=10", False),
        ("sec=" + "9" * 5000, False),
        ("", False),
        ("group=candles; min=0", False),
        ("sec=", False),
        ("sec=-0", False),
        ("sec=0.5", False),
        ("sec=\u00b2", False),
        ("parsec=0;;;=", False),
    ],
)
def test_second_is_used_up_when_the_header_says_so(text: str, *, expected: bool) -> None:
    assert is_used_up({"Remaining-Req": text}) == expected


def test_host_is_asked_no_faster_when_a_reload_waits() -> None:
    stop = Stop()
    stop.reload_asked = True
    with LocalServer(lambda _: Reply(200, b"[]")) as server:
        fetcher = Fetcher(SystemClock(stop.wait), stop)
        began_s = time.monotonic()
        for _ in range(4):
            fetcher.get(server.url, interval_s=0.1)
        assert time.monotonic() - began_s >= 0.3


def test_second_is_not_used_up_when_the_header_is_missing() -> None:
    assert not is_used_up({})


@pytest.mark.parametrize(
    ("headers", "expected_s"),
    [
        ({"Retry-After": "15"}, 15.0),
        ({"Retry-After": " 15 "}, 15.0),
        ({"Retry-After": "0"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "9" * 400}, TOLD_WAIT_S_MAX),
        ({"Retry-After": "Sat, 01 Jan 2000 00:01:40 GMT"}, 40.0),
        ({"Retry-After": "Sat, 01 Jan 2000 00:01:40 GMT", "Date": "Sat, 01 Jan 2000 00:01:30 GMT"}, 10.0),
        ({"Retry-After": "Sat, 01 Jan 2000 00:01:00 GMT"}, None),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, TOLD_WAIT_S_MAX),
        ({"Retry-After": "Sat, 99 Jan 2000 00:01:40 GMT"}, None),
        ({"Retry-After": ""}, None),
        ({}, None),
    ],
)
def test_told_wait_is_what_the_server_asks_for(headers: dict[str, str], expected_s: float | None) -> None:
    now_s = 946_684_860.0  # 2000-01-01T00:01:00Z
    assert told_wait_s(headers, now_s) == expected_s


@pytest.mark.parametrize("text", ["", "yesterday", "2000-01-01", "Sat, 01 Jan 2000 99:00:00 GMT", ",", "\x00"])
def test_server_time_is_unknown_when_the_date_makes_no_sense(text: str) -> None:
    assert server_time_s({"Date": text}) is None


def starts(clock: ManualClock, fetcher: Fetcher, reply: Reply, times: int, interval_s: float = 0.0) -> list[float]:
    """Ask a few times in a row; return when each request reached the server, by the clock."""
    seen: list[float] = []

    def answer(_request: object) -> Reply:
        seen.append(round(clock.monotonic_s(), 3))
        return reply

    with LocalServer(answer) as server:
        for _ in range(times):
            fetcher.get(server.url, interval_s=interval_s)
    return seen


def test_get_keeps_the_interval_when_it_is_called_in_a_row() -> None:
    clock = ManualClock(0)
    assert starts(clock, Fetcher(clock), Reply(200), 4, 0.125) == [0, 0.125, 0.25, 0.375]


def test_get_waits_for_nothing_when_no_interval_is_given() -> None:
    clock = ManualClock(0)
    assert starts(clock, Fetcher(clock), Reply(200), 3) == [0, 0, 0]


def test_get_waits_for_the_next_second_when_no_request_is_left() -> None:
    clock = ManualClock(0)
    used_up = Reply(200, b"", {"Remaining-Req": "group=candles; min=600; sec=0"})
    assert starts(clock, Fetcher(clock), used_up, 3, 0.125) == [0, 1, 2]


def test_get_waits_for_nothing_when_requests_are_left() -> None:
    clock = ManualClock(0)
    left = Reply(200, b"", {"Remaining-Req": "group=candles; min=600; sec=1"})
    assert starts(clock, Fetcher(clock), left, 3) == [0, 0, 0]


@pytest.mark.parametrize(("status", "waits"), [(418, [60, 120, 240, 480]), (429, [64, 128, 256, 512])])
def test_wait_doubles_when_a_host_refuses_again_and_tells_none(status: int, waits: list[float]) -> None:
    clock = ManualClock(0)
    fetcher = Fetcher(clock)
    # Waits of 429 start at a second: the first six fit the deadline and are waited for within the first call.
    seen = []
    with LocalServer(lambda _request: Reply(status)) as server:
        for _ in waits:
            with pytest.raises(Unreachable) as caught:
                fetcher.get(server.url, deadline_s=64, attempts_max=100) if status == 429 else fetcher.get(server.url)
            seen.append(caught.value.wait_s)
            clock.sleep_s(caught.value.wait_s or 0)
    assert seen == waits


def test_wait_starts_anew_when_an_answer_came_between() -> None:
    clock = ManualClock(0)
    fetcher = Fetcher(clock)
    answers = [Reply(418), Reply(418), Reply(200), Reply(418)]
    seen = []
    with LocalServer(lambda _request: answers.pop(0)) as server:
        for _ in range(4):
            try:
                fetcher.get(server.url)
            except Unreachable as refused:
                seen.append(refused.wait_s)
                clock.sleep_s(refused.wait_s or 0)
    assert seen == [60, 120, 60]


@pytest.mark.parametrize(
    ("body", "wait_s"),
    [
        (
            b'{"error":{"name":"blocked","message":"This IP is blocked for 180 seconds. (10 requests per 1 second)"}}',
            180,
        ),
        ("\ucc28\ub2e8 \ub0a8\uc740 \uc2dc\uac04: 5\ubd84".encode(), 300),
        (b"blocked, 90s left", 90),
        (b"10 requests per 1 second", 60),
        (b"<html>418</html>", 60),
        (b"\xff\x00 300000 ms", 300),
        (b"999999 minutes", TOLD_WAIT_S_MAX),
        (b"300 seconds" + b" " * 30_000, 60),
        (b"", 60),
    ],
)
def test_host_is_left_alone_as_long_as_a_418_says_in_its_body(body: bytes, wait_s: float) -> None:
    clock = ManualClock(0)
    fetcher = Fetcher(clock)
    with LocalServer(lambda _request: Reply(418, body)) as server:
        for _ in range(2):
            with pytest.raises(Unreachable) as caught:
                fetcher.get(server.url)
            assert caught.value.wait_s == wait_s
        assert len(server.requests) == 1


def test_header_decides_when_a_418_has_both() -> None:
    both = Reply(418, b"300 seconds", {"Retry-After": "90"})
    with LocalServer(lambda _request: both) as server, pytest.raises(Unreachable) as caught:
        Fetcher(ManualClock(0)).get(server.url)
    assert caught.value.wait_s == 90
