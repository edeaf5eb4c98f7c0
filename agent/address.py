"""What is wrong with a web address; imported only where a configuration holds one."""

import re
from urllib.parse import urlsplit

_HOST = r"(\[[\da-fA-F:.]+\]|[^\0-\x20\s/?#\[\]])+"
_SHAPE = re.compile(rf"https?://{_HOST}([/?#].*)?")


def mistake(value: str) -> str | None:
    """Return what is wrong with an address, as the end of a sentence; None where it can be asked."""
    try:
        parts = urlsplit(value)
        can_be_asked = bool(_SHAPE.fullmatch(value) and parts.hostname and parts.port != 0)
    except ValueError:
        can_be_asked = False
    return None if can_be_asked else "must begin with https:// or http:// and name a host"
