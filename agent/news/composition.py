"""What a headline says, by rules: direction x quantity x negation x numbers, as findings of good and bad.

A rise of a cost is bad, a fall of a loss good; "not", "despite" and a fear that eases turn words around. Korean puts
the quantity before its verb and the denial behind it; English mostly, and the other way round with "higher costs".
"""

from collections.abc import Iterator
from itertools import chain, pairwise

from agent.news.amounts import direction
from agent.news.lexicon import QUANTITIES, TURNS, Group, Lexicon, hangul

# How many tokens before and behind a word reaches, in Korean and in English.
_TURN_REACH = {True: (10, 1), False: (10, 4)}
# What others do to what they reach: a factor, and how far before and behind in Korean and in English. A fear swallows
# what is feared ("금리 인상 우려", "fears of default"), a denial turns only the nearest around.
_MODIFIERS = {
    "fear": (0.0, (2, 0), (1, 2)),
    "not": (-0.7, (2, 0), (0, 5)),
    "soft": (0.3, (2, 0), (0, 6)),
    "doubt": (0.3, (8, 0), (12, 0)),
    "then": (0.2, (3, 0), (0, 0)),
}
_EASED = 0.8
_NONE = Group("none", 0, 0.0, 0.0)
_EPITHET = Group("word", -1, 0.6, 0.6)


class Mark:
    """A known word at its place; `value` is what it says in the end, `by` the word that made it say that."""

    __slots__ = ("by", "group", "hangul", "how", "operand", "place", "value", "word")

    def __init__(self, group: Group, word: str, place: int) -> None:
        self.group, self.word, self.place = group, word, place
        self.hangul = hangul(word)
        self.value = group.sign * (group.alone if group.kind in (*TURNS, *QUANTITIES) else group.weight)
        self.how, self.by = "alone", ""
        self.operand: Mark | None = None

    def become(self, value: float, how: str, by: "Mark") -> None:
        self.value, self.how, self.by = value, how, by.word


def findings(text: str, tokens: list[str], lexicon: Lexicon) -> list[Mark]:
    """Return what speaks for good or bad; Hangul is read by the Korean words, everything else by the English ones."""
    marks = [Mark(*found) for found in lexicon.marks(tokens)]
    if "'" in tokens or '"' in tokens:
        _set_apart(marks, tokens)
    for step in (("fear",), TURNS, ("not", "soft", "doubt", "then")):
        for index, mark in enumerate(marks):
            if mark.group.kind in step:
                (_turn if step is TURNS else _modify)(marks, index)
    metric = next((mark for mark in marks if mark.group.kind == "metric"), None)
    turned = any(mark.how == "turned" for mark in marks)
    went, is_loss = direction(text) if metric and (not turned or "loss" in text) else (0, False)
    # "Profit was 5.1 mn, compared to 3.2 mn": no verb says which way it went, the numbers do. Where a profit slipped
    # "to a loss of 1 mn" they know better than the verb.
    if metric and went and (is_loss or not turned):
        for mark in marks if is_loss else ():
            mark.value *= mark.how != "turned" and mark.group.kind != "metric"
        metric.value, metric.how = went * (1.0 if is_loss else metric.group.sign), "numbers"
    return [mark for mark in marks if mark.value]


def _set_apart(marks: list[Mark], tokens: list[str]) -> None:
    """Let a bad quantity stand for itself where it is quoted as what a company is: "'적자' 가온전자 급락"."""
    for mark, after in pairwise(marks):
        if mark.hangul and mark.group.kind == "metric" and mark.value < 0 and after.place > mark.place + 2:
            quotes = tokens[max(mark.place - 1, 0) : mark.place + 2 : 2]
            if quotes in (["'", "'"], ['"', '"']):
                mark.group = _EPITHET


def _near(marks: list[Mark], index: int, step: int, reach: int) -> Iterator[Mark]:
    """Yield the marks before (-1) or behind (1) one, the nearest first, in its own part of the sentence."""
    for mark in marks[index + 1 :] if step > 0 else reversed(marks[:index]):
        if abs(mark.place - marks[index].place) > reach or mark.group.kind in ("break", "soft"):
            return
        yield mark


def _modify(marks: list[Mark], index: int) -> None:
    mark = marks[index]
    factor, korean, english = _MODIFIERS[mark.group.kind]
    before, behind = korean if mark.hangul else english
    for near in chain(_near(marks, index, -1, before), _near(marks, index, 1, behind)):
        if factor == 0:
            # "Fears ease": what follows at once is no part of what is feared.
            if near.group.kind in TURNS and near.place == mark.place + 1:
                return
            near.group = _NONE
        # "급락 하루 만에 반등", but not "급등해 5년 만에 최고".
        holds = mark.group.kind != "then" or any(near.value * later.value < 0 for later in marks[index + 1 :])
        if near.value and holds:
            near.become(near.value * factor, "modified", mark)
            if factor < 0:
                return


def _turn(marks: list[Mark], index: int) -> None:
    """Apply a direction to its quantity: the nearest before it, or the one close behind it."""
    turn = marks[index]
    if turn.how == "turned":
        return  # "erases gains": taken back, it moves nothing
    before, behind = (
        _operand(turn, _near(marks, index, step, reach))
        for step, reach in zip((-1, 1), _TURN_REACH[turn.hangul], strict=True)
    )
    operand = before or behind
    if before and behind and not turn.hangul:
        closer = behind.place - turn.place <= 2 < turn.place - before.place
        # "cut", "raise", "less" take an object; "fall" and "rise" have only a subject.
        operand = behind if closer or turn.group.alone < 0.5 else before
    operand = operand or (_told_before(marks, index) if turn.hangul else None)
    if operand is None:
        return
    turn.operand = operand
    if operand.group.kind in QUANTITIES:
        turn.become(turn.group.sign * operand.group.sign * turn.group.weight, "turned", operand)
        operand.value = 0.0
    else:
        operand.become(operand.value * turn.group.sign * _EASED, "turned", turn)
        turn.value = 0.0


def _told_before(marks: list[Mark], index: int) -> Mark | None:
    """Return what moved the same way in the part before: "물가 8% 올라…30년 만에 최고" says both of one quantity."""
    told = [mark for mark in marks[:index] if mark.group.kind != "then"][-2:]
    is_one = len(told) == 2 and told[1].word == "…" and told[0].group.sign == marks[index].group.sign
    return told[0].operand if is_one else None


def _operand(turn: Mark, near: Iterator[Mark]) -> Mark | None:
    for mark in near:
        kind = mark.group.kind
        if kind in QUANTITIES:
            return mark
        # What eases also takes back what is no quantity, as in "하락 진정"; what fails only what is good.
        if turn.group.kind == "ease" and kind in ("word", "turn") and (mark.value > 0 or turn.group.alone < 0.3):
            return mark
        if kind in TURNS:
            # "Claims jump to highest in months": both say it of one quantity. "하락세 끊고 상승" does not.
            is_over = turn.hangul and mark.group.kind == "ease" and turn.group.sign > 0
            return None if is_over else mark.operand
    return None
