"""Headline text as every later stage wants it: one normal form, one folded form, its language, its tokens."""

import re
import unicodedata

LENGTH_MAX = 1_000
"""Letters of a text that count; no headline is longer, and what hostile bytes may cost stays bounded."""

_STRAIGHT = str.maketrans(
    {0x3000: " ", 0x00A0: " ", 0x2018: "'", 0x2019: "'", 0x201A: "'", 0x201B: "'", 0x2032: "'", 0x201C: '"'}
    | {0x201D: '"', 0x201E: '"', 0x2033: '"', 0x2010: "-", 0x2011: "-", 0x2212: "-"}
    | {letter: letter - 0xFEE0 for letter in range(0xFF01, 0xFF5F)}
)
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
# Format characters, surrogates and variation selectors: never seen, and they tell equal titles apart.
_UNSEEN = re.compile(
    "[\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
_TAG = r"\[[^\[\]]{1,20}\]"
_TAGS = re.compile(rf"^(?:\s*{_TAG})+|(?:\s*(?:{_TAG}|\((?:종합|상보|속보|1보|2보)[^()]{{0,6}}\)))+$")
# What makes one story another: letters, digits, a decimal point, a sign before a number, an arrow.
_KERNEL = re.compile(r"(?<!\w)[+-](?=\d)|(?<=\d)\.(?=\d)|[\w%↑↓▲▼]+")
_SCRIPTS = [re.compile(letters) for letters in ("[가-힣]", "[A-Za-z]", "[\u3040-\u30ff]", "[\u4e00-\u9fff]")]
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_TOKEN = re.compile(r"[a-z]+|(?:(?<![\w%])[+-])?0|[가-힣]+|[^\s\w]|\w")
_NOT = re.compile(r"\b(ca|wo|is|are|was|were|do|does|did|has|have|had|could|would|should)n't\b")


def normalise(text: str) -> str:
    """Return the text in one line and one form: NFC, no full-width or unseen letters, straight quotes, single spaces.

    Cost: about 1 µs for ASCII, 5 µs for a Korean headline; only the first LENGTH_MAX letters are kept.
    """
    text = text[:LENGTH_MAX]
    if not text.isascii():
        text = unicodedata.normalize("NFC", _UNSEEN.sub("", text).translate(_STRAIGHT))
    return _SPACES.sub(" ", text).strip()


def fold(text: str) -> str:
    """Return what two prints of one title share: no case, spacing, quotes, or section tags such as [속보] or (종합)."""
    plain = normalise(text).casefold()
    return "".join(_KERNEL.findall(_TAGS.sub("", plain))) or "".join(_KERNEL.findall(plain)) or plain


def language(text: str) -> str:
    """Tell the language by its script: "ko", "ja", "zh", "en" for Latin letters, else "und"."""
    if text.isascii():
        return "en" if any(letter.isalpha() for letter in text) else "und"
    hangul, latin, kana, han = (len(script.findall(text)) for script in _SCRIPTS)
    # A syllable says about as much as two or three letters, and Korean headlines are full of Latin names.
    if hangul * 3 >= latin and hangul:
        return "ko"
    return "ja" if kana else "zh" if han > latin else "en" if latin else "und"


def tokens(plain: str) -> list[str]:
    """Split a normalised lower-case text into words, runs of Hangul and single signs; any number is "0", or "+0", "-0".

    Cost: about 5 µs a headline.
    """
    plain = _NUMBER.sub("0", plain)
    return _TOKEN.findall(_NOT.sub(r"\1 not", plain) if "n't" in plain else plain)
