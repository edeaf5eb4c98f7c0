"""RSS 0.9x, 1.0, 2.0 and Atom to headlines; what comes in is hostile until shown otherwise."""

import re
from html import unescape
from html.entities import html5
from urllib.parse import urljoin
from xml.etree import ElementTree

from agent.errors import Unusable
from agent.news.charset import decode
from agent.news.dates import KOREA_S, moment
from agent.news.headline import Headline, web_link
from agent.news.text import language, normalise
from agent.settings import NewsFeed

DEPTH_MAX = 60
"""Elements inside each other; feeds use about five, XHTML inside Atom some more."""

# What may stand before the first element, and a DOCTYPE with the entities it may declare.
_PROLOG = re.compile(r"(?>\s|\ufeff|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*(\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_LOOSE = re.compile(r"&(?!#\d{1,7};|#[xX][0-9a-fA-F]{1,6};)(?:([a-zA-Z][a-zA-Z0-9]{1,30});)?")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_MARKUP = re.compile(
    r"</?(?:a|abbr|b|big|br|code|div|em|font|h[1-6]|i|img|mark|p|s|small|span|strong|sub|sup|u|wbr)\b[^<>]*>",
    re.IGNORECASE,
)
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
        root = _tree(decode(body, content_type))
    except (ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise Unusable(f"the answer cannot be read: {error}") from error
    if _local(root) not in ("rss", "rdf", "feed", "channel"):
        raise Unusable(f"the answer is XML but no feed: its root is <{_local(root):.40}>")
    entries = [
        child for parent in [root, *_named(root, "channel")] for child in parent if _local(child) in ("item", "entry")
    ]
    base = next((part.get(_XML_BASE, "") for part in (root, *root) if part.get(_XML_BASE)), feed.url)
    headlines = (_headline(entry, feed, base) for entry in entries)
    return [headline for headline in headlines if headline.title]


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
    start = _PROLOG.match(text)
    rest = text[start.end() if start else 0 :]
    doctype = _DOCTYPE.match(rest)
    if rest[:20].lower().startswith(_PAGE):
        raise Unusable("the answer is a web page, not a feed")
    if doctype:
        if doctype[1] and "<!entity" in doctype[1].lower():
            raise Unusable("the answer declares entities of its own, as entity bombs do")
        rest = rest[doctype.end() :]
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
    parser = ElementTree.XMLParser(target=_Shallow(), encoding="utf-8")  # noqa: S314 - no DOCTYPE is left, depth is bound
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
    title = _title(_first(entry, "title"))
    lang = feed.lang or language(title)
    # Korean sites that print no offset print Korean time.
    zone_s = KOREA_S if lang == "ko" else 0
    moments = (moment("".join(child.itertext()), zone_s) for name in _DATES for child in _named(entry, name))
    guids = ["".join(child.itertext()).strip() for name in ("guid", "id") for child in _named(entry, name)]
    about = [value for name, value in entry.items() if name.endswith("}about")]
    guid = next((text for text in [*guids, *about] if text), "")
    published_s = next((found for found in moments if found is not None), None)
    return Headline(feed.name, title, _link(entry, guid, base), guid, published_s, lang)


def _title(element: ElementTree.Element | None) -> str:
    """Return the title's text; markup inside and entities escaped once too often are undone."""
    text = "" if element is None else "".join(element.itertext())[:10_000]
    for _ in range(2):
        text = unescape(_MARKUP.sub("", text))
    return normalise(_MARKUP.sub("", text))[:500]


def _link(entry: ElementTree.Element, guid: str, base: str) -> str:
    for element in _named(entry, "link"):
        href = element.get("href") or "".join(element.itertext())
        if element.get("rel", "alternate") == "alternate" and href.strip():
            return _joined(base, href.strip())
    permanent = all(element.get("isPermaLink", "true") != "false" for element in _named(entry, "guid"))
    return web_link(guid) if permanent else ""


def _joined(base: str, href: str) -> str:
    try:
        return web_link(urljoin(base, href))
    except ValueError:
        return ""


def _first(entry: ElementTree.Element, name: str) -> ElementTree.Element | None:
    """Find a child, of the entry's own namespace before others such as media:title."""
    found = _named(entry, name)
    own = entry.tag.rpartition("}")[0]
    return next((child for child in found if child.tag.rpartition("}")[0] == own), found[0] if found else None)


def _named(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [child for child in element if _local(child) == name.lower()]


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""
