"""JSON Feed, and the lists of articles that GDELT answers with, to headlines."""

import json
import re
from collections.abc import Mapping
from typing import Any

from agent.errors import Unusable
from agent.news.headline import Headline, headline
from agent.settings import NewsFeed

# GDELT escapes apostrophes and other signs that JSON has no escape for.
_WRONG_ESCAPE = re.compile(r'\\(\\|["/bfnrt]|u[0-9a-fA-F]{4})|\\')
# It also sets its words apart, signs and all.
_APART = re.compile(r" (?=[,.;:?!%)\]](?: |$))|(?<=[(\[$]) ")


def entries(text: str, feed: NewsFeed) -> list[Headline]:
    """Return the entries of a JSON Feed (`items`) or of a GDELT list (`articles`), in their order.

    Raises: Unusable, saying what came instead; RecursionError where it nests too deep.
    """
    try:
        tree = json.loads(text.lstrip("\ufeff"), strict=False)
    except ValueError:
        tree = _mended(text)
    # GDELT answers a search without results with {}.
    items = tree.get("items", tree.get("articles", [] if tree == {} else None)) if isinstance(tree, Mapping) else None
    if not isinstance(items, list):
        raise Unusable("the answer is JSON but no feed: it has neither items nor articles")
    return [_headline(item, feed) for item in items if isinstance(item, Mapping)]


def _mended(text: str) -> Any:  # noqa: ANN401 - JSON of any kind
    try:
        return json.loads(_WRONG_ESCAPE.sub(lambda found: found[0] if found[1] else "", text), strict=False)
    except ValueError as error:
        raise Unusable(f"the answer is not well-formed JSON: {error}") from None


def _headline(item: Mapping[str, Any], feed: NewsFeed) -> Headline:
    def told(*names: str) -> list[str]:
        values = (item.get(name) for name in names)
        return [str(value) for value in values if isinstance(value, str | int) and value != ""]

    title, link, guid = told("title"), told("url", "external_url"), told("id")
    dates = told("date_published", "seendate", "date_modified")
    cleaned = _APART.sub("", title[0]) if title and "seendate" in item else "".join(title[:1])
    return headline(feed, feed.url, cleaned, "".join(link[:1]), "".join(guid[:1]), dates)
