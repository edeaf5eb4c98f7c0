"""JSON Feed, and the lists of articles that GDELT answers with, to headlines."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from agent.errors import Unusable
from agent.news.headline import ENTRIES_MAX, Headline, headline
from agent.settings import NewsFeed

# GDELT escapes apostrophes and other signs that JSON has no escape for.
_WRONG_ESCAPE = re.compile(r'\\(\\|["/bfnrt]|u[0-9a-fA-F]{4})|\\')
_LIST = re.compile(r'"(?:items|articles)"\s*:\s*\[')
# It also sets its words apart, signs and all.
_APART = re.compile(r" (?=[,.;:?!%)\]](?: |$))|(?<=[(\[$]) ")


def entries(text: str, feed: NewsFeed) -> tuple[list[Headline], str]:
    """Return the entries of a JSON Feed (`items`) or of a GDELT list (`articles`), in their order, and what is wrong.

    Where the answer breaks off, the entries are those before that; else nothing is wrong: "".

    Raises: Unusable, saying what came instead; RecursionError where it nests too deep.
    """
    trouble = ""
    try:
        tree = json.loads(text.lstrip("\ufeff"), strict=False)
    except ValueError:
        tree, trouble = _mended(text)
    # GDELT answers a search without results with {}.
    items = tree.get("items", tree.get("articles", [] if tree == {} else None)) if isinstance(tree, Mapping) else None
    if not isinstance(items, list):
        raise Unusable("the answer is JSON but no feed: it has neither items nor articles")
    return [_headline(item, feed) for item in items[:ENTRIES_MAX] if isinstance(item, Mapping)], trouble


def _mended(text: str) -> tuple[Any, str]:
    mended = _WRONG_ESCAPE.sub(lambda found: found[0] if found[1] else "", text)
    try:
        return json.loads(mended, strict=False), ""
    except ValueError as error:
        why = f"the answer is not well-formed JSON: {error}"
    whole = list(islice(_whole(mended), ENTRIES_MAX))
    if not whole:
        raise Unusable(why)
    return {"items": whole}, f"{why}; {len(whole)} entries of it are whole"


def _whole(text: str) -> Iterator[Any]:
    """Yield the entries of a list that breaks off, up to there."""
    decoder, begun = json.JSONDecoder(strict=False), _LIST.search(text)
    at = text.find("{", begun.end()) if begun else -1
    with suppress(ValueError):
        while at >= 0:
            entry, end = decoder.raw_decode(text, at)
            yield entry
            at = text.find("{", end)


def _headline(item: Mapping[str, Any], feed: NewsFeed) -> Headline:
    def told(*names: str) -> list[str]:
        values = (item.get(name) for name in names)
        return [str(value) for value in values if isinstance(value, str | int) and value != ""]

    title, link, guid = told("title"), told("url", "external_url"), told("id")
    dates = told("date_published", "seendate", "date_modified")
    cleaned = _APART.sub("", title[0]) if title and "seendate" in item else "".join(title[:1])
    return headline(feed, feed.url, cleaned, "".join(link[:1]), "".join(guid[:1]), dates)
