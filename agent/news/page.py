"""A web page's list of headlines, found by selectors: ranking pages and boards that have no feed.

A selector is compounds divided by spaces, each inside the one before: `tag`, `.class`, `#id`, or joined, as in
`div.rank li.top#first a`. `item` finds the entries, `title` and `link` look inside each. Only titles and links are
taken.
"""

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import NamedTuple

from agent.errors import Unusable
from agent.news.headline import ENTRIES_MAX, Headline, headline
from agent.settings import NewsFeed

DEPTH_MAX = 200
"""Elements inside each other that are told apart; what lies deeper counts as lying there."""

_PART = re.compile(r"([.#]?)([^.#\s]+)")
_VOID = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
# An end that old pages leave out: such an element ends where the next begins, if none of `within` is opened between.
_SIBLINGS = {"li": ("li",), "tr": ("tr", "td", "th"), "td": ("td", "th"), "th": ("td", "th"), "p": ("p",)}
_SIBLINGS |= {"dt": ("dt", "dd"), "dd": ("dt", "dd"), "option": ("option",)}
_WITHIN = frozenset(("ul", "ol", "dl", "table", "div", "select", "body"))


class Element(NamedTuple):
    """An open element, as far as selectors ask."""

    tag: str
    names: frozenset[str]

    def fits(self, compound: frozenset[str]) -> bool:
        """Return whether the element has each name of one part of a selector: tag, .class and #id."""
        return compound <= self.names


def entries(text: str, feed: NewsFeed) -> list[Headline]:
    """Return what the feed's selectors find in a page, in its order.

    Arguments:
        feed: `item` defaults to every link, `title` to the item's text, `link` to the first link in it.
    Raises: Unusable where nothing is found: the page changed, or it is another.
    """
    reader = _Reader(feed.item or "a", feed.title, feed.link)
    # Without close() nothing is read twice: unfinished markup at the end of a hostile page takes no time.
    reader.feed(_without(_without(text, "<!--", "-->"), "<!", ">"))
    reader.end_items()
    found = [headline(feed, feed.url, title, link) for title, link in reader.found]
    if not any(entry.title for entry in found):
        raise Unusable(f"the page has nothing that the selectors find (item: {feed.item or 'a'!r})")
    return found


def compounds(selector: str) -> list[frozenset[str]]:
    """Return a selector's compounds as sets of names: "ul.a b" is {"ul", ".a"}, {"b"}."""
    parts = (_PART.findall(word) for word in selector.split())
    return [frozenset(f"{sign}{name}" if sign else name.lower() for sign, name in part) for part in parts]


def _without(text: str, begin: str, end: str) -> str:
    """Leave out what stands between two marks; one search for each, so that it takes no longer than the text."""
    first, *rest = text.split(begin)
    return "".join([first, *(piece.partition(end)[2] for piece in rest)])


class _Reader(HTMLParser):
    """Keeps the open elements, and of the item that is open what was found so far."""

    def __init__(self, item: str, title: str, link: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._item, self._title, self._link = compounds(item), compounds(title), compounds(link)
        self._open: list[Element] = []
        self._item_depth = self._title_depth = 0
        self._words: list[str] = []
        self._said = self._told = self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what opens; HTMLParser calls it for each tag."""
        values = {name: value or "" for name, value in attrs}
        self._end_siblings(tag)
        names = {tag, *(f".{name}" for name in values.get("class", "").split()), f"#{values.get('id', '')}"}
        if len(self._open) < DEPTH_MAX:
            self._open.append(Element(tag, frozenset(names)))
        if not self._item_depth and len(self.found) < ENTRIES_MAX and self._fits(self._item):
            self._item_depth, self._said, self._href, self._words = len(self._open), "", "", []
            self._told = ""
            if not self._title:
                self._title_depth = self._item_depth
        if self._item_depth:
            self._look(tag, values)
        if tag in _VOID:
            self.handle_endtag(tag)

    def _look(self, tag: str, values: dict[str, str]) -> None:
        if self._title and not self._title_depth and not self._said and self._fits(self._title):
            self._title_depth, self._told = len(self._open), values.get("title", "")
        if not self._href and values.get("href") and (self._fits(self._link) if self._link else tag == "a"):
            self._href = values["href"]

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self._open), 0, -1):
            if self._open[depth - 1].tag == tag:
                self._end_down_to(depth - 1)
                return

    def handle_data(self, data: str) -> None:
        if self._title_depth and self._open[-1].tag not in ("script", "style"):
            self._words.append(data[:2_000])

    def end_items(self) -> None:
        """End what the page left open."""
        self._end_down_to(0)

    def _end_siblings(self, tag: str) -> None:
        ended = _SIBLINGS.get(tag, ())
        for depth in range(len(self._open), 0, -1) if ended else ():
            if self._open[depth - 1].tag in ended:
                self._end_down_to(depth - 1)
            elif self._open[depth - 1].tag in _WITHIN:
                return

    def _end_down_to(self, depth: int) -> None:
        del self._open[depth:]
        if self._title_depth > depth:
            self._said, self._title_depth = "".join(self._words).strip() or self._told, 0
        if self._item_depth > depth:
            self.found.append((self._said, self._href))
            self._item_depth = 0

    def _fits(self, selector: Iterable[frozenset[str]]) -> bool:
        """Tell whether the innermost open element is what a selector finds."""
        *around, own = selector
        if not self._open[-1].fits(own):
            return False
        outer = iter(self._open[-2::-1])
        return all(any(element.fits(compound) for element in outer) for compound in reversed(around))
