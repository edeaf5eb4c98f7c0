"""The part of a feed's answer that came before the connection broke, or the time was over; imported where one did."""

import zlib
from collections.abc import Mapping

from agent.errors import Unreachable, Unusable
from agent.news import feeds
from agent.settings import NewsFeed

# What a whole answer may inflate to, too.
SIZE_BYTES_MAX = 2_000_000


def rescue(headers: Mapping[str, str], body: bytes, feed: NewsFeed, trouble: Unreachable) -> None:
    """Raise the CutOff that holds the whole entries of a part; return where there is none.

    A page's own entries have no end that could be seen, so that a cut one looks whole: nothing of a page is taken.
    """
    if feed.format == "html" or feed.item:
        return
    if headers.get("Content-Encoding", "").strip().lower() in ("gzip", "x-gzip"):
        try:
            body = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body, SIZE_BYTES_MAX)
        except zlib.error:
            return
    try:
        whole = feeds.parse(body, headers.get("Content-Type", ""), feed)
    except feeds.CutOff as cut:
        whole = cut.whole
    except Unusable:
        return
    if whole:
        raise feeds.CutOff(f"{trouble}; {len(whole)} entries came before that", whole)
