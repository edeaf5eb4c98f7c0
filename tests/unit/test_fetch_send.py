"""What a fetcher sends: a body goes out once, as it is, and whatever is answered comes back."""

import pytest

from agent.clock import SystemClock
from agent.errors import Unreachable
from agent.fetch import Fetcher
from tests.fakes.server import LocalServer, Reply
from tests.fakes.trouble import TroubleServer, reset


def test_body_arrives_as_it_is_when_it_is_posted() -> None:
    with LocalServer(lambda _request: Reply(200, b"taken")) as server:
        headers = {"Content-Type": "application/json"}
        answer = Fetcher(SystemClock()).get(server.url + "/in", method="POST", body=b'{"a":1}', headers=headers)
    assert (answer.status, answer.body) == (200, b"taken")
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("POST", "/in", b'{"a":1}')
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [201, 302, 403, 429, 500])
def test_status_and_body_come_back_when_the_answer_is_no_200(status: int) -> None:
    reply = Reply(status, b"because", {"Location": "/elsewhere", "Retry-After": "7"})
    with LocalServer(lambda _request: reply) as server:
        fetcher = Fetcher(SystemClock())
        answers = [fetcher.get(server.url, method="POST", body=b"x", attempts_max=1) for _ in range(2)]
    # Asked twice means sent twice: no status is taken for a reason to send again, or to leave the host alone.
    assert [(answer.status, answer.body) for answer in answers] == [(status, b"because")] * 2
    assert len(server.requests) == 2


def test_nothing_is_sent_twice_when_the_answer_is_lost() -> None:
    with TroubleServer(reset(b"HTTP/1.1 200 OK\r\n")) as server:
        with pytest.raises(Unreachable):
            Fetcher(SystemClock()).get(server.url, method="POST", body=b"x", attempts_max=1)
        once = server.connections
        with pytest.raises(Unreachable):
            Fetcher(SystemClock()).get(server.url, method="POST", body=b"x", attempts_max=3)
    # The control: without attempts_max=1 it would be.
    assert (once, server.connections) == (1, 4)
