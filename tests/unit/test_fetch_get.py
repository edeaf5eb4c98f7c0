"""What a fetcher asks, what it takes for an answer, and what it makes of the rest."""

import gzip
import time
import zlib

import pytest

from agent.clock import SystemClock
from agent.errors import Refused, Unreachable, Unusable
from agent.fetch import Fetcher
from tests.fakes.clock import ManualClock
from tests.fakes.server import LocalServer, Reply, Request

BODY = b'[{"market":"KRW-BTC"}]' * 100


def answering(*replies: Reply) -> tuple[LocalServer, list[Reply]]:
    """Serve the replies one after the other, the last one for ever."""
    left = list(replies)

    def answer(_request: Request) -> Reply:
        return left.pop(0) if len(left) > 1 else left[0]

    return LocalServer(answer), left


def test_get_returns_body_and_headers_when_all_is_well() -> None:
    server, _ = answering(Reply(200, BODY, {"ETag": 'W/"1"'}))
    with server:
        answer = Fetcher(SystemClock()).get(server.url + "/v1/candles", params={"market": "KRW-BTC", "count": 200})
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, BODY, 'W/"1"')
    assert server.requests[0].query == {"market": "KRW-BTC", "count": "200"}


def test_get_sends_its_own_headers_and_no_origin_when_it_asks() -> None:
    server, _ = answering(Reply(200, BODY))
    with server:
        Fetcher(SystemClock()).get(server.url, headers={"If-None-Match": 'W/"1"'})
    headers = server.requests[0].headers
    assert headers["user-agent"] == "moss/0.1 (personal use)"
    assert headers["accept-encoding"] == "gzip"
    assert headers["if-none-match"] == 'W/"1"'
    assert not {"origin", "cookie", "referer"} & set(headers)


def test_get_keeps_no_cookie_when_one_is_set() -> None:
    server, _ = answering(Reply(200, BODY, {"Set-Cookie": "a=b"}))
    with server:
        fetcher = Fetcher(SystemClock())
        fetcher.get(server.url)
        fetcher.get(server.url)
    assert "cookie" not in server.requests[1].headers


@pytest.mark.parametrize(
    ("encoding", "sent"),
    [
        ("gzip", gzip.compress(BODY)),
        ("GZIP", gzip.compress(BODY[:50]) + gzip.compress(BODY[50:])),
        ("identity", BODY),
    ],
)
def test_get_inflates_when_the_body_is_encoded(encoding: str, sent: bytes) -> None:
    server, _ = answering(Reply(200, sent, {"Content-Encoding": encoding}))
    with server:
        assert Fetcher(SystemClock()).get(server.url).body == BODY


@pytest.mark.parametrize(
    ("encoding", "sent", "words"),
    [
        ("gzip", BODY, "broken"),
        ("gzip", gzip.compress(BODY)[:-9], "cut short"),
        ("gzip", gzip.compress(b"") * 17, "parts"),
        ("br", BODY, "'br'"),
        ("deflate", zlib.compress(BODY), "'deflate', which was not asked for"),
        ("gzip", gzip.compress(bytes(5001)), "inflates to more than 5000"),
        ("", bytes(5001), "more than 5000"),
    ],
)
def test_get_calls_the_body_unusable_when_it_is(encoding: str, sent: bytes, words: str) -> None:
    server, _ = answering(Reply(200, sent, {"Content-Encoding": encoding}))
    with server, pytest.raises(Unusable, match=words):
        Fetcher(SystemClock()).get(server.url, size_bytes_max=5000)
    assert len(server.requests) == 1


def test_get_takes_the_body_when_it_is_just_as_large_as_allowed() -> None:
    server, _ = answering(Reply(200, gzip.compress(bytes(5000)), {"Content-Encoding": "gzip"}))
    with server:
        assert len(Fetcher(SystemClock()).get(server.url, size_bytes_max=5000).body) == 5000


def test_get_returns_an_empty_body_when_nothing_changed() -> None:
    server, _ = answering(Reply(304, b"", {"Content-Encoding": "gzip"}))
    with server:
        answer = Fetcher(SystemClock()).get(server.url)
    assert (answer.status, answer.body) == (304, b"")


def test_get_asks_again_when_trouble_passes() -> None:
    server, _ = answering(Reply(500), Reply(503), Reply(504), Reply(200, BODY))
    clock = ManualClock(0)
    with server:
        assert Fetcher(clock).get(server.url).body == BODY
    # 0.1 to 0.5, then to 1, then to 2 seconds.
    assert 0.3 <= clock.elapsed_s <= 3.5


def test_get_gives_up_when_the_attempts_are_used() -> None:
    server, _ = answering(Reply(502))
    with server, pytest.raises(Unreachable, match="answered 502") as caught:
        Fetcher(ManualClock(0)).get(server.url, attempts_max=3)
    assert len(server.requests) == 3
    assert (caught.value.status, caught.value.wait_s) == (502, None)


def test_get_sleeps_past_no_deadline_when_it_tries_again() -> None:
    server, _ = answering(Reply(500))
    clock = ManualClock(0)
    with server, pytest.raises(Unreachable):
        Fetcher(clock).get(server.url, deadline_s=20, attempts_max=1000)
    assert clock.elapsed_s < 20
    assert len(server.requests) > 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 451, 301, 307])
