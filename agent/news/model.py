"""A headline to three probabilities: what the rules of composition find, and a hashed linear model beside them.

model.bin holds what `make model` learned: a head of little-endian floats (the step of the int8 numbers, then the two
weights of each of FEATURES, towards bad and towards good), then two int8 numbers for each bucket. All are logits beside
neutral, which has 0.
"""

import struct
from collections.abc import Iterable
from math import exp, sqrt
from typing import NamedTuple
from zlib import crc32

from agent.news.composition import Mark, findings
from agent.news.lexicon import Lexicon, hangul
from agent.news.text import language, normalise, tokens

BUCKETS = 1 << 17
_KINDS = ("turn", "move", "ease", "metric", "price", "fear", "word")
_HOWS = ("alone", "turned", "priced", "modified", "numbers")
_FOUND = [f"{kind} {how} {sign}" for kind in _KINDS for how in _HOWS for sign in ("good", "bad")]
FEATURES = [f"{lang} {what}" for lang in ("en", "ko") for what in ("headline", *_FOUND)]
"""What a headline has: being one of its language, and kinds of findings."""
HEAD = struct.Struct(f"<{1 + 2 * len(FEATURES)}f")

# Findings of one kind beyond this say nothing new.
_VALUE_MAX = 2.0
# What the hash of an ending begins with, so that it is another one than the word's own.
_END = crc32(b"end")
# Words whose weights are kept for the headlines to come, at most.
_KEPT_MAX = 2_048

# Towards bad, towards good, and of how many buckets.
_Sums = tuple[int, int, int]
_NO_END: _Sums = (0, 0, 0)


class Score(NamedTuple):
    """Three probabilities that add up to 1, four places each, and `score`, p_pos - p_neg."""

    score: float
    p_neg: float
    p_neu: float
    p_pos: float
    lang: str


class Scorer:
    """Scores headlines; the same text gives the same score as long as `model` is the same.

    Arguments:
        lexicon: the content of lexicon.tsv.
        learned: that of model.bin, any buffer; only what is looked up in it is read.
    Raises: ValueError where they are something else.
    """

    def __init__(self, lexicon: bytes, learned: memoryview) -> None:
        if len(learned) != HEAD.size + 2 * BUCKETS:
            raise ValueError(f"model.bin has {len(learned)} bytes, not {HEAD.size + 2 * BUCKETS}")
        self.model = f"{crc32(learned, crc32(lexicon)):08x}"
        self.lexicon = Lexicon(lexicon.decode())
        self._step, *weights = HEAD.unpack(learned[: HEAD.size])
        self.weights = dict(zip(FEATURES, zip(weights[::2], weights[1::2], strict=True), strict=True))
        self._table = learned[HEAD.size :].cast("b")
        self._kept: dict[str, tuple[int, int, int, int, _Sums]] = {}

    def score(self, text: str, lang: str | None = None) -> Score:
        """Score one headline.

        Arguments:
            text: as it came; it is normalised here.
            lang: what is known of its language, "" or None to tell it by its script.
        Cost: about 40 µs.
        """
        plain = normalise(text).lower()
        words = tokens(plain)
        spoken = lang or language(plain)
        if not words:
            return Score(0.0, 0.0, 1.0, 0.0, spoken)
        bad, good = self.learned(apart(words, spoken))
        for name, value in features(findings(plain, words, self.lexicon), spoken).items():
            to_bad, to_good = self.weights[name]
            bad, good = bad + to_bad * value, good + to_good * value
        # exp() of more has no number.
        up, down = exp(min(good, 700.0)), exp(min(bad, 700.0))
        p_neg, p_pos = round(down / (1 + up + down), 4), round(up / (1 + up + down), 4)
        # Adding zero makes one of minus zero.
        return Score(round(p_pos - p_neg, 4), p_neg, round(1 - p_neg - p_pos, 4) + 0.0, p_pos, spoken)

    def learned(self, words: list[str]) -> tuple[float, float]:
        """Return what the hashed model says of words: towards bad, and towards good."""
        table, kept = self._table, self._kept
        bad = good = count = before = 0
        last = last_but_one = _NO_END
        for word in words:
            known = kept.get(word)
            if known is None:
                known = kept[word] = self._known(word)
                if len(kept) > _KEPT_MAX:
                    kept.clear()
            pair = 2 * (crc32(known[3].to_bytes(4), before) % BUCKETS)
            bad += known[0] + table[pair]
            good += known[1] + table[pair + 1]
            count += known[2] + 1
            before = known[3]
            if known[4][2]:
                last, last_but_one = known[4], last
        for end in (last, last_but_one):
            bad, good, count = bad + end[0], good + end[1], count + end[2]
        scale = self._step / sqrt(count)
        return bad * scale, good * scale

    def shares(self, words: list[str]) -> dict[str, tuple[float, float]]:
        """Return what each word by itself adds to what `learned` says of them all."""
        known = [self._known(word) for word in words]
        ends = [each[4][2] for each in known if each[4][2]]
        scale = self._step / sqrt(sum(each[2] + 1 for each in known) + sum(ends[-2:])) if known else 0.0
        found: dict[str, tuple[float, float]] = {}
        for word, each in zip(words, known, strict=True):
            bad, good = found.get(word, (0.0, 0.0))
            found[word] = bad + each[0] * scale, good + each[1] * scale
        return found

    def _known(self, word: str) -> tuple[int, int, int, int, _Sums]:
        hashes = grams(word)
        bad, good, count = self._sums(hashes)
        ends = ending(word)
        return bad, good, count, hashes[0], self._sums(ends) if ends else _NO_END

    def _sums(self, hashes: list[int]) -> _Sums:
        table = self._table
        bad = good = 0
        for each in hashes:
            pair = 2 * (each % BUCKETS)
            bad += table[pair]
            good += table[pair + 1]
        return bad, good, len(hashes)


def features(found: Iterable[Mark], lang: str) -> dict[str, float]:
    """Return which of FEATURES a headline has, and how much of each."""
    values = {f"{'ko' if lang == 'ko' else 'en'} headline": 1.0}
    for mark in found:
        sign = "good" if mark.value > 0 else "bad"
        name = f"{'ko' if mark.hangul else 'en'} {mark.group.kind} {mark.how} {sign}"
        values[name] = min(values.get(name, 0.0) + abs(mark.value), _VALUE_MAX)
    return values


def apart(words: list[str], lang: str) -> list[str]:
    """Return the words as they are hashed: a sign or a number in Korean teaches nothing about one in English."""
    return [word if word[0].isalpha() else " " + word for word in words] if lang == "ko" else words


def ending(word: str) -> list[int]:
    """Return the hashes of a Korean word that is one of the last two of a headline, where its verb is; else none."""
    raw = word.encode()
    return [crc32(raw, _END), crc32(raw[-6:], _END)] if hangul(word) else []


def grams(word: str) -> list[int]:
    """Return the hashes of a word and of its parts, the word first.

    English is cut into four letters, ends marked; Korean into two and three syllables, often words themselves.
    """
    raw = word.encode()
    if hangul(word):
        # A syllable is three bytes.
        parts = [raw[at : at + size] for size in (6, 9) if size < len(raw) for at in range(0, len(raw) - size + 1, 3)]
    else:
        edged = b"<%b>" % raw if len(word) > 3 else b""
        parts = [edged[at : at + 4] + b"~" for at in range(len(edged) - 3)]
    return [crc32(raw), *map(crc32, parts)]
