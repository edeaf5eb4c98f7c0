"""The words that the scorer knows, read from lexicon.tsv; what they do to each other is in composition.py.

A line is language, kind, sign, weight, weight alone and words, divided by tabs. Kinds: `metric` is a quantity, its
sign whether more of it is good; `fear` is one too and swallows what is feared; `turn` moves a quantity up or down, and
counts `alone` where none is named; `ease` is a turn down that also takes back what another word says; `word` is good or
bad by itself; `not` denies; `soft` (despite) makes what it governs count little; `break` parts clauses; `none` hides a
word inside that would mislead. Korean stems match inside a word, the longest first; in English `~` adds the regular
endings and `_` joins a phrase.
"""

from typing import NamedTuple

KINDS = ("metric", "fear", "turn", "ease", "word", "not", "soft", "break", "none")
QUANTITIES = ("metric", "fear")
TURNS = ("turn", "ease")


class Group(NamedTuple):
    """What the words of one line do; `sign` is -1, 0 or 1."""

    kind: str
    sign: int
    weight: float
    alone: float

    @property
    def value(self) -> float:
        """What such a word says where nothing else is near it."""
        return self.sign * (self.alone if self.kind in (*TURNS, *QUANTITIES) else self.weight)


class Lexicon:
    """All words, by how they are looked up.

    `english` has the phrases by their first word, longest first, `korean` the stems, `signs` what is neither, and
    `length_max` the longest stem by its first syllable.

    Arguments:
        text: the content of lexicon.tsv.
    Raises: ValueError naming the line that is wrong.
    """

    def __init__(self, text: str) -> None:
        self.korean: dict[str, Group] = {}
        self.english: dict[str, list[tuple[tuple[str, ...], Group]]] = {}
        self.signs: dict[str, Group] = {}
        self.length_max: dict[str, int] = {}
        for number, line in enumerate(text.split("\n"), 1):
            if line and not line.startswith("#"):
                self._add(line, number)
        for phrases in self.english.values():
            phrases.sort(key=lambda phrase: -len(phrase[0]))

    def _add(self, line: str, number: int) -> None:
        lang, kind, sign, weight, alone, words = (line.split("\t") + [""] * 5)[:6]
        if kind not in KINDS or lang not in ("ko", "en") or not words:
            raise ValueError(f"lexicon line {number}: is not language, kind, sign, weight, weight alone and words")
        group = Group(kind, int(sign), float(weight), float(alone))
        for word in words.split():
            if lang == "en":
                for phrase in forms(word):
                    first, *rest = phrase.replace("-", "_-_").split("_")
                    self.english.setdefault(first, []).append((tuple(rest), group))
            elif hangul(word):
                self.korean[word] = group
                self.length_max[word[0]] = max(len(word), self.length_max.get(word[0], 0))
            else:
                self.signs[word] = group


def hangul(word: str) -> bool:
    """Tell whether a word begins with a Korean syllable."""
    return "가" <= word[0] <= "힣"


def forms(entry: str) -> list[str]:
    """Return the words that an English entry stands for: "climb~" is climb, climbs, climbed, climbing."""
    stem, mark, rest = entry.partition("~")
    if not mark:
        return [entry]
    base = stem.removesuffix("e")
    if stem.endswith("y") and stem[-2] not in "aeou":
        return [stem + rest, f"{stem[:-1]}ies{rest}", f"{stem[:-1]}ied{rest}", f"{stem}ing{rest}"]
    plural = "es" if stem.endswith(("sh", "ch", "ss", "x")) else "s"
    return [stem + rest, f"{stem}{plural}{rest}", f"{base}ed{rest}", f"{base}ing{rest}"]
