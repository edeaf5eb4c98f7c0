"""The words that the scorer knows, read from lexicon.tsv; what they do to each other is in composition.py.

A line is language, kind, sign, weight, weight alone and words, divided by tabs. Kinds: `metric` is a quantity, its
sign whether more of it is good, and `price` one whose way outweighs the news; `fear` is one too and swallows what is
feared (with sign 1: what is denied, as a crime is by an acquittal); `turn` moves a quantity up or down (with sign 0:
leaves it), and counts `alone` where none is named; `move` moves prices only; `ease` is a turn down that also takes
back what another word says, where it is below 0 alone only what is bad; `word` is good or bad by itself; `not` denies;
`soft` (despite), `then` (after, where the opposite follows) and `doubt` make what they govern count little, a doubt
only back to a `comma` and none beside a `why`; `break` parts clauses; `none` hides a word inside that would mislead.
Korean stems match inside a word, the longest first, and lines of language `end` are what may follow the last of them;
in English `~` adds the regular endings and `_` joins a phrase.
"""

from typing import NamedTuple

QUANTITIES = ("metric", "price", "fear")
TURNS = ("turn", "move", "ease")
KINDS = (*QUANTITIES, *TURNS, "word", "not", "soft", "doubt", "then", "why", "comma", "break", "none")


class Group(NamedTuple):
    """What the words of one line do; `sign` is -1, 0 or 1."""

    kind: str
    sign: int
    weight: float
    alone: float


class Lexicon:
    """All words, by how they are looked up.

    Arguments:
        text: the content of lexicon.tsv.
    Raises: ValueError naming the line that is wrong.
    """

    def __init__(self, text: str) -> None:
        self._korean: dict[str, Group] = {}
        self._endings: dict[str, Group] = {}
        # Phrases by their first word; what is neither Hangul nor a Latin word is a phrase of one sign.
        self._others: dict[str, tuple[tuple[tuple[str, ...], Group], ...]] = {}
        # How long stems are, the longest first, by their first syllable.
        self._lengths: dict[str, list[int]] = {}
        for number, line in enumerate(text.split("\n"), 1):
            if line and not line.startswith("#"):
                self._add(line, number)
        for word, phrases in self._others.items():
            if len(phrases) > 1:
                self._others[word] = tuple(sorted(phrases, key=lambda phrase: -len(phrase[0])))

    def _add(self, line: str, number: int) -> None:
        lang, kind, sign, weight, alone, words = (line.split("\t") + [""] * 5)[:6]
        if kind not in KINDS or lang not in ("ko", "en", "end") or not words:
            raise ValueError(f"lexicon line {number}: is not language, kind, sign, weight, weight alone and words")
        group = Group(kind, int(sign), float(weight), float(alone))
        single = (((), group),)
        for word in words.split():
            if lang == "end":
                self._endings[word] = group
            elif hangul(word):
                self._korean[word] = group
                self._lengths[word[0]] = sorted({len(word), *self._lengths.get(word[0], ())}, reverse=True)
            else:
                first, *rest = word.replace("-", "_-_").split("_") if word[0].isalpha() else word.split("_")
                # Thousands of single words share one value for each line.
                self._others[first] = self._others.get(first, ()) + (((tuple(rest), group),) if rest else single)

    def marks(self, tokens: list[str]) -> list[tuple[Group, str, int]]:
        """Return the group of each known word among the tokens, in order, the word, and its place."""
        found: list[tuple[Group, str, int]] = []
        place = 0
        while place < len(tokens):
            token, size = tokens[place], 1
            if "가" <= token[0] <= "힣":  # as hangul(), without the call
                after = tokens[place + 1] if place + 1 < len(tokens) else ""
                # 적자 전환 is the one word 적자전환, written apart, and 더 간다 the one word 더간다.
                if len(after) > 1 and token + after[:2] in self._korean:
                    token, size = token + after, 2
                found += [(group, word, place) for word, group in self.stems(token)]
            else:
                for rest, group in self._others.get(token, ()):
                    if not rest or tuple(tokens[place + 1 : place + 1 + len(rest)]) == rest:
                        size += len(rest)
                        if group.kind != "none":
                            found.append((group, " ".join((token, *rest)), place))
                        break
            place += size
        return found

    def stems(self, word: str) -> list[tuple[str, Group]]:
        """Return the stems inside one Korean word, the longest first, and what the ending makes of the last."""
        found: list[tuple[str, Group]] = []
        start = end = 0
        while start < len(word):
            for length in self._lengths.get(word[start], ()):
                group = self._korean.get(word[start : start + length])
                # One syllable alone is a stem only where a word or its ending begins: in a name it means nothing.
                if group and (length > 1 or start == end):
                    if group.kind != "none":
                        found.append((word[start : start + length], group))
                    start = end = start + length
                    break
            else:
                start += 1
        ending = self._endings.get(word[end:])
        # 급락후 and 우려속 may be written apart, 급락 후.
        if ending and (found or ending.kind in ("then", "soft")):
            found.append((word[end:], ending))
        return found


def hangul(word: str) -> bool:
    """Tell whether a word begins with a Korean syllable."""
    return "가" <= word[0] <= "힣"
