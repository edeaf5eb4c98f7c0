"""What a headline says, by rules: direction x quantity x negation, as amounts of good and of bad evidence.

A rise of a cost is bad, a fall of a loss good; "not", "despite" and a fear that eases turn words around. Korean puts
the quantity before its verb and the denial behind it; English mostly, and the other way round with "higher costs".
"""

from collections.abc import Iterable
from typing import NamedTuple

from agent.news.lexicon import QUANTITIES, TURNS, Group, Lexicon, hangul

_UNITS = {"mn": 1e6, "mln": 1e6, "million": 1e6, "m": 1e6, "bn": 1e9, "billion": 1e9, "b": 1e9, "k": 1e3, "tn": 1e12}
_COMPARATORS = frozenset({"compared", "versus", "vs", "against"})
_CAUSES = ("에", "로", "으로", "에서")
_CONCESSIONS = ("에도", "에도불구하고")
_BREAK = Group("break", 0, 0.0, 0.0)

# How many tokens apart two words may stand to belong together.
_REACH_BACK, _REACH_AHEAD = 10, 4
_REACH_NOT = {True: 2, False: 5}
_REACH_SOFT, _REACH_CONCEDED = 6, 2
# What is left of a word that is taken back, denied, or stands after "despite".
_EASED, _DENIED, _CONCEDED = 0.8, 0.7, 0.3


class Evidence(NamedTuple):
    """How much of a headline speaks for good and for bad, and `why`, one finding each."""

    good: float
    bad: float
    why: tuple[str, ...]


class _Mark:
    """A known word at its place; `value` is what it says in the end, `share` how much of that counts."""

    __slots__ = ("group", "hangul", "note", "place", "share", "value", "word")

    def __init__(self, group: Group, word: str, place: int) -> None:
        self.group, self.word, self.place = group, word, place
        self.hangul = hangul(word)
        self.note, self.value, self.share = word, group.value, 1.0


def evidence(tokens: list[str], lexicon: Lexicon) -> Evidence:
    """Weigh a headline's tokens; Hangul is read by the Korean words, everything else by the English ones."""
    marks = _without_feared(_marks(tokens, lexicon))
    for index, mark in enumerate(marks):
        if mark.group.kind in TURNS:
            _apply_turn(marks, index)
    if not _COMPARATORS.isdisjoint(tokens):
        _apply_comparison(marks, tokens)
    for index, mark in enumerate(marks):
        if mark.group.kind == "not":
            _apply_denial(marks, index)
        elif mark.group.kind == "soft":
            _apply_concession(marks, index)
    told = [(mark.value * mark.share, mark.note) for mark in marks if mark.value]
    good = sum(value for value, _ in told if value > 0)
    bad = -sum(value for value, _ in told if value < 0)
    return Evidence(good, bad, tuple(f"{value:+.2f} {note}" for value, note in told))


def _marks(tokens: list[str], lexicon: Lexicon) -> list[_Mark]:
    marks: list[_Mark] = []
    skip = 0
    for place, token in enumerate(tokens):
        if place < skip:
            continue
        if hangul(token):
            after = tokens[place + 1] if place + 1 < len(tokens) else ""
            # 적자 전환 is the one word 적자전환, written apart.
            joined = len(token) > 1 and len(after) > 1 and token + after[:2] in lexicon.korean
            _mark_hangul(token + after if joined else token, place, marks, lexicon)
            skip = place + 2 if joined else 0
        elif token in lexicon.signs:
            marks.append(_Mark(lexicon.signs[token], token, place))
        else:
            for rest, group in lexicon.english.get(token, ()):
                skip = place + 1 + len(rest)
                if tuple(tokens[place + 1 : skip]) == rest:
                    if group.kind != "none":
                        marks.append(_Mark(group, " ".join((token, *rest)), place))
                    break
            else:
                skip = 0
    return marks


def _mark_hangul(word: str, place: int, marks: list[_Mark], lexicon: Lexicon) -> None:
    """Find the stems inside one word, the longest first, and see what the ending makes of the last."""
    start = end = 0
    found = len(marks)
    while start < len(word):
        longest = min(lexicon.length_max.get(word[start], 0), len(word) - start)
        for length in range(longest, 0, -1):
            group = lexicon.korean.get(word[start : start + length])
            # One syllable alone is a stem only where a word or its ending begins: inside a name it means nothing.
            if group and (length > 1 or start == end):
                if group.kind != "none":
                    marks.append(_Mark(group, word[start : start + length], place))
                end = start + length
                start = end - 1
                break
        start += 1
    if len(marks) == found:
        return
    ending = word[end:]
    if ending in _CONCESSIONS:
        for mark in marks[::-1]:
            if place - mark.place > _REACH_CONCEDED or mark.group.kind == "break":
                break
            mark.share = _CONCEDED
    if ending in _CONCESSIONS or ending in _CAUSES:
        marks.append(_Mark(_BREAK, ending, place))


