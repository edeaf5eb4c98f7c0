"""Time as moss sees it: a clock that is passed in, and the one form in which a moment is written.

Inside the program a moment is a number of seconds since 1970 UTC; in a record it is RFC 3339, UTC, milliseconds, `Z`.
"""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Protocol

MINUTE_S = 60
HOUR_S = 3_600
DAY_S = 86_400
OFFSET = "[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00"
OFFSETS = "such as +09:00, between -14:00 and +14:00"


class Clock(Protocol):
    """What every part that needs the time is given."""

    def now_s(self) -> float:
        """Return the wall clock's seconds since 1970 UTC."""

    def monotonic_s(self) -> float:
        """Return seconds that never run backward, for measuring how long something took."""

    def sleep_s(self, duration_s: float) -> None:
        """Wait that many of this clock's seconds, or less if a stop is asked for."""


class SystemClock:
    """The machine's own clock.

    Arguments:
        wait: what sleeps, in real seconds; the scripts pass one that a signal ends early.
    """

    def __init__(self, wait: Callable[[float], object] = time.sleep) -> None:
        self._wait = wait

    def now_s(self) -> float:
        return time.time()

    def monotonic_s(self) -> float:
        return time.monotonic()

    def sleep_s(self, duration_s: float) -> None:
        self._wait(max(0.0, duration_s))


@lru_cache(8)
def timestamp(moment_s: float) -> str:
    """Write a moment the way every record does.

    Arguments:
        moment_s: seconds since 1970 UTC.
    Returns: such as "2026-11-21T07:31:00.000Z".
    """
    hour, of_hour_ms = divmod(int(moment_s * 1000 + 0.5), HOUR_S * 1000)
    second, millisecond = divmod(of_hour_ms, 1000)
    return f"{_hour(hour)}{second // 60:02d}:{second % 60:02d}.{millisecond:03d}Z"


@lru_cache(4)
def _hour(hour: int) -> str:
    # The records of one hour have one beginning, and working it out is most of what writing a moment costs.
    return f"{datetime.fromtimestamp(hour * HOUR_S, UTC):%Y-%m-%dT%H:}"


def seconds(text: str) -> float:
    """Read a moment back from a record or from ISO-8601 text; one without an offset is UTC.

    Raises: ValueError when the text is no moment.
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def zone(text: str) -> timezone:
    """Turn an offset such as "+09:00" into a zone; named zones would cost memory and Korea has no summer time.

    Raises: ValueError when the text is no offset of at most 14 hours.
    """
    if not re.fullmatch(OFFSET, text):
        raise ValueError(f"{text!r} is no offset {OFFSETS}")
    return timezone(timedelta(hours=int(text[:3]), minutes=int(text[0] + text[4:])))
