"""The moments that feeds write, in every shape seen, as seconds since 1970 UTC."""

import re
from datetime import UTC, datetime, timedelta

KOREA_S = 9 * 3600

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONES_H = {"kst": 9, "jst": 9, "cst": -6, "cdt": -5, "est": -5, "edt": -4, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_ZONES_H |= {"z": 0, "ut": 0, "utc": 0, "gmt": 0, "bst": 1, "cet": 1, "cest": 2, "hkt": 8, "sgt": 8, "asia/seoul": 9}

_SAID = re.compile(r"(\d{1,2})시(?:\s*(\d{1,2})분)?(?:\s*(\d{1,2})초)?")
_HALF = r"([ap]\.?m\.?|오전|오후)?"
_CLOCK = r"(\d{1,2}):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?"
# The day of the week may stand between.
_TIME = rf"(?:[T\s,.]*(?:\([^()]*\)|[월화수목금토일]요일)?\s*{_HALF}\s*{_CLOCK}\s*{_HALF}\s*(.*))?"
_YEAR_FIRST = r"(?P<year>\d{4})\s*[-./년]?\s*(?P<month>\d{1,2})\s*[-./월]?\s*(?P<day>\d{1,2})\s*일?"
_DAY_FIRST = r"(?:[^\W\d]+[.,\s]+)?(?P<day>\d{1,2})[\s-]+(?P<month>\d{1,2}|[a-z]{3,9})\.?[\s-]+(?P<year>\d{4}|\d\d)"
_SHAPES = [re.compile(date + _TIME, re.IGNORECASE) for date in (_YEAR_FIRST, _DAY_FIRST)]
_OFFSET = re.compile(r"(?:gmt|utc|kst)?\s*([+-])(\d{1,2}):?(\d\d)?(?!\d)", re.IGNORECASE)


def moment(text: str, zone_s: int = 0) -> float | None:
    """Read a feed's date: RFC 822 with month name or number, ISO-8601, GDELT's, or as Korean sites print them.

    Arguments:
        text: the date as written.
        zone_s: the offset from UTC, in seconds, of a date that names none that is known.
    Returns: seconds since 1970 UTC; None where the text is no date between 1990 and 2100.
    """
    plain = _SAID.sub(lambda said: ":".join(f"{int(part or 0):02}" for part in said.groups()), text.strip()[:80])
    found = next(filter(None, (shape.match(plain) for shape in _SHAPES)), None)
    if not found:
        return None
    named, year, day = found["month"].lower(), int(found["year"]), int(found["day"])
    month = int(named) if named.isdecimal() else _MONTHS.index(named[:3]) + 1 if named[:3] in _MONTHS else 0
    year += 2000 if year < 100 else 0
    before, hour, minute, second, behind, zone = found.groups()[3:]
    clock_h = int(hour or 0)
    if half := before or behind:
        clock_h = clock_h % 12 + (12 if half[0] in "pP" or half == "오후" else 0)
    try:
        # A leap second, 60, is counted as the minute's last.
        local = datetime(year, month, day, clock_h, int(minute or 0), min(int(second or 0), 59), tzinfo=UTC)
    except ValueError:
        return None
    return (local - timedelta(seconds=_offset_s(zone or "", zone_s))).timestamp() if 1990 <= year < 2100 else None


def _offset_s(zone: str, zone_s: int) -> int:
    name = zone.strip().strip("()[]").lower()
    if found := _OFFSET.match(name):
        size_s = int(found[2]) * 3600 + int(found[3] or 0) * 60
        return -size_s if found[1] == "-" else size_s
    return _ZONES_H[name] * 3600 if name in _ZONES_H else zone_s
