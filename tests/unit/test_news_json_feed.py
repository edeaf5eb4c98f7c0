"""JSON Feed and GDELT's lists to headlines."""

import json

import pytest

from agent.errors import Unusable
from agent.news.feeds import CutOff, parse
from agent.news.headline import Headline
from agent.settings import NewsFeed

FEED = NewsFeed("alder", "https://news.example/feed/")
MOMENT_S = 1_682_899_200.0


def read(tree: object, feed: NewsFeed = FEED) -> list[Headline]:
    return parse(json.dumps(tree).encode(), "application/json", feed)


def test_a_json_feed_gives_title_link_id_and_date() -> None:
    item = {"id": "n1", "url": "/1", "title": "코스피 상승 &amp; 안도", "date_published": "2023-05-01T09:00:00+09:00"}
    assert read({"version": "https://jsonfeed.org/version/1.1", "items": [item]}) == [
        Headline("alder", "코스피 상승 & 안도", "https://news.example/1", "n1", MOMENT_S, "ko")
    ]


def test_gdelt_gives_title_link_and_date() -> None:
    article = {
        "url": "https://a.example/1",
        "title": "Stocks fall , as oil ( again ) rises 3 %",
        "seendate": "20230501T000000Z",
    }
    assert read({"articles": [article]}) == [
        Headline("alder", "Stocks fall, as oil (again) rises 3%", "https://a.example/1", "", MOMENT_S, "en")
    ]


@pytest.mark.parametrize("tree", [{}, {"items": []}, {"articles": []}])
def test_a_search_without_results_has_no_headlines(tree: object) -> None:
    assert read(tree) == []


@pytest.mark.parametrize(
    "item", ["text", 1, None, [], {}, {"title": None}, {"title": ["a"]}, {"title": ""}, {"title": {"a": 1}}]
)
def test_an_entry_without_a_title_is_left_out(item: object) -> None:
    assert [found.title for found in read({"items": [item, {"title": "t", "id": 7}]})] == ["t"]


def test_escapes_that_json_does_not_know_and_control_characters_are_borne() -> None:
    body = rb'{"articles": [{"title": "It\'s \x up \\ \"5\" \u20ac' + b"\t" + rb'", "url": "javascript:x"}]}'
    assert [(found.title, found.link) for found in parse(body, "", FEED)] == [('It\'s x up \\ "5" €', "")]


def test_a_list_that_breaks_off_gives_the_entries_before_the_cut() -> None:
    body = json.dumps({"version": 1, "items": [{"title": f"급등 {number}"} for number in range(3)]}, indent=1).encode()
    for cut in range(body.index(b"}") + 1, len(body) - 5):
        with pytest.raises(CutOff, match="not well-formed JSON") as error:
            parse(body[:cut], "", FEED)
        count = body[:cut].count(b"}")
        assert [found.title for found in error.value.whole] == [f"급등 {number}" for number in range(count)]


@pytest.mark.parametrize(
    "body", [b"{", b'{"a": 1}', b"[1]", b"{" * 100_000, b'{"items":' + b"[" * 100_000, b'{"items": 5}']
)
def test_what_is_no_feed_is_an_error(body: bytes) -> None:
    with pytest.raises(Unusable):
        parse(body, "", NewsFeed("a", "https://a.example/", format="json"))
