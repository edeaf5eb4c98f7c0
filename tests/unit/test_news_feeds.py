"""RSS and Atom to headlines, and what is no feed to one clear sentence."""

import contextlib
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import Unusable
from agent.news.feeds import CutOff, parse
from agent.news.headline import ENTRIES_MAX, Headline
from agent.settings import NewsFeed
from tests.fakes.feeds import Entry, atom, rss

FEED = NewsFeed("alder", "https://news.example/feed/")
MOMENT_S = 1_682_899_200.0

Make = Callable[[Iterable[Entry]], bytes]


def titles(body: bytes, content_type: str = "") -> list[str]:
    return [headline.title for headline in parse(body, content_type, FEED)]


def item(inside: str) -> bytes:
    return f"<rss><channel><item>{inside}</item></channel></rss>".encode()


def test_rss_2_gives_title_link_guid_and_date() -> None:
    body = rss([Entry("코스피 상승", "n1", "https://news.example/1", "Mon, 01 May 2023 09:00:00 KST")])
    assert parse(body, "", FEED) == [Headline("alder", "코스피 상승", "https://news.example/1", "n1", MOMENT_S, "ko")]


def test_atom_gives_the_same() -> None:
    body = atom([Entry("Orders rise", "urn:1", "https://news.example/1", "2023-05-01T00:00:00Z")])
    assert parse(body, "", FEED) == [
        Headline("alder", "Orders rise", "https://news.example/1", "urn:1", MOMENT_S, "en")
    ]


def test_rss_1_has_its_items_beside_the_channel_and_names_them_by_about() -> None:
    body = (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>no</title></channel>'
        b'<item rdf:about="https://news.example/1"><title>Yes</title><link>https://news.example/1</link>'
        b"<dc:date>2023-05-01T09:00:00+09:00</dc:date></item></rdf:RDF>"
    )
    link = "https://news.example/1"
    assert parse(body, "", FEED) == [Headline("alder", "Yes", link, link, MOMENT_S, "en")]


def test_rss_091_with_its_doctype_is_read() -> None:
    doctype = (
        b'<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">'
    )
    assert titles(b'<?xml version="1.0"?>\n' + doctype + item("<title>Old</title>")) == ["Old"]


def test_a_title_of_another_namespace_is_not_the_title() -> None:
    body = (
        '<rss xmlns:media="http://search.yahoo.com/mrss/"><channel><item><media:title>picture</media:title>'
        "<title>story</title></item></channel></rss>"
    )
    assert titles(body.encode()) == ["story"]


@pytest.mark.parametrize(
    ("inside", "title"),
    [
        ("AT&amp;amp;T &amp;amp; R&amp;D", "AT&T & R&D"),
        ("&amp;lt;b&amp;gt;Up&amp;lt;/b&amp;gt; 3%", "Up 3%"),
        ("<![CDATA[<b>Up</b> &quot;3%&quot; &hellip;]]>", 'Up "3%" …'),
        ("R&D rises at A & B&nbsp;Co", "R&D rises at A & B Co"),
        ("a < b", None),
        ("\x1b[31mred\x00\x07", "[31mred"),
        ("&#39;quote&#39; &#x1F4C8;", "'quote' \N{CHART WITH UPWARDS TREND}"),
        ("금리 &lt;인하&gt;", "금리 <인하>"),
        ("  two\n lines ", "two lines"),
    ],
)
def test_a_title_is_cleaned(inside: str, title: str | None) -> None:
    if title is None:
        with pytest.raises(Unusable, match="not well-formed"):
            titles(item(f"<title>{inside}</title>"))
    else:
        assert titles(item(f"<title>{inside}</title>")) == [title]


def test_xhtml_in_a_title_is_its_text() -> None:
    body = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title type="xhtml">'
        '<div xmlns="http://www.w3.org/1999/xhtml">Hi <b>there</b></div></title></entry></feed>'
    )
    assert titles(body.encode()) == ["Hi there"]


@pytest.mark.parametrize(
    ("inside", "link"),
    [
        ("<link>https://a.example/1?utm_source=x</link>", "https://a.example/1?utm_source=x"),
        ("<link>\n /2 </link>", "https://news.example/2"),
        ("<link>javascript:alert(1)</link>", ""),
        ("<link>ftp://a.example/1</link>", ""),
        ("<link>https://[broken/1</link>", ""),
        ("<link/><guid>https://a.example/3</guid>", "https://a.example/3"),
        ('<guid isPermaLink="false">https://a.example/3</guid>', ""),
        ('<link rel="self" href="https://a.example/feed"/><link href="https://a.example/4"/>', "https://a.example/4"),
        (f"<link>https://a.example/{'x' * 3000}</link>", ""),
    ],
)
def test_only_web_links_are_kept(inside: str, link: str) -> None:
    assert [headline.link for headline in parse(item(f"<title>t</title>{inside}"), "", FEED)] == [link]


