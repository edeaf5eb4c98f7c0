"""A headline, and what makes two of them the same one or the same story."""

import re
from collections.abc import Iterable
from hashlib import sha256
from html import unescape
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit, urlunsplit

from agent.news.dates import KOREA_S, moment
from agent.news.text import fold, language, normalise
from agent.settings import NewsFeed

ENTRIES_MAX = 1_000
"""Entries of an answer that are read, the first ones: no feed has more, and what hostile bytes may cost is bounded."""
LINK_LENGTH_MAX = 2_000

_TAGS = "abbr|big|br?|code|div|em|font|h[1-6]|img|mark|small|span|strong|sub|sup|wbr|[aipsu]"
_MARKUP = re.compile(rf"(?i)</?(?:{_TAGS})\b[^<>]*>")
_ADDED = "fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|igshid|twclid|ttclid|ocid|cmpid|ref_src|ref_url|rss"
_TRACKING = re.compile(rf"(?i)(?:{_ADDED}|utm_\w*|mc_[ce]id|_ga|_gl|at_(?:medium|campaign)|ns_\w+|spm|sref)(?:=|$)")

# A fragment that is the path of an article, in a page that is a program; any other is a place within the page.
_ROUTE = re.compile(r"[/!].")


class Headline(NamedTuple):
    """One entry of a feed, cleaned.

    `source` is the feed's name, `title` display text in one line, `link` http(s) or "", `guid` the feed's own id or "",
    `published_s` seconds since 1970 UTC or None, `lang` "ko", "en", ... or "und".
    """

    source: str
    title: str
    link: str
    guid: str
    published_s: float | None
    lang: str


def headline(feed: NewsFeed, base: str, title: str, link: str, guid: str = "", dates: Iterable[str] = ()) -> Headline:
    """Clean what one entry of any format says.

    Arguments:
        base: the address that relative links start from.
        title: markup inside and entities escaped once too often are undone.
        dates: as written, the best first.
    """
    title = title[:10_000]
    for _ in range(2):
        title = unescape(_MARKUP.sub("", title))
    title = normalise(_MARKUP.sub("", title))[:500]
    lang = feed.lang or language(title)
    # Korean sites that print no offset print Korean time.
    moments = (moment(date, KOREA_S if lang == "ko" else 0) for date in dates)
    published_s = next((found for found in moments if found is not None), None)
    return Headline(feed.name, title, web_link(link, base), guid, published_s, lang)


def story(title: str) -> str:
    """Return twelve hex digits that all sources of the same title share."""
    return _digest(fold(title))[:12]


def identity(headline: Headline) -> str:
    """Return eight hex digits of source and guid, else link without tracking, else folded title."""
    own = headline.guid or bare_link(headline.link) or fold(headline.title)
    return _digest(f"{headline.source}\0{own}")[:8]


def text_id(headline: Headline) -> str:
    """Return the key under which a headline is scored once."""
    return f"{story(headline.title)}-{identity(headline)}"


def bare_link(link: str) -> str:
    """Return the link without tracking parameters and place within the page, host in lower case; "" stays ""."""
    parts = urlsplit(link)
    query = "&".join(part for part in parts.query.split("&") if not _TRACKING.match(part))
    route = parts.fragment if _ROUTE.match(parts.fragment) else ""
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path, query, route))


def web_link(link: str, base: str = "") -> str:
    """Return the link, seen from its base, if it is http or https, in one piece and of sane length, else "".

    One that only names a place within its base, as in `#none`, leads nowhere: all entries of a page may have it.
    """
    link = link.strip()
    leads_nowhere = not link or (link[0] == "#" and not _ROUTE.match(link, 1))
    try:
        plain = "" if leads_nowhere else "".join(urljoin(base, link).split())
        parts = urlsplit(plain)
    except ValueError:
        return ""
    safe = parts.scheme in ("http", "https") and parts.netloc and plain.isprintable()
    return plain if safe and len(plain) <= LINK_LENGTH_MAX else ""


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()
