"""Which way a number went, where a headline names it twice: "from 3 mn to 5 mn", "3조에서 5조로"."""

import re

_UNITS = {"k": 1e3, "천": 1e3, "만": 1e4, "m": 1e6, "mn": 1e6, "mln": 1e6, "million": 1e6, "억": 1e8, "b": 1e9}
_UNITS |= {"bn": 1e9, "billion": 1e9, "조": 1e12, "tn": 1e12, "trillion": 1e12}
_ONE = r"\d[\d,]*(?:\.\d+)?\s?(?:million|billion|trillion|mln|mn|bn|tn|[kmb]\b|[조억만천])?"
# "1조 2천억" is one amount; what stands between two of them may be a currency or a few words.
_AMOUNT = rf"(?<![\d.,])({_ONE}(?:\s?\d[\d,]*[억만천])*)"
_BACKWARD = re.compile(rf"{_AMOUNT}[^\d;]{{0,40}}?\b(?:from|compared|versus|vs|against)\b[^\d;]{{0,60}}?{_AMOUNT}")
_FORWARD = re.compile(rf"\bfrom\b[^\d;]{{0,9}}{_AMOUNT}[^\d;]{{0,20}}?\bto\b[^\d;]{{0,9}}{_AMOUNT}")
_KOREAN = re.compile(rf"{_AMOUNT}[^\d;]{{0,3}}(?:에서|→|->)\s?[^\d;]{{0,3}}{_AMOUNT}")
_PART = re.compile(r"([\d,.]+)\s?([a-z조억만천]*)")


def direction(text: str) -> int:
    """Return 1 where a number became larger, -1 where it became smaller, 0 where no two are compared.

    Arguments:
        text: normalised, in lower case.
    """
    for pattern, newer in ((_FORWARD, 2), (_KOREAN, 2), (_BACKWARD, 1)):
        if found := pattern.search(text):
            now, then = _value(found[newer]), _value(found[3 - newer])
            return (now > then) - (now < then)
    return 0


def _value(amount: str) -> float:
    parts = ((digits.replace(",", "").strip("."), unit) for digits, unit in _PART.findall(amount))
    return sum(float(digits) * _UNITS.get(unit, 1.0) for digits, unit in parts if digits.count(".") <= 1 and digits)
