"""RSS 0.9x, 1.0, 2.0 and Atom to headlines; what comes in is hostile until shown otherwise.

What only some feeds are is read by modules of its own: `json_feed`, `page`, `charset` and, where the XML is broken,
`mending`.
"""

from codecs import utf_8_decode
from contextlib import suppress
from xml.etree import ElementTree

from agent.errors import Unusable
from agent.news.headline import ENTRIES_MAX, Headline, headline, web_link
from agent.news.tree import PAGE, parsed
from agent.settings import NewsFeed

_DATES = ("pubDate", "published", "date", "updated", "modified", "issued")
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"


class CutOff(Unusable):
    """The answer breaks off, or is broken inside: `whole` are the headlines that it gave all the same."""

    def __init__(self, message: str, whole: list[Headline]) -> None:
        super().__init__(message)
        self.whole = whole


def parse(body: bytes, content_type: str, feed: NewsFeed) -> list[Headline]:
    """Turn a feed's answer into its headlines, in the feed's order; entries without a title are left out.

    Of more than ENTRIES_MAX the first are read.

    Arguments:
        body: the bytes as they came, decompressed.
        content_type: the HTTP header of that name, "" if there was none.
        feed: whose they are; its `lang` holds for all entries, where empty each title's own is found out.
    Raises: Unusable, saying what came instead of a feed; CutOff where only a part of it can be read.
    """
    if not body.strip():
        raise Unusable("the answer is empty")
    try:
        headlines, trouble = _entries(_decoded(body, content_type), feed)
    except (ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise Unusable(f"the answer cannot be read: {error}") from error
    titled = [found for found in headlines if found.title]
    if trouble:
        raise CutOff(trouble, titled)
    return titled


def _decoded(body: bytes, content_type: str) -> str:
    plain = body.isascii() and b"\0" not in body and b"\x1b" not in body
    with suppress(UnicodeDecodeError):
        # The last letter may be cut in two.
        text, _ = utf_8_decode(body)
        # No other encoding looks like letters beyond the Latin ones in UTF-8 by chance, whatever is declared.
        if plain or max(text) >= "\u0800":
            return text.replace("\0", "").lstrip("\ufeff")
    from agent.news import charset

    return charset.decode(body, content_type)


def _entries(text: str, feed: NewsFeed) -> tuple[list[Headline], str]:
    """Return the headlines, and what is wrong with the rest of the answer, "" if nothing."""
    # What only some feeds are costs nothing where there is none of them.
    if feed.format == "html" or feed.item:
        from agent.news import page

        return page.entries(text, feed), ""
    if feed.format in ("json", "gdelt") or (not feed.format and text.lstrip()[:1] == "{"):
        from agent.news import json_feed

        return json_feed.entries(text, feed)
    root, trouble = _tree(text.lstrip("\ufeff \t\r\n"))
    if _local(root) not in ("rss", "rdf", "feed", "channel"):
        raise Unusable(f"the answer is XML but no feed: its root is <{_local(root):.40}>")
    parents = [root, *_named(root, "channel")]
    found = [child for parent in parents for child in parent if _local(child) in ("item", "entry")]
    base = next((part.get(_XML_BASE, "") for part in (root, *root) if part.get(_XML_BASE)), feed.url)
    return [_headline(entry, feed, base) for entry in found[:ENTRIES_MAX]], trouble


def _tree(text: str) -> tuple[ElementTree.Element, str]:
    if text[:20].lower().startswith(PAGE):
        raise Unusable("the answer is a web page, not a feed")
    if "<!entity" in text.lower():
        raise Unusable("the answer declares entities of its own, as entity bombs do")
    if "<" not in text:
        raise Unusable("the answer is not XML")
    try:
        return parsed(text), ""
    except ElementTree.ParseError:
        from agent.news import mending

        return mending.tree(text)


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
