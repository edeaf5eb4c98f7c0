"""Minimal pairs: headlines that differ in their direction only, out of a grammar of their own, in both languages."""

from collections.abc import Iterator
from itertools import product

import sentiment

SCORER = sentiment.scorer()
RIGHT_MIN = 0.90

# Who, then what more of is good or bad, then what it did: each triple is (what, sign).
_WHO = ("Talmere Group", "Osric Bank", "The shipbuilder", "Lindqvist Oyj")
_GOODS = ("quarterly profit", "net sales", "order intake", "revenue", "operating margin", "dividend", "market share")
_BADS = ("net loss", "costs", "debt", "bad loans", "unemployment claims", "operating expenses")
_WENT = (
    ("rose to 12 mn from 9 mn", "fell to 9 mn from 12 mn"),
    ("increased sharply", "decreased sharply"),
    ("climbed 8%", "dropped 8%"),
    ("surged", "plunged"),
    ("was higher than a year ago", "was lower than a year ago"),
)
_WHOLE = (
    ("{0} beats expectations", "{0} misses expectations"),
    ("{0} upgraded by analysts", "{0} downgraded by analysts"),
    ("{0} raises full-year guidance", "{0} lowers full-year guidance"),
    ("{0} shares jump after results", "{0} shares tumble after results"),
    ("{0} swings to profit", "{0} swings to loss"),
    ("{0} wins lawsuit", "{0} loses lawsuit"),
    ("{0} cuts costs", "{0} cuts dividend"),
    ("Worries about {0} ease", "Worries about {0} grow"),
    ("{0} does not expect losses", "{0} does not expect profits"),
    ("{0} avoids bankruptcy", "{0} nears bankruptcy"),
    ("{0} shares erase losses", "{0} shares erase gains"),
    ("{0} shares pare early losses", "{0} shares give up early gains"),
    ("{0} snaps losing streak", "{0} snaps winning streak"),
    ("SEC drops lawsuit against {0}", "SEC files lawsuit against {0}"),
    ("Regulator grants {0} approval", "Regulator rejects approval of {0} drug"),
    ("Rate hopes push {0} shares up", "Rate fears push {0} shares down"),
    ("Profit hopes lift {0} shares", "Debt fears drag {0} shares down"),
)
_COMPANIES = ("한들전자", "소담은행", "누비해운", "아침제약")
_GOOD_NOUNS = ("영업이익", "매출", "수주", "순이익", "배당", "시장 점유율", "수출")
_BAD_NOUNS = ("적자", "비용", "부채", "연체율", "손실", "실업률")
_MOVES = (
    ("급증", "급감"),
    ("20% 증가", "20% 감소"),
    ("늘었다", "줄었다"),
    ("상승", "하락"),
    ("3조에서 5조로 늘어", "5조에서 3조로 줄어"),
)
_SENTENCES = (
    ("{0} 주가 급등", "{0} 주가 급락"),
    ("{0} 목표가 상향", "{0} 목표가 하향"),
    ("{0}, 흑자 전환", "{0}, 적자 전환"),
    ("{0}, 시장 기대치 상회", "{0}, 시장 기대치 하회"),
    ("{0} 투자의견 '매수'로 상향", "{0} 투자의견 '중립'으로 하향"),
    ("{0} 신용등급 상향", "{0} 신용등급 강등"),
    ("{0}, 실적 개선 전망", "{0}, 실적 악화 전망"),
    ("{0} 우려 완화", "{0} 우려 고조"),
    ("{0}, 영업손실 축소", "{0}, 영업손실 확대"),
    ("{0}, 사상 최고가 경신", "{0}, 사상 최저가 추락"),
    ("{0} 주가, 관세 소식에 급등", "{0} 주가, 관세 소식에 급락"),
    ("{0}, 적자 발표에도 급등", "{0}, 적자 발표에 급락"),
    ("{0}, 신약 승인", "{0}, 신약 승인 거절"),
    ("{0} 대표, 횡령 혐의 무죄", "{0} 대표, 횡령 혐의 유죄"),
    ("{0} 주가 급락 하루 만에 반등", "{0} 주가 급등 하루 만에 하락"),
    ("{0} 주가, 하락세 끊고 상승", "{0} 주가, 상승세 끊고 하락"),
    ("{0}, 자금 순유입 확대", "{0}, 자금 순유출 확대"),
    ("'적자' {0} 급등", "'적자' {0} 급락"),
    ("{0}, 적자 전환…주가는 급등", "{0}, 흑자 전환…주가는 급락"),
    ("부진하던 {0}, 급등", "치솟던 {0}, 급락"),
    ("{0} 주가 왜 올랐나?", "{0} 주가 왜 떨어졌나?"),
    ("{0} 주가, 긴축 우려 속 상승", "{0} 주가, 완화 기대 속 하락"),
    ("{0}, 실적 부진은 매수 기회", "{0}, 실적 부진 지속"),
)


def pairs(
    who: tuple[str, ...],
    good: tuple[str, ...],
    bad: tuple[str, ...],
    went: tuple[tuple[str, str], ...],
    whole: tuple[tuple[str, str], ...],
) -> Iterator[tuple[str, str]]:
    """Yield the good and the bad headline of each pair."""
    for name, what, (up, down) in product(who, good, went):
        yield f"{name} {what} {up}", f"{name} {what} {down}"
    for name, what, (up, down) in product(who, bad, went):
        yield f"{name} {what} {down}", f"{name} {what} {up}"
    for name, (better, worse) in product(who, whole):
        yield better.format(name), worse.format(name)


ENGLISH = list(pairs(_WHO, _GOODS, _BADS, _WENT, _WHOLE))
KOREAN = list(pairs(_COMPANIES, _GOOD_NOUNS, _BAD_NOUNS, _MOVES, _SENTENCES))


def share_right(told: list[tuple[str, str]]) -> float:
    """Return the share of signs that are right; a score of 0 is wrong."""
    right = [SCORER.score(better).score > 0 for better, _ in told] + [
        SCORER.score(worse).score < 0 for _, worse in told
    ]
    return sum(right) / len(right)


def test_there_are_hundreds_of_them() -> None:
    assert len(set(ENGLISH)) == len(ENGLISH) >= 300
    assert len(set(KOREAN)) == len(KOREAN) >= 300


def test_english_directions_are_told_apart() -> None:
    assert share_right(ENGLISH) >= RIGHT_MIN


def test_korean_directions_are_told_apart() -> None:
    assert share_right(KOREAN) >= RIGHT_MIN
