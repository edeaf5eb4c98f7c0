"""What a pass asks of a host: robots.txt first, once a day, and no faster than its pace."""

from pathlib import Path

import pytest

import sentiment
from tests.fakes.clock import ManualClock
from tests.fakes.feeds import Entry, FeedHost, rss
from tests.fakes.scorer import one_pass, records, titles, write_config
from tests.fakes.server import LocalServer, Reply, Request

BODY = rss([Entry("Orders grow", "g1")])


def test_a_feed_that_robots_txt_forbids_is_not_asked_and_no_other_suffers(tmp_path: Path) -> None:
    host = FeedHost({"/robots.txt": b"User-agent: *\nDisallow: /secret", "/secret": BODY, "/open": BODY})
    with LocalServer(host) as server:
        feeds = [("secret", f"{server.url}/secret"), ("open", f"{server.url}/open")]
        ended = one_pass(write_config(tmp_path / "moss.toml", feeds), tmp_path / "data")
        assert [request.path for request in server.requests] == ["/robots.txt", "/open"]
    assert ended.returncode == 0
    assert "asks programs not to read" in ended.stderr
    assert titles(tmp_path / "data") == ["Orders grow"]
    assert records(tmp_path / "data", "events")[0]["class"] == "Refused"


def test_a_host_whose_robots_txt_cannot_be_had_is_left_alone(tmp_path: Path) -> None:
    with LocalServer(FeedHost({"/robots.txt": None, "/feed": BODY})) as server:
        config = write_config(tmp_path / "moss.toml", [("alder", f"{server.url}/feed")])
        assert one_pass(config, tmp_path / "data").returncode == 75
        assert {request.path for request in server.requests} == {"/robots.txt"}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """Give the pass of this process a clock on which only its own pauses pass, however long the machine takes."""
    made = ManualClock(1_795_230_000)
    monkeypatch.setattr("agent.clock.SystemClock", lambda _wait: made)
    return made


def test_a_host_is_asked_a_second_apart_for_its_robots_txt_too_under_our_own_name(
    tmp_path: Path, clock: ManualClock
) -> None:
    moments_s: list[float] = []
    host = FeedHost({"/a": BODY, "/b": BODY})

    def timed(request: Request) -> Reply:
        moments_s.append(clock.elapsed_s)
        return host(request)

    with LocalServer(timed) as server:
        feeds = [(name, f"{server.url}/{name}") for name in "ab"]
        config = write_config(tmp_path / "moss.toml", feeds)
        assert sentiment.main(["--config", str(config), "--data", str(tmp_path / "data")]) == 0
        assert {request.headers["user-agent"].partition("/")[0] for request in server.requests} == {"moss"}
    assert moments_s == [0.0, 1.0, 2.0]


def test_gdelt_is_asked_at_its_own_pace(tmp_path: Path, clock: ManualClock) -> None:
    moments_s: list[float] = []

    def timed(_: Request) -> Reply:
        moments_s.append(clock.elapsed_s)
        return Reply(200, b'{"articles": [{"title": "Orders grow", "url": "https://news.example/1"}]}')

    with LocalServer(timed) as server:
        feed = f'{{name = "NAME", url = "{server.url}/NAME", format = "gdelt"}}'
        config = tmp_path / "moss.toml"
        config.write_text(
            f"[news]\nfeeds = [{', '.join(feed.replace('NAME', name) for name in 'ab')}]\n", encoding="utf-8"
        )
        assert sentiment.main(["--config", str(config), "--data", str(tmp_path / "data")]) == 0
    assert len(titles(tmp_path / "data")) == 2
    # Its documents ask for five seconds.
    assert moments_s == [0.0, 5.0, 10.0]
