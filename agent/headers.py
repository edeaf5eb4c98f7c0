"""What an answer's headers say about when to ask: Retry-After, Remaining-Req, Date; None where they make no sense."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

# The longest wait that is believed; Binance's longest block is documented as three days.
TOLD_WAIT_S_MAX = 3 * 86_400.0


def server_time_s(headers: Mapping[str, str]) -> float | None:
    """Return what time it was at the server, seconds since 1970 UTC; the header has whole seconds."""
    return _moment_s(headers.get("Date", ""))


def told_wait_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """Return how long the server asks to be left alone, from now.

    Arguments:
        now_s: this machine's time; used only if the answer has no Date of its own to count a Retry-After date from.
    Returns: seconds, above 0 and at most three days.
    """
    text = headers.get("Retry-After", "").strip()
    asked_s = server_time_s(headers) or now_s
    wait_s = float(text) if re.fullmatch("[0-9]+", text) else (_moment_s(text) or 0.0) - asked_s
    return min(wait_s, TOLD_WAIT_S_MAX) if wait_s > 0 else None


def is_used_up(headers: Mapping[str, str]) -> bool:
    """Tell whether this second allows no more requests, as in `group=candles; min=600; sec=0`."""
    return re.search(r"(?:^|;)\s*sec\s*=\s*0+\s*(?:;|$)", headers.get("Remaining-Req", "")) is not None


def _moment_s(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
