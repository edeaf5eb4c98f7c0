"""What a host's robots.txt asks of programs: a feed's address that it forbids to moss, or to all, is not read.

As RFC 9309 has it: of the rules for moss, else for all, the longest that fits holds; `*` is anything, `$` the end.
Python's own parser ends a group at a blank line, knows neither sign, and takes the first rule instead.
"""

from urllib.parse import unquote, urlsplit

SIZE_BYTES_MAX = 500_000
"""What is read of a robots.txt at most, as RFC 9309 wants it."""

# What it calls us: the User-Agent without its version.
_NAME = "moss"


def allows(text: str, url: str) -> bool:
    """Tell whether a robots.txt lets moss read an address."""
    parts = urlsplit(url)
    path = unquote(f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}")
    # For moss and for all: how long the longest rule was that fits, and whether it allows.
    found: dict[str, tuple[int, bool]] = {}
    agents: set[str] = set()
    is_begun = False
    for line in text.removeprefix("\ufeff").splitlines():
        name, _, value = (part.strip() for part in line.partition("#")[0].partition(":"))
        name = name.lower()
        if name == "user-agent":
            # Names that follow each other share the rules behind them.
            agents, is_begun = (set() if is_begun else agents), False
            agent = value.partition("/")[0].strip().lower()
            if agent in (_NAME, "*"):
                agents.add(agent)
                found.setdefault(agent, (0, True))
        elif name in ("allow", "disallow"):
            is_begun = True
            if agents and value and _fits(value, path):
                # Of two as long the one that allows.
                found |= {agent: max(found[agent], (len(value), name == "allow")) for agent in agents}
    return found.get(_NAME, found.get("*", (0, True)))[1]


def _fits(rule: str, path: str) -> bool:
    """Tell whether a path begins as a rule says; takes no longer than both are."""
    first, *rest = unquote(rule.removesuffix("$")).split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for piece in rest:
        at = path.find(piece, at) + len(piece)
        if at < len(piece):
            return False
    if not rule.endswith("$"):
        return True
    return path.endswith(rest[-1]) if rest else path == first
