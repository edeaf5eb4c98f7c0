"""What a host's robots.txt asks of programs: a feed's address that it forbids to moss, or to all, is not read."""

from urllib.robotparser import RobotFileParser

SIZE_BYTES_MAX = 500_000
"""What is read of a robots.txt at most, as RFC 9309 wants it."""

# What it calls us: the User-Agent without its version.
_NAME = "moss"


def allows(text: str, url: str) -> bool:
    """Tell whether a robots.txt lets moss read an address."""
    rules = RobotFileParser()
    rules.parse(text.splitlines())
    return rules.can_fetch(_NAME, url)
