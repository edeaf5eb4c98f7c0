"""The sign of life: where it goes, what it says, and that a watcher who does not answer is nobody's trouble."""

from pathlib import Path
from typing import Any

import pytest

from agent.clock import SystemClock
from agent.fetch import Fetcher
from agent.folder import DataFolder
from agent.ping import address, is_address, ping_scorer
from tests.fakes.post import Post
from tests.fakes.scorer import write_config
from tests.fakes.server import LocalServer, Reply, Request
from tests.fakes.trouble import refusing_url
from tests.scripts import run


@pytest.mark.parametrize(
    ("url", "tail", "asked"),
    [
        ("https://hc-ping.com/uuid", "", "https://hc-ping.com/uuid"),
        ("https://hc-ping.com/uuid", "fail", "https://hc-ping.com/uuid/fail"),
        ("https://hc-ping.com/uuid/", "75", "https://hc-ping.com/uuid/75"),
        ("https://hc-ping.com/key/slug?create=1", "0", "https://hc-ping.com/key/slug/0?create=1"),
        ("http://watch.local:8000/ping/x?a=b&c=d#e", "fail", "http://watch.local:8000/ping/x/fail?a=b&c=d"),
    ],
)
def test_address_keeps_its_query_behind_the_outcome(url: str, tail: str, asked: str) -> None:
    assert address(url, tail) == asked


@pytest.mark.parametrize(
    "url", ["", "hc-ping.com/uuid", "file:///etc/passwd", "ftp://host/x", "https://", "https://[x"]
)
def test_address_is_none_when_it_cannot_be_pinged(url: str) -> None:
    assert not is_address(url)


def watched(server: LocalServer, folder: Path) -> Post:
    return Post(folder, secrets={"MOSS_PING_URL": server.url + "/uuid?rid=7"})


def test_ping_follows_each_evaluation_once_with_its_outcome(tmp_path: Path) -> None:
    with LocalServer(lambda _request: Reply(200, b"OK")) as server:
        post = watched(server, tmp_path)
        outbox = post.start()
        post.work()
        for ok in (True, False, True):
            outbox.evaluated(ok)
            post.work(later_s=30)
            post.work(later_s=30)
    assert [request.path for request in server.requests] == ["/uuid", "/uuid/fail", "/uuid"]
    assert {request.method for request in server.requests} == {"GET"}
    assert [request.query for request in server.requests] == [{"rid": "7"}] * 3
    assert list(tmp_path.iterdir()) == []


def test_ping_fails_when_an_evaluation_was_given_up_since_the_start(tmp_path: Path) -> None:
    with LocalServer(lambda _request: Reply(200, b"OK")) as server:
        post = watched(server, tmp_path)
        post.event("missed", job="signals", count=1, symbol="KRW-BTC")
        post.clock.sleep_s(60)
        post.start()
        post.event("missed", job="report", count=1)
        post.work(later_s=60)
        assert server.requests == []
        post.event("missed", job="signals", count=1, symbol="KRW-BTC")
        for _ in range(2):
            post.work(later_s=60)
    assert [request.path for request in server.requests] == ["/uuid/fail"]


@pytest.mark.parametrize("status", [201, 204])
def test_ping_is_done_when_the_watcher_takes_it_another_way(tmp_path: Path, status: int) -> None:
    with LocalServer(lambda _request: Reply(status)) as server:
        post = watched(server, tmp_path)
        post.start().evaluated(ok=True)
        for _ in range(3):
            post.work(later_s=60)
    assert len(server.requests) == 1


def test_ping_tells_the_newest_outcome_when_the_watcher_was_away(tmp_path: Path) -> None:
    replies = [Reply(503), Reply(503), Reply(200)]

    def answer(_request: Request) -> Reply:
        return replies.pop(0)

    with LocalServer(answer) as server:
        post = watched(server, tmp_path)
        outbox = post.start()
        for ok in (True, True, False):
            outbox.evaluated(ok)
            post.work(later_s=300)
        post.work(later_s=300)
    assert [request.path for request in server.requests] == ["/uuid", "/uuid", "/uuid/fail"]


def test_ping_follows_a_redirect_when_the_watcher_has_moved(tmp_path: Path) -> None:
    def answer(request: Request) -> Reply:
        return Reply(200) if request.path == "/new" else Reply(302, headers={"Location": "/new"})

    with LocalServer(answer) as server:
        post = watched(server, tmp_path)
        post.start().evaluated(ok=True)
        for _ in range(2):
            post.work(later_s=60)
    assert [request.path for request in server.requests] == ["/uuid", "/new"]


@pytest.mark.parametrize("status", [0, 1, 75])
def test_scorer_pings_with_its_exit_status(status: int) -> None:
    with LocalServer(lambda _request: Reply(200)) as server:
        environ = {"MOSS_SCORER_PING_URL": f" {server.url}/scorer\n"}
        ping_scorer(status, environ, Fetcher(SystemClock()))
    assert [request.path for request in server.requests] == [f"/scorer/{status}"]


def scorer_pass(folder: Path, feed: str, *command: str, **secrets: Any) -> int:  # noqa: ANN401 - environment variables
    config = write_config(folder / "moss.toml", [("one", feed)])
    return run("sentiment.py", "--config", config, "--data", folder / "data", *command, **secrets).returncode


def test_scorer_pings_after_each_pass_and_after_nothing_else(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    with LocalServer(lambda _request: Reply(200)) as server, refusing_url() as nobody:
        url = f"{server.url}/scorer"
        (credentials / "MOSS_SCORER_PING_URL").write_text(f"{url}\n")
        statuses = [
            scorer_pass(tmp_path, "demo:", "run", MOSS_SCORER_PING_URL=url),
            scorer_pass(tmp_path, "demo:", CREDENTIALS_DIRECTORY=str(credentials)),
            scorer_pass(tmp_path, f"{nobody}feed", MOSS_SCORER_PING_URL=url),
            scorer_pass(tmp_path, "demo:", "score", "Profit rises", MOSS_SCORER_PING_URL=url),
            scorer_pass(tmp_path, "demo:"),
        ]
    assert statuses == [0, 0, 75, 0, 0]
    assert [request.path for request in server.requests] == ["/scorer/0", "/scorer/0", "/scorer/75"]


def test_pass_that_finds_another_running_leaves_the_sign_of_life_to_that_one(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    with LocalServer(lambda _request: Reply(200)) as server, folder.hold("sentiment"):
        assert scorer_pass(tmp_path, "demo:", MOSS_SCORER_PING_URL=f"{server.url}/scorer") == 75
    assert server.requests == []


def test_pass_ends_as_ever_when_the_watcher_is_away(tmp_path: Path) -> None:
    with refusing_url() as nobody:
        assert scorer_pass(tmp_path, "demo:", MOSS_SCORER_PING_URL=nobody) == 0


@pytest.mark.parametrize("environ", [{}, {"MOSS_SCORER_PING_URL": "  "}])
def test_scorer_is_silent_when_nobody_waits(environ: dict[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    ping_scorer(0, environ)
    assert capfd.readouterr() == ("", "")


def test_scorer_says_one_line_without_the_address_when_the_watcher_is_away(capfd: pytest.CaptureFixture[str]) -> None:
    with refusing_url() as url:
        ping_scorer(0, {"MOSS_SCORER_PING_URL": f"{url}secret-uuid"})
    ping_scorer(0, {"MOSS_SCORER_PING_URL": "secret-uuid"})
    out, err = capfd.readouterr()
    assert out == ""
    first, second = err.splitlines()
    assert first == "the ping refuses connections"
    assert "must begin with https:// or http://" in second
    assert "secret" not in err
