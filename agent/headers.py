"""What an answer's headers say about when to ask: Remaining-Req, Date; None where they make no sense."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def server_time_s(headers: Mapping[str, str]) -> float | None:
    """Return what time it was at the server, seconds since 1970 UTC; the header has whole seconds."""
    return moment_s(headers.get("Date", ""))


def is_used_up(headers: Mapping[str, str]) -> bool:
    """Tell whether this second allows no more requests, as in `group=candles; min=600; sec=0`."""
    return re.search(r"(?:^|;)\s*sec\s*=\s*0+\s*(?:;|$)", headers.get("Remaining-Req", "")) is not None


def moment_s(text: str) -> float | None:
    """Read a date as HTTP writes it."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