def test_get_is_refused_at_once_when_asking_again_is_pointless(status: int) -> None:
    server, _ = answering(Reply(status, b"<html>no</html>"))
    with server, pytest.raises(Refused, match=f"answered {status}") as caught:
        Fetcher(ManualClock(0)).get(server.url)
    assert (len(server.requests), caught.value.status) == (1, status)


@pytest.mark.parametrize("status", [202, 204])
def test_get_calls_the_answer_unusable_when_it_brings_nothing(status: int) -> None:
    server, _ = answering(Reply(status))
    with server, pytest.raises(Unusable, match=str(status)):
        Fetcher(ManualClock(0)).get(server.url)


def test_get_leaves_a_host_alone_when_it_was_told_to() -> None:
    server, _ = answering(Reply(429, b"", {"Retry-After": "30"}), Reply(200, BODY))
    clock = ManualClock(0)
    with server:
        fetcher = Fetcher(clock)
        for passed_s, left_s in ((0, 30), (0, 30), (10, 20), (19, 1)):
            clock.sleep_s(passed_s)
            with pytest.raises(Unreachable) as caught:
                fetcher.get(server.url)
            assert caught.value.wait_s == left_s
        assert len(server.requests) == 1
        clock.sleep_s(1)
        assert fetcher.get(server.url).body == BODY


def test_get_asks_when_another_fetcher_was_told_to_wait() -> None:
    server, _ = answering(Reply(429, b"", {"Retry-After": "3000"}), Reply(200, BODY))
    with server:
        with pytest.raises(Unreachable):
            Fetcher(ManualClock(0)).get(server.url)
        assert Fetcher(ManualClock(0)).get(server.url).body == BODY


def test_get_waits_as_told_when_that_fits_the_deadline() -> None:
    server, _ = answering(Reply(429, b"", {"Retry-After": "3"}), Reply(200, BODY))
    clock = ManualClock(0)
    with server:
        assert Fetcher(clock).get(server.url, deadline_s=10).body == BODY
    assert clock.elapsed_s == 3


def test_get_follows_a_redirect_when_it_stays_as_safe() -> None:
    server, _ = answering(Reply(302, bytes(100), {"Location": "/other?a=%EA%B0%80"}), Reply(200, BODY))
    with server:
        assert Fetcher(SystemClock()).get(server.url + "/one", params={"b": "c"}).body == BODY
    assert [(request.path, request.query) for request in server.requests] == [
        ("/one", {"b": "c"}),
        ("/other", {"a": "가"}),
    ]


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/", "http://[", "file:///etc/passwd", "javascript:1"])
def test_get_follows_no_redirect_when_it_leads_out_of_http(location: str) -> None:
    server, _ = answering(Reply(302, b"", {"Location": location}))
    with server, pytest.raises(Refused, match="answered 302"):
        Fetcher(SystemClock()).get(server.url)


def test_get_gives_up_when_redirects_do_not_end() -> None:
    server, _ = answering(Reply(302, b"", {"Location": "/again"}))
    with server, pytest.raises(Refused, match="redirects too often"):
        Fetcher(SystemClock()).get(server.url)
    assert len(server.requests) == 4


@pytest.mark.parametrize("url", ["foo", "ftp://127.0.0.1/", "http://a..b/", "http:///x", "http://*.invalid/"])
def test_get_says_so_when_the_address_is_none(url: str) -> None:
    with pytest.raises(Unreachable, match="no address"):
        Fetcher(ManualClock(0)).get(url)


@pytest.mark.parametrize("status", [404, 429, 500])
def test_get_names_no_secret_when_it_fails(status: int) -> None:
    server, _ = answering(Reply(status))
    with server, pytest.raises(Unreachable) as caught:
        Fetcher(ManualClock(0)).get(
            server.url + "/botSECRET/getUpdates", params={"key": "SECRET"}, name="Telegram", attempts_max=2
        )
    assert str(caught.value).startswith("Telegram answered")


def test_get_names_no_secret_when_there_is_no_answer() -> None:
    with pytest.raises(Unreachable) as caught:
        Fetcher(ManualClock(0)).get("http://user:SECRET@127.0.0.1:1/SECRET", params={"key": "SECRET"}, name="Telegram")
    error: BaseException | None = caught.value
    while error is not None:
        assert "SECRET" not in str(error)
        error = error.__cause__ or error.__context__


def test_get_names_host_and_path_but_no_query_when_no_name_is_given() -> None:
    with pytest.raises(Unreachable) as caught:
        Fetcher(ManualClock(0)).get("http://user:SECRET@127.0.0.1:1/v1/ticker?key=SECRET")
    assert str(caught.value) == "http://127.0.0.1:1/v1/ticker refuses connections"


@pytest.mark.parametrize("behind_s", [0, 3600, -3600])
def test_get_notices_how_far_the_clock_is_off_when_the_server_says_its_time(behind_s: int) -> None:
    server, _ = answering(Reply(200, BODY))
    with server:
        answer = Fetcher(ManualClock(time.time() - behind_s)).get(server.url)
    assert answer.skew_s == pytest.approx(behind_s, abs=2)
