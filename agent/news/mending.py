"""Feeds that are not well-formed: their commonest faults mended, and of one that breaks off the entries before that."""

import re
from collections.abc import Iterator
from html.entities import html5
from itertools import islice
from xml.etree import ElementTree

from agent.errors import Unusable
from agent.news.headline import ENTRIES_MAX
from agent.news.tree import PAGE, parsed

# Or a CDATA section, where an ampersand is itself.
_LOOSE = re.compile(
    r"(?s)<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?!#\d{1,7};|#[xX][0-9a-fA-F]{1,6};)(?:([a-zA-Z][a-zA-Z0-9]{1,30});)?"
)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ROOT = re.compile(r"<(rss|rdf:RDF|feed)\b[^<>]*(?<!/)>")
_ENTRY_END = re.compile(r"</(item|entry)\s*>")


def tree(text: str) -> tuple[ElementTree.Element, str]:
    """Return the root of a feed and what is wrong with it: "" where mending it was enough.

    Raises: Unusable where not one whole entry can be read.
    """
    mended = _LOOSE.sub(_escaped, _CONTROLS.sub("", text))
    try:
        return parsed(mended), ""
    except ElementTree.ParseError as error:
        why = f"not well-formed XML: {error}"
    if any(mark in text[:2_000].lower() for mark in PAGE):
        raise Unusable("the answer is a web page, not a feed")
    root = ElementTree.Element("rss")
    root.extend(_whole(mended))
    if not len(root):
        raise Unusable(f"the answer is {why}")
    return root, f"the answer is {why}; {len(root)} entries of it are whole"


def _whole(text: str) -> Iterator[ElementTree.Element]:
    """Yield each entry that can be read by itself, below the root's own tag for the sake of its namespaces."""
    opening = _ROOT.search(text[:20_000])
    if opening is None:
        return
    at = opening.end()
    # One that cannot be read counts too: trying takes time.
    for end in islice(_ENTRY_END.finditer(text, at), ENTRIES_MAX):
        begin = text.rfind(f"<{end[1]}", at, end.start())
        at = end.end()
        try:
            yield from parsed(f"{opening[0]}{text[begin:at]}</{opening[1]}>") if begin >= 0 else ()
        except ElementTree.ParseError:
            continue  # one broken entry costs no other


def _escaped(found: re.Match[str]) -> str:
    """Keep CDATA and XML's own entities, write out HTML's, and escape an ampersand that begins none."""
    name = found[1]
    if found[0].startswith("<") or name in ("amp", "lt", "gt", "quot", "apos"):
        return found[0]
    return html5.get(f"{name};", f"&amp;{name};") if name else "&amp;"
