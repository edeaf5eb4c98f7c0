"""Bytes of a feed or page to text, whatever its makers declared."""

import codecs
import re
from contextlib import suppress

# The longest first: UTF-32's begins with UTF-16's.
_BYTE_ORDER_MARKS = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF8: "utf-8"}
_BYTE_ORDER_MARKS |= {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# What calls itself EUC-KR holds syllables that only its superset CP949 has.
_KOREAN = re.compile(r"euc.?kr|ks.?c.?5601.*|korean|(?:x-)?(?:windows-|ms|cp)?949|uhc|iso-ir-149", re.IGNORECASE)
_IN_HEADER = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_IN_BODY = re.compile(rb"<(?:\?xml|meta)[^>]{0,200}?(?:encoding|charset)\s*=\s*[\"']?([\w.:-]+)")
# Python also knows "zip", "idna", "punycode" and the like: no encodings of pages, and some take quadratic time.
_FAMILIES = ("utf", "ascii", "cp", "iso", "euc", "shift_jis", "gb", "big5", "koi8")
# Web servers name these where nobody chose; they fit any bytes, so they are believed last.
_CARELESS = frozenset({"iso8859-1", "ascii", "cp1252"})


def decode(body: bytes, content_type: str) -> str:
    """Return the body as text without NUL, by byte-order mark, header, declaration and trial, in that order.

    UTF-8 that holds letters beyond the Latin ones is taken as that, whatever is declared: no other encoding looks so by
    chance. Undecodable bytes become U+FFFD where no encoding fits.
    """
    for mark, name in _BYTE_ORDER_MARKS.items():
        if body.startswith(mark):
            return body.decode(name, "replace").replace("\0", "").lstrip("\ufeff")
    declared = [name for name in map(_known, _declared(body, content_type)) if name]
    names = [name for name in declared if name not in _CARELESS] + ["utf-8", "cp949"]
    texts: dict[str, str] = {}
    for name in dict.fromkeys([*names, *declared]):
        with suppress(UnicodeError, ValueError):
            texts[name] = body.decode(name)
    if any(letter >= "\u0800" for letter in texts.get("utf-8", "")):
        return texts["utf-8"].replace("\0", "")
    tries = list(texts.values()) or [body.decode(name, "replace") for name in names]
    best = min(tries, key=lambda text: text.count("\ufffd"))
    return best.replace("\0", "")


def _declared(body: bytes, content_type: str) -> list[str]:
    found = _IN_HEADER.search(content_type)
    inside = _IN_BODY.search(body[:2_048])
    names = [found.group(1)] if found else []
    return names + ([inside.group(1).decode("ascii", "replace")] if inside else [])


def _known(name: str) -> str:
    if _KOREAN.fullmatch(name):
        return "cp949"
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    return found if found.startswith(_FAMILIES) else ""
