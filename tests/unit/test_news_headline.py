"""What makes two headlines the same one, or the same story."""

import hashlib

import pytest

from agent.news.headline import Headline, bare_link, identity, story, text_id, web_link

BASE = Headline("alder", "코스피 1.5% 상승", "https://a.example/n?id=7", "guid-7", None, "ko")


def test_story_is_the_hash_of_the_folded_title() -> None:
    assert story("코스피, 1.5% 상승") == hashlib.sha256("코스피1.5%상승".encode()).hexdigest()[:12]


def test_identity_is_the_hash_of_source_and_guid() -> None:
    assert identity(BASE) == hashlib.sha256(b"alder\0guid-7").hexdigest()[:8]


def test_identity_falls_back_to_the_bare_link_and_then_to_the_folded_title() -> None:
    linked = BASE._replace(guid="", link="https://A.example/n?id=7&utm_source=x#top")
    assert identity(linked) == hashlib.sha256(b"alder\0https://a.example/n?id=7").hexdigest()[:8]
    bare = BASE._replace(guid="", link="")
    assert identity(bare) == hashlib.sha256("alder\0코스피1.5%상승".encode()).hexdigest()[:8]


def test_text_id_is_both() -> None:
    assert text_id(BASE) == f"{story(BASE.title)}-{identity(BASE)}"


def test_an_edited_title_keeps_the_identity_and_another_source_the_story() -> None:
    assert identity(BASE._replace(title="코스피 2% 상승")) == identity(BASE)
    other = BASE._replace(source="bright", guid="other")
    assert story(other.title) == story(BASE.title)
    assert identity(other) != identity(BASE)


@pytest.mark.parametrize(
    ("link", "bare"),
    [
        ("https://a.example/x?utm_medium=rss&id=1&fbclid=z", "https://a.example/x?id=1"),
        ("https://a.example/x?gclid=1", "https://a.example/x"),
        ("https://a.example/x?id=1#utm", "https://a.example/x?id=1"),
        ("https://a.example/x?id=1#/", "https://a.example/x?id=1"),
        ("https://a.example/app?rss#/news/1", "https://a.example/app#/news/1"),
        ("https://a.example/#!news/1", "https://a.example/#!news/1"),
        ("HTTPS://A.Example/X?b=2&a=1", "https://a.example/X?b=2&a=1"),
        ("https://a.example/x?idx=1&utmost=2", "https://a.example/x?idx=1&utmost=2"),
        ("", ""),
    ],
)
def test_bare_link_drops_tracking_and_place_only(link: str, bare: str) -> None:
    assert bare_link(link) == bare


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "//a.example/x",
        "https://",
        "x",
        "https://[a",
        "https://a\x1b.example",
    ],
)
def test_web_link_refuses_what_is_not_the_web(link: str) -> None:
    assert web_link(link) == ""


def test_web_link_takes_out_white_space() -> None:
    assert web_link(" https://a.example/\n x ") == "https://a.example/x"


@pytest.mark.parametrize(
    "link", ["#", "#none", " #top ", "#!", "#/", "javascript:void(0);", "JavaScript:go('1')", "", " "]
)
def test_web_link_is_nothing_where_a_link_leads_nowhere(link: str) -> None:
    assert web_link(link, "https://a.example/rank?page=1") == ""


@pytest.mark.parametrize("link", ["#/news/1", "/rank?page=1#/news/1", "https://a.example/rank?page=1#/news/1"])
def test_web_link_keeps_a_route_where_a_fragment_is_one(link: str) -> None:
    assert web_link(link, "https://a.example/rank?page=1") == "https://a.example/rank?page=1#/news/1"
