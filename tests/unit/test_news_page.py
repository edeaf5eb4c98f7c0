"""Headlines out of web pages, by selectors."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import Unusable
from agent.news.feeds import parse
from agent.news.headline import identity
from agent.settings import NewsFeed

URL = "https://news.example/rank/"


def read(
    body: str | bytes, item: str = "", title: str = "", link: str = "", content_type: str = ""
) -> list[tuple[str, str]]:
    feed = NewsFeed("rank", URL, format="html", item=item, title=title, link=link)
    data = body if isinstance(body, bytes) else body.encode()
    return [(found.title, found.link.removeprefix("https://news.example")) for found in parse(data, content_type, feed)]


RANKING = """<!doctype html><html><head><title>no</title><script>var a = "<li class=top><a href=/x>no</a>";</script>
<style>li {}</style></head><body><div id="side"><ul><li class="top"><a href="/no">side</a></li></ul></div>
<div class="rank main"><ul><li class="top first">
<em>1</em><a href="/1?utm_source=x"><strong>코스피 &amp; 급락</strong></a>
<span class="by">한빛</span></li><!-- <li class="top"><a href="/c">comment</a></li> -->
<li class="top"><em>2</em><a href="2"><strong>환율 <b>상승</b></strong></a></li><li class="ad"><a href="/ad">ad</a></li>
</ul></div></body></html>"""


def test_items_titles_and_links_are_found_by_their_selectors() -> None:
    assert read(RANKING, "div.rank li.top", "strong", "a") == [
        ("코스피 & 급락", "/1?utm_source=x"),
        ("환율 상승", "/rank/2"),
    ]


def test_without_selectors_for_them_the_title_is_the_items_text_and_the_link_its_first() -> None:
    assert read(RANKING, ".rank .top.first") == [("1코스피 & 급락 한빛", "/1?utm_source=x")]
    assert [title for title, _ in read(RANKING)] == ["side", "코스피 & 급락", "환율 상승", "ad"]


def test_an_id_finds_one_part_of_the_page() -> None:
    assert read(RANKING, "#side a") == [("side", "/no")]


def test_an_item_may_be_the_link_itself() -> None:
    assert read('<p><a class=t href="/1">One</a><a class=t href="/2">Two</a></p>', "a.t") == [
        ("One", "/1"),
        ("Two", "/2"),
    ]


@pytest.mark.parametrize(
    ("page", "item"),
    [
        ("<ul><li><a href=/1>One</a><li><a href=/2>Two</a></ul>", "li"),
        ("<table><tr><td><a href=/1>One</a><td>x<tr><td><a href=/2>Two</a></table>", "tr"),
        ("<dl><dt><a href=/1>One</a><dd>x<dt><a href=/2>Two</a></dl>", "dt"),
        ("<div><p><a href=/1>One</a><p><a href=/2>Two</a></div>", "p"),
    ],
)
def test_ends_that_old_pages_leave_out_are_understood(page: str, item: str) -> None:
    assert read(page, item, "a") == [("One", "/1"), ("Two", "/2")]


@pytest.mark.parametrize("link", ["#none", "#", "javascript:go()", "", "/app#/news/NUMBER", "/NUMBER#top"])
def test_every_entry_is_a_headline_of_its_own_where_links_differ_little_or_not(link: str) -> None:
    page = "".join(
        f'<li><a href="{link.replace("NUMBER", str(number))}">Title {number}</a></li>' for number in range(3)
    )
    feed = NewsFeed("rank", URL, format="html", item="li")
    assert len({identity(found) for found in parse(page.encode(), "", feed)}) == 3


def test_an_element_without_text_is_titled_by_its_title() -> None:
    assert read('<li><a href="/1" title="One up"><img src=x></a></li>', "li", "a") == [("One up", "/1")]


def test_an_old_board_in_euc_kr_is_read() -> None:
    page = '<html><head><meta charset="euc-kr"></head><td class="title"><a href="/b?id=1">똠양꿍 株 급등</a></td>'
    assert read(page.encode("cp949"), "td.title") == [("똠양꿍 株 급등", "/b?id=1")]
    assert read(page.encode("cp949"), "td.title", content_type="text/html; charset=ISO-8859-1") == [
        ("똠양꿍 株 급등", "/b?id=1")
    ]


@pytest.mark.parametrize("page", ["<p>nothing", "plain", "<li></li>", "<li class=top></li>"])
def test_a_page_that_the_selectors_do_not_fit_is_an_error_that_names_them(page: str) -> None:
    with pytest.raises(Unusable, match=r"li\.top"):
        read(page, "li.top")


@pytest.mark.parametrize(
    "filler", ["<a ", "<!--", "<!", "<a>", "<li>", "&", "<a href='", "</", "<script>", "<li><a href=/1>x</a>"]
)
def test_a_megabyte_of_anything_takes_no_long_time(filler: str) -> None:
    began_s = time.process_time()
    with contextlib.suppress(Unusable):
        assert len(read("<li>" + filler * (1_000_000 // len(filler)), "div li", "a")) <= 1_000
    assert time.process_time() - began_s < 40


@given(st.text(alphabet="<>/ !-abli='\"&;#x\n", max_size=200))
def test_any_markup_is_headlines_or_one_error(page: str) -> None:
    with contextlib.suppress(Unusable):
        found = read(page, "li", "a")
        assert 0 < len(found) <= page.count("<li")
        assert all(title and link.startswith(("http://", "https://", "/")) for title, link in found)
