"""Minutes as records write them, each a text of 16 letters: as moments, and cut where cells end."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from operator import lt

from agent.clock import MINUTE_S, seconds

_HOUR = slice(13)
_MINUTE = slice(14, 16)

# Of some minutes those of one cell: from which to which, and when the first and the last of them begin.
Part = tuple[int, int, float, float]


def minute_s(text: bytes) -> float:
    """Return the moment at which a minute begins; raises ValueError where there is no such hour."""
    return hour_s(text[_HOUR]) + MINUTE_S * int(text[_MINUTE])


@lru_cache(64)
def hour_s(hour: bytes) -> float:
    """Return the moment at which an hour begins; nearly all lines of a file are of one day."""
    if hour[11:] > b"23":
        raise ValueError("no hour")
    return seconds(f"{hour.decode()}:00:00Z")


def is_rising(minutes: Sequence[bytes]) -> bool:
    """Tell whether each minute is later than the one before."""
    return all(map(lt, minutes, minutes[1:]))


def each(minutes: Sequence[bytes]) -> list[Part]:
    """Return every minute as a part of its own; raises ValueError when one is none."""
    return [(at, at + 1, begin_s, begin_s) for at, begin_s in enumerate(map(minute_s, minutes))]


def parts(minutes: Sequence[bytes], cell_s: int) -> list[Part]:
    """Cut rising minutes where cells end, which they do with the hour at the latest.

    Raises: ValueError when one is none.
    """
    found: list[Part] = []
    begin, width = 0, cell_s // MINUTE_S
    while begin < len(minutes):
        minute = minutes[begin]
        first, begin_s = int(minute[_MINUTE]), hour_s(minute[_HOUR])
        # What rises and stays below this text is of the same hour, so it needs no look of its own.
        end = bisect_left(minutes, b"%b%02d" % (minute[:14], first // width * width + width), begin)
        found.append((begin, end, begin_s + MINUTE_S * first, begin_s + MINUTE_S * int(minutes[end - 1][_MINUTE])))
        begin = end
    return found