def _without_feared(marks: list[_Mark]) -> list[_Mark]:
    """Leave out what is feared: in "금리 인상 우려" and "fears of default" only the fear is told."""
    dropped: set[int] = set()
    for index, mark in enumerate(marks):
        if mark.group.kind != "fear":
            continue
        if mark.hangul:
            other = index - 1
            while other >= 0 and marks[other + 1].place - marks[other].place <= 1 and marks[other].group is not _BREAK:
                dropped.add(other)
                other -= 1
        elif index + 1 < len(marks) and marks[index + 1].place - mark.place == 2:
            dropped.add(index + 1)
    return [mark for index, mark in enumerate(marks) if index not in dropped] if dropped else marks


def _apply_turn(marks: list[_Mark], index: int) -> None:
    turn = marks[index]
    operand = _operand(marks, index)
    if operand is None:
        return
    if operand.group.kind in QUANTITIES:
        turn.value = turn.group.sign * operand.group.sign * turn.group.weight
        turn.note = f"{turn.word} x {operand.word}"
        operand.value = 0.0
    else:
        operand.value *= turn.group.sign * _EASED
        operand.note = f"{turn.word} x {operand.note}"
        turn.value = 0.0


def _operand(marks: list[_Mark], index: int) -> _Mark | None:
    """Return what a turn turns: the nearest quantity before it, or in English the one close behind it."""
    turn = marks[index]
    kinds = (*QUANTITIES, "word", "turn") if turn.group.kind == "ease" else QUANTITIES
    before = _nearest(marks[:index][::-1], turn, _REACH_BACK, kinds)
    if turn.hangul or not turn.word[0].isalpha():
        return before
    after = _nearest(marks[index + 1 :], turn, _REACH_AHEAD, kinds)
    if after is None or before is None:
        return before or after
    closer = after.place - turn.place <= 2 < turn.place - before.place
    # "cut", "raise", "less" take an object; "fall" and "rise" have only a subject.
    return after if closer or turn.group.alone < 0.5 else before


def _nearest(marks: Iterable[_Mark], turn: _Mark, reach: int, kinds: tuple[str, ...]) -> _Mark | None:
    for mark in marks:
        kind = mark.group.kind
        if abs(mark.place - turn.place) > reach or kind in ("break", "soft"):
            return None
        if kind in QUANTITIES or (kind in kinds and mark.value):
            return mark
        if kind in TURNS:
            return None
    return None


def _apply_denial(marks: list[_Mark], index: int) -> None:
    denial = marks[index]
    for mark in marks[:index][::-1] if denial.hangul else marks[index + 1 :]:
        if abs(mark.place - denial.place) > _REACH_NOT[denial.hangul] or mark.group.kind == "break":
            return
        if mark.value:
            mark.value *= -_DENIED
            mark.note = f"{denial.word} {mark.note}"
            return


def _apply_concession(marks: list[_Mark], index: int) -> None:
    for mark in marks[index + 1 :]:
        if mark.place - marks[index].place > _REACH_SOFT:
            return
        mark.share *= _CONCEDED


def _apply_comparison(marks: list[_Mark], tokens: list[str]) -> None:
    """Read "profit was 5.1 mn, compared to 3.2 mn": no verb says which way it went, the numbers do."""
    middle = next(place for place, token in enumerate(tokens) if token in _COMPARATORS)
    metric = next((mark for mark in marks if mark.group.kind == "metric" and mark.place < middle), None)
    if metric is None or any(" x " in mark.note for mark in marks):
        return
    now = _first_amount(tokens, range(metric.place + 1, middle))
    then = _first_amount(tokens, range(middle + 1, len(tokens)))
    if now is not None and then is not None and now != then:
        metric.value = metric.group.sign * (1.0 if now > then else -1.0)
        metric.note = f"{metric.word} {now:g} after {then:g}"


def _first_amount(tokens: list[str], places: range) -> float | None:
    return next((amount for place in places if (amount := _amount(tokens, place)) is not None), None)


def _amount(tokens: list[str], place: int) -> float | None:
    """Return the number at a place in its unit, None where it is no number, a year, or a quarter."""
    digits = tokens[place].replace(",", "")
    if not digits.isascii() or not digits[:1].isdigit() or digits.count(".") > 1:
        return None
    unit = _UNITS.get(tokens[place + 1] if place + 1 < len(tokens) else "")
    value = float(digits)
    if unit is None and (value in range(1990, 2100) or (place > 0 and tokens[place - 1] == "q")):
        return None
    return value * (unit or 1.0)
