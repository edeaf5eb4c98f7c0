"""A feed whose answer breaks off on the wire: what came whole before that is stored, and the rest when it comes."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import sentiment
from agent import remnant
from agent.errors import Unreachable
from agent.news.feeds import CutOff
from agent.settings import NewsFeed
from tests.fakes.feeds import Entry, rss
from tests.fakes.scorer import one_pass, records, titles, write_config
from tests.fakes.server import LocalServer, Reply, Request

WHOLE = rss(Entry(f"Orders of Corvane grow by {number} percent", f"g{number}") for number in range(20))
HALF = WHOLE[: len(WHOLE) // 2]
PACKED = gzip.compress(WHOLE)
JSON = b'{"items": [{"id": "1", "title": "Profit rises"}, {"id": "2", "title": "Profit fa'
PAGE = b'<html><body><div class="rank"><a href="/1">Profit rises</a><a href="/2">Profit fa'

# What is sent, what is announced, and how many whole entries of it there are.
CUTS = {
    "rss": (HALF, {"Content-Length": str(len(WHOLE))}, HALF.count(b"</item>")),
    "chunked": (b"%x\r\n%b" % (len(WHOLE), HALF), {"Transfer-Encoding": "chunked"}, HALF.count(b"</item>")),
    "length announced too large": (WHOLE, {"Content-Length": str(len(WHOLE) + 9)}, 20),
    "json": (JSON, {"Content-Length": "9999"}, 1),
    "within the first entry": (WHOLE[:90], {"Content-Length": str(len(WHOLE))}, 0),
    "nothing": (b"", {"Content-Length": "9999"}, 0),
}


class CuttingHost:
    """Sends less than it announces, and closes; with `whole` set, everything."""

    def __init__(self, body: bytes, headers: dict[str, str]) -> None:
        self.cut, self.whole = Reply(200, body, {**headers, "Connection": "close", "ETag": '"1"'}), False

    def __call__(self, request: Request) -> Reply:
        if request.path == "/robots.txt":
            return Reply(404)
        return Reply(200, WHOLE) if self.whole else self.cut


@contextmanager
def cut_feed(tmp_path: Path, body: bytes, headers: dict[str, str]) -> Iterator[tuple[CuttingHost, Path]]:
    host = CuttingHost(body, headers)
    with LocalServer(host) as server:
        yield host, write_config(tmp_path / "moss.toml", [("feed", f"{server.url}/feed")])


@pytest.mark.parametrize("name", CUTS)
def test_what_came_whole_before_the_cut_is_stored(tmp_path: Path, name: str) -> None:
    body, headers, count = CUTS[name]
    with cut_feed(tmp_path, body, headers) as (_, config):
        ended = one_pass(config, tmp_path / "data")
    assert ended.returncode == (0 if count else 75), ended.stderr
    assert len(titles(tmp_path / "data")) == count
    (event,) = records(tmp_path / "data", "events")
    assert "ended before its announced length" in event["message"]
    (answer,) = records(tmp_path / "data", "feeds")
    assert (answer["http_status"], answer["items"], len(answer["shown"])) == (200 if count else None, count, count)
    assert "etag" not in answer


def test_the_rest_is_stored_once_it_comes_and_nothing_twice(tmp_path: Path) -> None:
    body, headers, _ = CUTS["rss"]
    with cut_feed(tmp_path, body, headers) as (host, config):
        for host.whole in (False, True, False):
            one_pass(config, tmp_path / "data")
    assert sorted(titles(tmp_path / "data")) == sorted({f"Orders of Corvane grow by {n} percent" for n in range(20)})


def test_a_scorer_that_rescues_nothing_loses_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remnant, "rescue", lambda *_: None)
    body, headers, count = CUTS["rss"]
    with cut_feed(tmp_path, body, headers) as (_, config):
        assert sentiment.main(["--config", str(config), "--data", str(tmp_path / "data")]) == 75
    assert count > 0
    assert titles(tmp_path / "data") == []


def test_a_cut_page_is_an_error_since_its_last_entry_looks_whole(tmp_path: Path) -> None:
    with LocalServer(CuttingHost(PAGE, {"Content-Length": "9999"})) as server:
        config = tmp_path / "moss.toml"
        feed = f'{{name = "page", url = "{server.url}/", format = "html", item = ".rank a"}}'
        config.write_text(f"[news]\nfeeds = [{feed}]\n", encoding="utf-8")
        assert one_pass(config, tmp_path / "data").returncode == 75
    assert titles(tmp_path / "data") == []


def test_a_server_that_falls_silent_amid_its_answer_loses_no_whole_entry(tmp_path: Path) -> None:
    def answer(request: Request) -> Reply:
        return Reply(404) if request.path == "/robots.txt" else Reply(200, HALF, {"Content-Length": str(len(WHOLE))})

    with LocalServer(answer) as server:
        config = write_config(tmp_path / "moss.toml", [("feed", f"{server.url}/feed")], "deadline_s = 4")
        # A machine that stands still for the second which the silence lasts is a reason for another pass.
        for _ in range(5):
            ended = one_pass(config, tmp_path / "data")
            if ended.returncode == 0:
                break
    assert ended.returncode == 0, ended.stderr
    assert len(titles(tmp_path / "data")) == HALF.count(b"</item>")


@pytest.mark.parametrize(("size", "count"), [(len(PACKED), 20), (len(PACKED) * 2 // 3, None), (5, 0)])
def test_of_packed_data_what_can_be_inflated_is_read(size: int, count: int | None) -> None:
    feed, trouble = NewsFeed(name="feed", url="http://127.0.0.1/"), Unreachable("feed broke off")
    if count == 0:
        remnant.rescue({"Content-Encoding": "gzip"}, PACKED[:size], feed, trouble)
        return
    with pytest.raises(CutOff, match="entries came before that") as error:
        remnant.rescue({"Content-Encoding": "gzip"}, PACKED[:size], feed, trouble)
    assert 0 < len(error.value.whole) <= 20
    assert count is None or len(error.value.whole) == count
