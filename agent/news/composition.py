"""What a headline says, by rules: direction x quantity x negation x numbers, as findings of good and bad.

A rise of a cost is bad, a fall of a loss good; "not", "despite" and a fear that eases turn words around. Korean puts
the quantity before its verb and the denial behind it; English mostly, and the other way round with "higher costs".
Where a Korean headline says which way the price itself went, that outweighs its news.
"""

from collections.abc import Iterator
from itertools import chain, pairwise

from agent.news.amounts import direction
from agent.news.lexicon import QUANTITIES, TURNS, Group, Lexicon, hangul

# How many tokens before and behind a word reaches, in Korean and in English.
_TURN_REACH = {True: (10, 1), False: (10, 4)}
_ARROWS, _ONLY_BEFORE = "↑↓▲▼", (10, 0)
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
# What begins the word of a number with a sign before it.
_SIGNED = ("-0", "+0")
# What a turn says alone that only goes on with another, and one that prices make.
_GOES_ON, _MOVES_PRICES = 0.2, 0.7
_ALONE = (*TURNS, *QUANTITIES)
_TURNED = ("turned", "priced")
# What is left of good news under which the price fell, and of bad news under which it rose.
_OUTVOTED = 0.3
_NONE = Group("none", 0, 0.0, 0.0)
_EPITHET = Group("word", -1, 0.6, 0.6)


class Mark:
    """A known word at its place; `value` is what it says in the end, `by` the word that made it say that."""

    __slots__ = ("by", "group", "hangul", "how", "operand", "place", "value", "word")

    def __init__(self, group: Group, word: str, place: int) -> None:
        self.group, self.word, self.place = group, word, place
        self.hangul = hangul(word)
        self.value = group.sign * (group.alone if group.kind in _ALONE else group.weight)
        self.how, self.by = "alone", ""
        self.operand: Mark | None = None

    def become(self, value: float, how: str, by: "Mark") -> None:
        """Say something else from now on, since another word is there; the last that changes it is named."""
        self.value, self.how, self.by = value, how, by.word


def findings(text: str, tokens: list[str], lexicon: Lexicon) -> list[Mark]:
    """Return what speaks for good or bad; Hangul is read by the Korean words, everything else by the English ones."""
    found = lexicon.marks(tokens)
    kinds = {group.kind for group, _, _ in found}
    # "Why did it fall?" doubts nothing, and a comma ends nothing but a doubt.
    idle = ("why", "doubt", "comma") if "why" in kinds or "doubt" not in kinds else ()
    marks = [Mark(*each) for each in found if each[0].kind not in idle]
    if "'" in tokens or '"' in tokens:
        _set_apart(marks, tokens)
    for step in (("fear",), TURNS, ("not", "soft", "doubt", "then")):
        for index, mark in enumerate(marks):
            if mark.group.kind in step:
                (_turn if step is TURNS else _modify)(marks, index)
    _let_numbers_decide(marks, text)
    _let_price_decide(marks)
    return [mark for mark in marks if mark.value]


def _let_numbers_decide(marks: list[Mark], text: str) -> None:
    """Let numbers that are compared say which way a quantity went, where no verb does or a loss is among them."""
    for signed in [mark for mark in marks if mark.word.startswith(_SIGNED)]:
        if any(mark.operand is signed.operand and not mark.word.startswith(_SIGNED) for mark in marks):
            signed.value *= signed.operand is None  # "성장률 -0.9%로 상향": the verb knows better
    metric = next((mark for mark in marks if mark.group.kind in ("metric", "price")), None)
    turned = any(mark.how in _TURNED for mark in marks)
    went, is_loss = direction(text) if metric and (not turned or "loss" in text) else (0, False)
    # "Profit was 5.1 mn, compared to 3.2 mn": no verb says which way it went, the numbers do. Where a profit slipped
    # "to a loss of 1 mn" they know better than the verb.
    if metric and went and (is_loss or not turned):
        for mark in marks if is_loss else ():
            mark.value *= mark.how not in _TURNED and mark.group.kind != "metric"
        metric.value, metric.how = went * (1.0 if is_loss else metric.group.sign), "numbers"


def _let_price_decide(marks: list[Mark]) -> None:
    """Let the price's own way outweigh its news: "흑자 달성…주가는 급락" is bad, and "호실적에도 주가 보합" little."""
    prices = {_sign(mark.value): mark for mark in marks if mark.how == "priced"}
    if 0 not in prices and len(prices) != 1:
        return
    way = 0 if 0 in prices else next(iter(prices))
    for mark in marks:
        if mark.value and _sign(mark.value) != way:
            mark.become(mark.value * _OUTVOTED, mark.how, prices[way])


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _set_apart(marks: list[Mark], tokens: list[str]) -> None:
    """Let a bad quantity stand for itself where it is quoted as what a company is: "'적자' 가온전자 급락"."""
    for mark, after in pairwise(marks):
        if mark.hangul and mark.group.kind == "metric" and mark.value < 0 and after.place > mark.place + 2:
            quotes = tokens[max(mark.place - 1, 0) : mark.place + 2 : 2]
            if quotes in (["'", "'"], ['"', '"']):
                mark.group = _EPITHET


