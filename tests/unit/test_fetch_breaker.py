"""The circuit breaker, by itself and through a fetcher."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from agent.breaker import FAILURES_MAX, Breaker, BreakerChange
from agent.errors import Refused, Unreachable, Unusable
from agent.fetch import Fetcher
from agent.host import Host
from tests.fakes.clock import ManualClock
from tests.fakes.server import LocalServer, Reply
from tests.fakes.trouble import refusing_url

DOWN = Unreachable("the exchange answered 500", status=500)


def breaker(report: Callable[[BreakerChange], object] = lambda _: None) -> Callable[[str], Host]:
    return lambda name: Breaker(name, report)


def failed(times: int, now_s: float = 0.0) -> Breaker:
    broken = Breaker("a:1", lambda _: None)
    for _ in range(times):
        broken.fail(DOWN, now_s)
    return broken


def test_breaker_stays_closed_when_failures_are_few() -> None:
    broken = failed(FAILURES_MAX - 1)
    assert (broken.state, broken.left_alone_s(0)) == ("closed", 0)


def test_breaker_stays_closed_when_a_success_comes_between() -> None:
    broken = failed(FAILURES_MAX - 1)
    broken.succeed()
    broken.fail(DOWN, 0)
    assert broken.state == "closed"


def test_breaker_opens_when_failures_are_many_in_a_row() -> None:
    broken = failed(FAILURES_MAX, now_s=100)
    assert broken.state == "open"
    assert (broken.left_alone_s(100), broken.left_alone_s(129)) == (30, 1)
    assert not broken.is_probed


def test_breaker_asks_once_when_its_time_is_over() -> None:
    broken = failed(FAILURES_MAX)
    assert broken.left_alone_s(30) == 0
    assert (broken.state, broken.is_probed) == ("half-open", True)


def test_breaker_stays_open_longer_when_the_probes_fail() -> None:
    broken = failed(FAILURES_MAX)
    now_s, waits = 0.0, []
    for _ in range(5):
        waits.append(broken.left_alone_s(now_s))
        now_s += waits[-1]
        assert broken.left_alone_s(now_s) == 0
        broken.fail(DOWN, now_s)
    assert waits == [30, 60, 120, 120, 120]


def test_breaker_stays_bounded_when_it_fails_for_years() -> None:
    assert failed(100_000).left_alone_s(0) == 120


def test_breaker_leaves_a_host_alone_as_long_as_it_asked_for_when_that_is_longer() -> None:
    broken = failed(FAILURES_MAX - 1)
    broken.fail(Unreachable("the exchange answered 503", wait_s=300, status=503), 0)
    assert broken.state == "open"
    assert broken.left_alone_s(31) == 269


def test_breaker_closes_when_the_probe_succeeds() -> None:
    broken = failed(FAILURES_MAX)
    broken.left_alone_s(30)
    broken.succeed()
    assert (broken.state, broken.failures, broken.is_probed) == ("closed", 0, False)


def test_fetcher_leaves_a_dead_host_alone_when_it_failed_often() -> None:
    changes: list[BreakerChange] = []
    clock = ManualClock(0)
    fetcher = Fetcher(clock, host=breaker(changes.append))
    with refusing_url() as url:
        place = urlsplit(url).netloc
        for _ in range(FAILURES_MAX):
            assert changes == []
            with pytest.raises(Unreachable, match="refuses connections"):
                fetcher.get(url + "SECRET", name="the exchange", attempts_max=1)
        with pytest.raises(Unreachable, match="the exchange is left alone for 30 s more") as caught:
            fetcher.get(url + "SECRET", name="the exchange", attempts_max=1)
    assert caught.value.wait_s == 30
    assert changes == [BreakerChange(place, "open", FAILURES_MAX, 30, "the exchange refuses connections")]


def test_fetcher_sends_one_request_when_it_probes() -> None:
    changes: list[str] = []
    clock = ManualClock(0)
    fetcher = Fetcher(clock, host=breaker(lambda change: changes.append(change.state)))
    answers = [Reply(500)] * (FAILURES_MAX + 1) + [Reply(200, b"[]")]
    with LocalServer(lambda _request: answers.pop(0)) as server:
        for _ in range(FAILURES_MAX):
            with pytest.raises(Unreachable):
                fetcher.get(server.url, attempts_max=1)
        clock.sleep_s(30)
        with pytest.raises(Unreachable, match="answered 500"):
            fetcher.get(server.url, attempts_max=4)
        assert len(server.requests) == FAILURES_MAX + 1
        clock.sleep_s(59)
        with pytest.raises(Unreachable, match="left alone for 1 s"):
            fetcher.get(server.url)
        clock.sleep_s(1)
        assert fetcher.get(server.url).body == b"[]"
    assert changes == ["open", "half-open", "open", "half-open", "closed"]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(404), Refused),
        (Reply(429, b"", {"Retry-After": "11"}), Unreachable),
        (Reply(200, b"x", {"Content-Encoding": "br"}), Unusable),
    ],
)
def test_breaker_stays_closed_when_the_host_is_alive(reply: Reply, kind: type[Exception]) -> None:
    changes: list[BreakerChange] = []
    clock = ManualClock(0)
    fetcher = Fetcher(clock, host=breaker(changes.append))
    with LocalServer(lambda _request: reply) as server:
        for _ in range(2 * FAILURES_MAX):
            with pytest.raises(kind):
                fetcher.get(server.url)
            clock.sleep_s(11)
    assert changes == []
    assert len(server.requests) == 2 * FAILURES_MAX


def test_breaker_of_one_host_stays_closed_when_another_is_down() -> None:
    fetcher = Fetcher(ManualClock(0), host=breaker())
    with LocalServer(lambda _request: Reply(200, b"[]")) as server, refusing_url() as dead:
        for _ in range(FAILURES_MAX + 1):
            with pytest.raises(Unreachable):
                fetcher.get(dead)
        assert fetcher.get(server.url).body == b"[]"


def test_memory_of_hosts_grows_by_none_when_an_answer_leads_to_many() -> None:
    fetcher = Fetcher(ManualClock(0), host=breaker())
    with LocalServer(lambda _request: Reply(200, b"[]")) as other:
        leading = Reply(302, b"", {"Location": other.url})
        with LocalServer(lambda _request: leading) as server:
            assert fetcher.get(server.url).body == b"[]"
    assert len(fetcher._hosts) == 1
