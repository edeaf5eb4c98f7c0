"""What an answer's headers say about when to ask: Retry-After, Remaining-Req, Date; None where they make no sense."""

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
    if text.isascii() and text.isdecimal():
        wait_s = float(text)
    else:
        moment_s = _moment_s(text)
        if moment_s is None:
            return None
        server_s = server_time_s(headers)
        wait_s = moment_s - (now_s if server_s is None else server_s)
    return min(wait_s, TOLD_WAIT_S_MAX) if wait_s > 0 else None


def remaining_requests(headers: Mapping[str, str]) -> int | None:
    """Return how many requests the rest of this second allows, as in `group=candles; min=600; sec=9`."""
    for part in headers.get("Remaining-Req", "").split(";"):
        key, _, value = part.partition("=")
        value = value.strip()
        if key.strip() == "sec" and value.isascii() and value.isdecimal():
            return int(value[:9])
    return None


def _moment_s(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
