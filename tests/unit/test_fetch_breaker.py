"""The circuit breaker, by itself and through a fetcher."""

from urllib.parse import urlsplit

import pytest

from agent.breaker import FAILURES_MAX, Breaker
from agent.errors import Refused, Unreachable, Unusable
from agent.fetch import Fetcher
from agent.host import BreakerChange
from tests.fakes.clock import ManualClock
from tests.fakes.server import LocalServer, Reply
from tests.fakes.trouble import refusing_url


def failed(times: int, now_s: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker.fail(now_s)
    return breaker


def test_breaker_stays_closed_when_failures_are_few() -> None:
    breaker = failed(FAILURES_MAX - 1)
    assert (breaker.state, breaker.left_s(0)) == ("closed", 0)


def test_breaker_stays_closed_when_a_success_comes_between() -> None:
    breaker = failed(FAILURES_MAX - 1)
    breaker.succeed()
    breaker.fail(0)
    assert breaker.state == "closed"


def test_breaker_opens_when_failures_are_many_in_a_row() -> None:
    breaker = failed(FAILURES_MAX, now_s=100)
    assert breaker.state == "open"
    assert (breaker.left_s(100), breaker.left_s(129)) == (30, 1)


def test_breaker_asks_once_when_its_time_is_over() -> None:
    breaker = failed(FAILURES_MAX)
    assert breaker.left_s(30) == 0
    assert breaker.state == "half-open"


def test_breaker_stays_open_longer_when_the_probes_fail() -> None:
    breaker = failed(FAILURES_MAX)
    now_s, waits = 0.0, []
    for _ in range(5):
        waits.append(breaker.left_s(now_s))
        now_s += waits[-1]
        assert breaker.left_s(now_s) == 0
        breaker.fail(now_s)
    assert waits == [30, 60, 120, 120, 120]


def test_breaker_stays_bounded_when_it_fails_for_years() -> None:
    assert failed(100_000).left_s(0) == 120


def test_breaker_closes_when_the_probe_succeeds() -> None:
    breaker = failed(FAILURES_MAX)
    breaker.left_s(30)
    breaker.succeed()
    assert (breaker.state, breaker.failures) == ("closed", 0)


def test_fetcher_leaves_a_dead_host_alone_when_it_failed_often() -> None:
    changes: list[BreakerChange] = []
    clock = ManualClock(0)
    fetcher = Fetcher(clock, on_breaker=changes.append)
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
    fetcher = Fetcher(clock, on_breaker=lambda change: changes.append(change.state))
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
    fetcher = Fetcher(clock, on_breaker=changes.append)
    with LocalServer(lambda _request: reply) as server:
        for _ in range(2 * FAILURES_MAX):
            with pytest.raises(kind):
                fetcher.get(server.url)
            clock.sleep_s(11)
    assert changes == []
    assert len(server.requests) == 2 * FAILURES_MAX


def test_breaker_of_one_host_stays_closed_when_another_is_down() -> None:
    fetcher = Fetcher(ManualClock(0))
    with LocalServer(lambda _request: Reply(200, b"[]")) as server, refusing_url() as dead:
        for _ in range(FAILURES_MAX + 1):
            with pytest.raises(Unreachable):
                fetcher.get(dead)
        assert fetcher.get(server.url).body == b"[]"


def test_memory_of_hosts_grows_by_none_when_an_answer_leads_to_many() -> None:
    fetcher = Fetcher(ManualClock(0))
    with LocalServer(lambda _request: Reply(200, b"[]")) as other:
        leading = Reply(302, b"", {"Location": other.url})
        with LocalServer(lambda _request: leading) as server:
            assert fetcher.get(server.url).body == b"[]"
    assert len(fetcher._hosts) == 1