def test_a_korean_date_without_offset_is_korean_time() -> None:
    body = item("<title>코스피</title><pubDate>2023-05-01 09:00:00</pubDate>")
    assert parse(body, "", FEED)[0].published_s == MOMENT_S


def test_a_date_that_cannot_be_read_is_unknown() -> None:
    assert parse(item("<title>t</title><pubDate>soon</pubDate>"), "", FEED)[0].published_s is None


def test_the_feeds_own_language_holds_for_every_title() -> None:
    feed = NewsFeed("alder", "https://news.example/", "ko")
    assert parse(item("<title>LG</title>"), "", feed)[0].lang == "ko"


def test_entries_without_a_title_are_left_out() -> None:
    assert titles(item("<description>text</description>")) == []
    assert titles(b"<rss><channel><item><title> </title></item><item><title>t</title></item></channel></rss>") == ["t"]


def test_a_feed_without_entries_is_a_feed() -> None:
    assert titles(b"<rss><channel><title>t</title></channel></rss>") == []
    assert titles(b'<feed xmlns="http://www.w3.org/2005/Atom"/>') == []


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"Service unavailable", "is not XML"),
        (b'{"version": 1}', "neither items nor articles"),
        (b'{"items": ', "not well-formed JSON"),
        (b"<!DOCTYPE html><html><body>503</body></html>", "a web page"),
        (b"\n<!-- x --><HTML><p>unclosed", "a web page"),
        (b"<sitemap><url/></sitemap>", "no feed: its root is <sitemap>"),
        (b"<rss><channel><item><title>cut o", "not well-formed"),
        (b'<!DOCTYPE rss [<!ENTITY a "b">]><rss/>', "entities of its own"),
        (b'<?xml version="1.0"?><!-- <rss> --><!DOCTYPE x [<!-- ] --><!ENTITY a "b">]><rss>&a;</rss>', "the answer"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is not XML"),
    ],
)
def test_what_is_no_feed_is_told_in_a_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(Unusable, match=sentence):
        parse(body, "text/xml", FEED)


@pytest.mark.parametrize("make", [rss, atom])
@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_a_feed_cut_off_anywhere_gives_the_entries_before_the_cut(make: Make, encoding: str) -> None:
    whole = make([Entry(f"{number}번 코스피 급등 & 안도", f"g{number}") for number in range(3)]).decode()
    end = whole.rindex("</item>" if make is rss else "</entry>")
    ends = [match.end() for match in re.finditer("</item>|</entry>", whole)]
    for cut in range(ends[0], end, 7):
        body = whole[:cut].encode(encoding)
        # The last letter is cut in two where it has more bytes than one.
        with pytest.raises(CutOff, match="not well-formed") as error:
            parse(body[:-1] if cut not in ends else body, "", FEED)
        expected = [f"{number}번 코스피 급등 & 안도" for number, at in enumerate(ends) if at <= cut]
        assert [headline.title for headline in error.value.whole] == expected, cut


def test_a_broken_entry_costs_no_other() -> None:
    body = b"<rss><channel>" + b"".join(
        b"<item><title>%s</title></item>" % title for title in (b"one", b"a <b</b>", b"three")
    )
    with pytest.raises(CutOff, match="2 entries") as error:
        parse(body + b"</channel></rss>", "", FEED)
    assert [headline.title for headline in error.value.whole] == ["one", "three"]


@pytest.mark.parametrize(
    "trouble", ["<item><title>R&D &hellip; grows</title></item>", "<item><title>a < b</title></item>", ""]
)
def test_cdata_of_a_feed_that_is_mended_or_cut_off_reads_as_in_a_whole_one(trouble: str) -> None:
    inside = (
        "<title>t</title><link><![CDATA[https://a.example/view?code=1&no=%d]]></link><guid><![CDATA[%d&amp;b]]></guid>"
    )
    items = "".join(f"<item>{inside % (number, number)}</item>" for number in range(3))
    expected = parse(f"<rss><channel>{items}</channel></rss>".encode(), "", FEED)
    body = f"<rss><channel>{items}{trouble}" + ("</channel></rss>" if trouble else "<item><title><![CDATA[R&")
    try:
        found = parse(body.encode(), "", FEED)
    except CutOff as error:
        found = error.whole
    assert found[:3] == expected


