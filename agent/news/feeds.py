"""RSS 0.9x, 1.0, 2.0 and Atom to headlines; what comes in is hostile until shown otherwise.

JSON and web pages are read by modules of their own, `json_feed` and `page`.
"""

import re
from html.entities import html5
from xml.etree import ElementTree

from agent.errors import Unusable
from agent.news.charset import decode
from agent.news.headline import Headline, headline, web_link
from agent.settings import NewsFeed

DEPTH_MAX = 60
"""Elements inside each other; feeds use about five, XHTML inside Atom some more."""

_LOOSE = re.compile(r"&(?!#\d{1,7};|#[xX][0-9a-fA-F]{1,6};)(?:([a-zA-Z][a-zA-Z0-9]{1,30});)?")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_DATES = ("pubDate", "published", "date", "updated", "modified", "issued")
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_PAGE = ("<!doctype html", "<html", "<head", "<body")


def parse(body: bytes, content_type: str, feed: NewsFeed) -> list[Headline]:
    """Turn a feed's answer into its headlines, in the feed's order; entries without a title are left out.

    Arguments:
        body: the bytes as they came, decompressed.
        content_type: the HTTP header of that name, "" if there was none.
        feed: whose they are; its `lang` holds for all entries, where empty each title's own is found out.
    Raises: Unusable, saying what came instead of a feed.
    """
    if not body.strip():
        raise Unusable("the answer is empty")
    try:
        headlines = _entries(decode(body, content_type), feed)
    except (ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise Unusable(f"the answer cannot be read: {error}") from error
    return [found for found in headlines if found.title]


def _entries(text: str, feed: NewsFeed) -> list[Headline]:
    # What only some feeds are costs nothing where there is none of them.
    if feed.format == "html" or feed.item:
        from agent.news import page

        return page.entries(text, feed)
    if feed.format in ("json", "gdelt") or (not feed.format and text.lstrip()[:1] == "{"):
        from agent.news import json_feed

        return json_feed.entries(text, feed)
    root = _tree(text)
    if _local(root) not in ("rss", "rdf", "feed", "channel"):
        raise Unusable(f"the answer is XML but no feed: its root is <{_local(root):.40}>")
    parents = [root, *_named(root, "channel")]
    found = [child for parent in parents for child in parent if _local(child) in ("item", "entry")]
    base = next((part.get(_XML_BASE, "") for part in (root, *root) if part.get(_XML_BASE)), feed.url)
    return [_headline(entry, feed, base) for entry in found]


class _Shallow(ElementTree.TreeBuilder):
    """Builds a tree, but none deep enough to exhaust a stack."""

    depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> ElementTree.Element:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise Unusable(f"the answer nests elements more than {DEPTH_MAX} deep")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ElementTree.Element:
        self.depth -= 1
        return super().end(tag)


def _tree(text: str) -> ElementTree.Element:
    """Parse the text, and once more with its commonest faults mended where it is not well-formed."""
    rest = text.lstrip("\ufeff \t\r\n")
    if rest[:20].lower().startswith(_PAGE):
        raise Unusable("the answer is a web page, not a feed")
    if "<!entity" in rest.lower():
        raise Unusable("the answer declares entities of its own, as entity bombs do")
    if "<" not in rest:
        raise Unusable("the answer is not XML")
    try:
        return _parsed(rest)
    except ElementTree.ParseError:
        pass  # mended below
    try:
        return _parsed(_LOOSE.sub(_escaped, _CONTROLS.sub("", rest)))
    except ElementTree.ParseError as error:
        if any(mark in rest[:2_000].lower() for mark in _PAGE):
            raise Unusable("the answer is a web page, not a feed") from None
        raise Unusable(f"the answer is not well-formed XML: {error}") from None


def _parsed(text: str) -> ElementTree.Element:
    parser = ElementTree.XMLParser(target=_Shallow(), encoding="utf-8")  # noqa: S314 - no entity is declared, depth is bound
    parser.feed(text.encode("utf-8", "replace"))
    root: ElementTree.Element = parser.close()
    return root


def _escaped(found: re.Match[str]) -> str:
    """Keep XML's own entities, write out HTML's, and escape an ampersand that begins none."""
    name = found[1]
    if name in ("amp", "lt", "gt", "quot", "apos"):
        return found[0]
    return html5.get(f"{name};", f"&amp;{name};") if name else "&amp;"


def _headline(entry: ElementTree.Element, feed: NewsFeed, base: str) -> Headline:
    guids = [_text(child).strip() for name in ("guid", "id") for child in _named(entry, name)]
    about = [value for name, value in entry.items() if name.endswith("}about")]
    guid = next((text for text in [*guids, *about] if text), "")
    dates = (_text(child) for name in _DATES for child in _named(entry, name))
    titles = _named(entry, "title")
    # The entry's own namespace comes before others such as media:title.
    own = entry.tag.rpartition("}")[0]
    titles.sort(key=lambda child: child.tag.rpartition("}")[0] != own)
    return headline(feed, base, _text(titles[0]) if titles else "", _link(entry, guid), guid, dates)


def _link(entry: ElementTree.Element, guid: str) -> str:
    for element in _named(entry, "link"):
        href = element.get("href") or _text(element)
        if element.get("rel", "alternate") == "alternate" and href.strip():
            return href
    permanent = all(element.get("isPermaLink", "true") != "false" for element in _named(entry, "guid"))
    return web_link(guid) if permanent else ""


def _text(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


def _named(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [child for child in element if _local(child) == name.lower()]


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""