def _near(marks: list[Mark], index: int, step: int, reach: int) -> Iterator[Mark]:
    """Yield the marks before (-1) or behind (1) one, the nearest first, in its own part of the sentence."""
    # "코스피 급락, 바닥은 어디?" doubts the bottom only.
    ends = ("break", "soft", "comma") if marks[index].group.kind == "doubt" else ("break", "soft")
    for mark in marks[index + 1 :] if step > 0 else reversed(marks[:index]):
        if mark.group.kind in ends or abs(mark.place - marks[index].place) > reach:
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
    if turn.how in _TURNED:
        return  # "erases gains": taken back, it moves nothing
    if turn.group.kind == "move" and not turn.group.sign:
        turn.how = "priced"  # "혼조" says by itself that it is the price
        return
    only_before = turn.word in _ARROWS or turn.group.kind == "move"
    reaches = _ONLY_BEFORE if only_before else _TURN_REACH[turn.hangul]
    before, behind = (
        _operand(turn, _near(marks, index, step, reach)) for step, reach in zip((-1, 1), reaches, strict=True)
    )
    operand = before or behind
    if before and behind and not turn.hangul:
        closer = behind.place - turn.place <= 2 < turn.place - before.place
        # "cut", "raise", "less" take an object; "fall" and "rise" have only a subject.
        operand = behind if closer or turn.group.alone < 0.5 else before
    operand = operand or (_told_before(marks, index) or _price_before(marks, index) if turn.hangul else None)
    if operand is None:
        return
    turn.operand = operand
    if operand.group.kind in QUANTITIES:
        how = "priced" if operand.group.kind == "price" else "turned"
        turn.become(turn.group.sign * operand.group.sign * turn.group.weight, how, operand)
        operand.value = 0.0
    else:
        operand.become(operand.value * turn.group.sign * _EASED, "turned", turn)
        turn.value = 0.0


def _told_before(marks: list[Mark], index: int) -> Mark | None:
    """Return what moved the same way in the part before: "물가 8% 올라…30년 만에 최고" says both of one quantity."""
    if marks[index].group.kind == "move":
        return None
    told = [mark for mark in marks[:index] if mark.group.kind != "then"][-2:]
    is_one = len(told) == 2 and told[1].word == "…" and told[0].group.sign == marks[index].group.sign
    return told[0].operand if is_one else None


def _price_before(marks: list[Mark], index: int) -> Mark | None:
    """Return the price whose news stands between it and its move: "코스피, 긴축 우려에 하락"."""
    if abs(marks[index].group.alone) < _MOVES_PRICES:
        return None
    for mark in reversed(marks[:index]):
        if mark.group.kind == "price" or not mark.hangul:
            return mark if mark.hangul else None
    return None


def _operand(turn: Mark, near: Iterator[Mark]) -> Mark | None:
    # A share's "강세" moves no sales. What is good gives no chance, what is bad does: "급락은 매수 기회".
    moved = ("price",) if turn.group.kind == "move" else QUANTITIES
    is_chance = turn.group.alone < 0
    goes_on = turn.hangul and turn.group.kind == "turn" and turn.group.alone < _GOES_ON
    for mark in near:
        kind = mark.group.kind
        if kind in QUANTITIES:
            # What spreads or deepens is no price, unless the price stands at its side.
            is_far = goes_on and kind == "price" and turn.place - mark.place > 2
            # A "-2%하락폭" is no rise: the sign says what the word behind it says.
            is_far |= turn.word.startswith(_SIGNED) and mark.word.endswith("폭") and mark.place > turn.place
            if kind in moved and not is_far and not (is_chance and mark.group.sign > 0):
                return mark
            continue
        # What eases also takes back what is no quantity, as in "하락 진정"; what fails only what is good.
        if turn.group.kind == "ease" and kind in ("word", *TURNS) and (mark.value > 0 or turn.group.alone < 0.3):
            return None if is_chance and mark.value > 0 else mark
        if kind in TURNS:
            if goes_on:
                return None  # "하락 지속", "하락 심화": it goes on, whatever it is
            # "Claims jump to highest in months": both say it of one quantity. "하락세 끊고 상승" does not.
            is_over = turn.hangul and mark.group.kind == "ease" and turn.group.sign > 0
            is_one = mark.operand is not None and mark.operand.group.kind in moved
            return mark.operand if is_one and not is_over else None
    return None
