"""What a pass asks of a host: robots.txt first, once a day, and no faster than its pace."""

import time
from itertools import pairwise
from pathlib import Path

import pytest

import sentiment
from agent import collector
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


def test_a_host_is_asked_a_second_apart_for_its_robots_txt_too_under_our_own_name(tmp_path: Path) -> None:
    moments_s: list[float] = []
    host = FeedHost({"/a": BODY, "/b": BODY})

    def timed(request: Request) -> Reply:
        moments_s.append(time.monotonic())
        return host(request)

    with LocalServer(timed) as server:
        feeds = [(name, f"{server.url}/{name}") for name in "ab"]
        assert one_pass(write_config(tmp_path / "moss.toml", feeds), tmp_path / "data").returncode == 0
        assert {request.headers["user-agent"].partition("/")[0] for request in server.requests} == {"moss"}
    assert len(moments_s) == 3
    assert all(0.9 < later - earlier < 5 for earlier, later in pairwise(moments_s))


def test_gdelt_is_asked_at_its_own_pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moments_s: list[float] = []

    def timed(_: Request) -> Reply:
        moments_s.append(time.monotonic())
        return Reply(200, b'{"articles": [{"title": "Orders grow", "url": "https://news.example/1"}]}')

    # Its documents' five seconds, shortened for the test but longer than any other host's one.
    monkeypatch.setattr(collector, "GDELT_INTERVAL_S", 2.0)
    with LocalServer(timed) as server:
        feed = f'{{name = "NAME", url = "{server.url}/NAME", format = "gdelt"}}'
        config = tmp_path / "moss.toml"
        config.write_text(
            f"[news]\nfeeds = [{', '.join(feed.replace('NAME', name) for name in 'ab')}]\n", encoding="utf-8"
        )
        assert sentiment.main(["--config", str(config), "--data", str(tmp_path / "data")]) == 0
    assert len(titles(tmp_path / "data")) == 2
    assert 1.9 < moments_s[-1] - moments_s[-2] < 6
