"""A headline, and what makes two of them the same one or the same story."""

import re
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from agent.news.text import fold

LINK_LENGTH_MAX = 2_000

_TRACKING = re.compile(
    r"(?:utm_\w*|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|igshid|twclid|ttclid|mc_[ce]id|_ga|_gl|ocid|cmpid|"
    r"ref_src|ref_url|at_medium|at_campaign|ns_\w+|rss|sref|spm)(?:=|$)",
    re.IGNORECASE,
)


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
    """Return the link without fragment and tracking parameters, host in lower case; "" stays ""."""
    if not link:
        return ""
    parts = urlsplit(link)
    query = "&".join(part for part in parts.query.split("&") if not _TRACKING.match(part))
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path, query, ""))


def web_link(link: str) -> str:
    """Return the link if it is http or https, in one piece and of sane length, else ""."""
    plain = "".join(link.split())
    try:
        parts = urlsplit(plain)
    except ValueError:
        return ""
    safe = parts.scheme in ("http", "https") and parts.netloc and plain.isprintable()
    return plain if safe and len(plain) <= LINK_LENGTH_MAX else ""


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()