def test_namespaces_of_the_root_hold_for_the_entries_of_a_feed_cut_off() -> None:
    body = (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><items><rdf:li/></items></channel>'
        b'<item rdf:about="https://news.example/1"><title>Yes</title><link>https://news.example/1</link>'
        b"<dc:date>2023-05-01T09:00:00+09:00</dc:date></item><item><tit"
    )
    link = "https://news.example/1"
    with pytest.raises(CutOff) as error:
        parse(body, "", FEED)
    assert error.value.whole == [Headline("alder", "Yes", link, link, MOMENT_S, "en")]


def test_an_entity_bomb_is_refused_at_once() -> None:
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    body = f'<!DOCTYPE rss [<!ENTITY l0 "lol">{lines}]><rss><channel><item><title>&l11;</title></item></channel></rss>'
    began_s = time.process_time()
    with pytest.raises(Unusable):
        parse(body.encode(), "", FEED)
    assert time.process_time() - began_s < 20


@pytest.mark.parametrize("tag", ["a", "item", "channel"])
def test_deep_nesting_is_refused_without_a_crash(tag: str) -> None:
    body = f"<{tag}>".encode() * 500_000
    with pytest.raises(Unusable, match="deep"):
        parse(body, "", FEED)


def test_two_megabytes_of_comments_or_ampersands_take_no_long_time() -> None:
    for filler in (b"<!-- -->", b"<!--", b"&", b"&a", b"<?x?>", b"[", b"<!DOCTYPE [", b" ", b"<item></item>"):
        body = (b"<rss><channel>" if filler.startswith(b"<item") else b"") + filler * (2_000_000 // len(filler))
        began_s = time.process_time()
        with pytest.raises(Unusable):
            parse(body, "", FEED)
        with pytest.raises(Unusable):
            parse(b"<rss><channel><item></item>" + body, "", FEED)
        parse(item(f"<title>{'<b>' * 100}x</title>".replace("<b>", "&lt;b&gt;")) + body[:0], "", FEED)
        assert time.process_time() - began_s < 20, filler


ITEMS = "".join(f"<item><title>{number}</title></item>" for number in range(ENTRIES_MAX + 9))
OBJECTS = ", ".join(f'{{"title": "{number}"}}' for number in range(ENTRIES_MAX + 9))


@pytest.mark.parametrize(
    "body",
    [f"<rss><channel>{ITEMS}</channel></rss>", f"<rss>{ITEMS}", f'{{"items": [{OBJECTS}]}}', f'{{"items": [{OBJECTS}'],
    ids=["xml", "xml cut off", "json", "json cut off"],
)
def test_of_more_entries_than_are_read_the_first_are(body: str) -> None:
    try:
        found = parse(body.encode(), "", FEED)
    except CutOff as error:
        found = error.whole
    assert [headline.title for headline in found] == [str(number) for number in range(ENTRIES_MAX)]


def test_entries_that_cannot_be_read_take_no_long_time() -> None:
    root = "<rss " + " ".join(f"x{number}=''" for number in range(2_000)) + ">"
    began_s = time.process_time()
    with pytest.raises(Unusable, match="not well-formed"):
        parse((root + "<item><</item>" * 100_000).encode(), "", FEED)
    assert time.process_time() - began_s < 20


@pytest.mark.parametrize("encoding", ["utf-8", "euc-kr"])
@pytest.mark.parametrize("content_type", ["", "text/xml", "text/xml; charset=iso-8859-1", "text/xml; charset=euc-kr"])
def test_korean_titles_come_through_in_every_encoding(encoding: str, content_type: str) -> None:
    assert titles(rss([Entry("똠방각하 뷁 급등")], encoding), content_type) == ["똠방각하 뷁 급등"]


def test_the_recorded_euc_kr_feed_without_a_declaration_is_read(recorded: Callable[[str], Path]) -> None:
    body = recorded("feeds/feedparser_tests_illformed_chardet_euckr.xml").read_bytes()
    assert titles(body) == ["EUC-KR 에서 TypeKey 한글닉네임 표시하기"]


@pytest.mark.parametrize("name", ["euc-kr", "euc-kr-item", "euc-kr-attribute"])
def test_the_recorded_euc_kr_feeds_without_titles_have_no_headlines(name: str, recorded: Callable[[str], Path]) -> None:
    assert titles(recorded(f"feeds/feedparser_tests_encoding_{name}.xml").read_bytes()) == []


@given(st.binary(max_size=400))
def test_any_bytes_are_headlines_or_one_error(body: bytes) -> None:
    for whole in (body, b"<rss><channel><item><title>" + body, item("<title>t</title>") + body):
        with contextlib.suppress(Unusable):
            assert all(headline.title for headline in parse(whole, "", FEED))
