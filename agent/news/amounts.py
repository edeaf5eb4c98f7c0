"""Which way a number went, where a headline names it twice: "3 mn, up from 2", "a loss of 2 vs 4", "3조에서 5조로"."""

import re
from itertools import pairwise

_UNITS = {"k": 1e3, "천": 1e3, "만": 1e4, "m": 1e6, "mn": 1e6, "mln": 1e6, "million": 1e6, "억": 1e8, "b": 1e9}
_UNITS |= {"bn": 1e9, "billion": 1e9, "조": 1e12, "tn": 1e12, "trillion": 1e12}
_UNIT = r"\s?(?:million|billion|trillion|mln|mn|bn|tn|[kmb]\b|[조억만천])"
# Groups: the currency, a minus, the number with its unit, whether it has one, a per cent. "1조 2천억" is one amount.
_AMOUNT = re.compile(
    rf"(?<![\da-z.,])((?:eur|usd|sek|dkk|nok|gbp)\s?|[$€£₩])?(-\s?)?"
    rf"(\d[\d,]*(?:\s?\.\d+)?({_UNIT}(?:\s?\d[\d,]*[억만천])*)?)(\s?%)?"
)
_YEAR = re.compile(r"(?:19|20)\d\d|\d{1,2}:")
_PART = re.compile(r"([\d,.]+)\s?([a-z조억만천]*)")
_SAID = re.compile(r"\b(?:(loss|losses|deficit|negative)|profits?|income|earnings)\b")
# What stands between a number and what it was before; and, where "from" comes first, what it became.
_WAS = re.compile(r"[^;]{0,60}\b(?:from|compared|versus|vs|against)\b[^;]{0,60}|\s?\(\s?")
_BECAME = re.compile(r"[^\d;]{0,20}\bto\b[^\d;]{0,9}|[^\d;]{0,3}(?:에서|→|->)[^\d;]{0,4}")


def direction(text: str) -> tuple[int, bool]:
    """Return 1 where a number became larger, -1 smaller, 0 where no two are compared; and whether one is a loss.

    Arguments:
        text: normalised, in lower case.
    """
    found = [each for each in _AMOUNT.finditer(text) if not _YEAR.fullmatch(each[0])]
    # Beside amounts a bare number is a day or a count.
    plain = [each for each in found if each[1] or each[4] or each[5] or "." in each[3]]
    found = plain if len(plain) > 1 else found
    for is_share in (False, True):
        for one, other in pairwise(each for each in found if bool(each[5]) == is_share):
            between = text[one.end() : other.start()]
            is_first = bool(_BECAME.fullmatch(between)) and ("to" not in between or "from" in text[: one.start()][-12:])
            if is_first or (_WAS.fullmatch(between) and ("(" not in between or one[1] == other[1])):
                loss = _loss(text[: one.start()], default=False)
                now, then = _value(one, is_loss=loss), _value(other, is_loss=_loss(between, default=loss))
                went = (now > then) - (now < then)
                return (-went if is_first else went), min(now, then) < 0
    return 0, False


def _loss(words: str, *, default: bool) -> bool:
    said = _SAID.findall(words[-60:])
    return bool(said[-1]) if said else default


def _value(amount: re.Match[str], *, is_loss: bool) -> float:
    parts = ((digits.replace(",", "").strip("."), unit) for digits, unit in _PART.findall(amount[3].replace(" .", ".")))
    size = sum(float(digits) * _UNITS.get(unit, 1.0) for digits, unit in parts if digits)
    return -size if is_loss or amount[2] else size
