"""The scorer: what it says of headlines of our own, and that its numbers are sound."""

from math import log
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sentiment
from agent.news.lexicon import Lexicon
from agent.news.model import BUCKETS, FEATURES, HEAD, Scorer, apart
from agent.news.reasons import WORDS_MAX, reasons
from agent.news.text import language, normalise, tokens
from desk.model.examples import seen

LEXICON = Path(sentiment.NEWS, "lexicon.tsv").read_bytes()
TEXT = LEXICON.decode()
LEARNED = Path(sentiment.NEWS, "model.bin").read_bytes()
LEARNED_TABLE = memoryview(LEARNED)[HEAD.size :].cast("b")
SCORER = Scorer(LEXICON, memoryview(LEARNED))

# Each pair differs in one word only, and the first is good.
PAIRS = [
    ("Corvane profit rises 5%", "Corvane profit falls 5%"),
    ("Corvane costs fall", "Corvane costs rise"),
    ("Corvane cuts costs", "Corvane cuts dividend"),
    ("Loss narrows at Dunmore Bank", "Loss widens at Dunmore Bank"),
    ("Fears of default ease", "Fears of default grow"),
    ("Orders grow", "Orders do not grow"),
    ("Fenwick raises its guidance", "Fenwick lowers its guidance"),
    (
        "Net sales were EUR 5.1 mn, compared to EUR 3.2 mn in 2020",
        "Net sales were EUR 3.2 mn, compared to EUR 5.1 mn in 2020",
    ),
    ("Operating loss was 2 million versus 5 million", "Operating loss was 5 million versus 2 million"),
    ("Company avoids bankruptcy", "Company faces bankruptcy"),
    ("Bitcoin jumps", "Bitcoin plunges"),
    ("가온전자 영업이익 급증", "가온전자 영업이익 급감"),
    ("마루건설 적자 축소", "마루건설 적자 확대"),
    ("원자재 비용 감소", "원자재 비용 증가"),
    ("너울에너지 흑자 전환", "너울에너지 적자 전환"),
    ("하락세 진정", "상승세 진정"),
    ("목표가 상향", "목표가 하향"),
    ("금리 인상 우려 완화", "금리 인상 우려 확산"),
    ("실적 부진 우려에도 주가 상승", "실적 호조 기대에도 주가 하락"),
    ("수출 증가", "수출 증가하지 않아"),
    ("코스피 2%↑", "코스피 2%↓"),
    ("규제 완화", "규제 강화"),
    ("파산 위기 모면", "파산 위기 고조"),
    # What is a cause is no quantity that the price's verb moves.
    ("코스피, 관세 소식에 급등", "코스피, 관세 소식에 급락"),
    ("뉴욕증시, 인플레 지표에 상승", "뉴욕증시, 인플레 지표에 일제히 하락"),
    ("삼성전자, 적자 발표에도 급등", "삼성전자, 적자 발표에 급락"),
    ("공매도 재개 첫날 급등", "공매도 재개 첫날 급락"),
    ("'적자' 가온전자 급등", "'적자' 가온전자 급락"),
    ("Earnings hopes push stocks up", "Debt fears drag stocks down"),
    ("Recession fears ease", "Recession fears grow"),
    # What was decided against somebody, or taken back.
    ("SEC, 비트코인 현물 ETF 승인", "SEC, 비트코인 현물 ETF 승인 거부"),
    ("SEC, 리플 소송 취하", "SEC, 리플 소송 제기"),
    ("검찰, 배임 혐의 무혐의 처분", "검찰, 배임 혐의 기소"),
    ("법원, 횡령 무죄 선고", "법원, 횡령 유죄 선고"),
    ("SEC approves spot bitcoin ETF", "SEC rejects spot bitcoin ETF approval"),
    ("SEC drops lawsuit against Coinbase", "SEC files lawsuit against Coinbase"),
    ("Judge dismisses lawsuit against Tesla", "Judge refuses to dismiss lawsuit against Tesla"),
    ("SEC drops lawsuit against Ripple", "SEC refuses to drop lawsuit against Ripple"),
    ("Judge dismisses SEC lawsuit against Binance", "Judge rejects bid to dismiss SEC lawsuit against Binance"),
    ("검찰, 무혐의 처분", "검찰, 무혐의 처분 번복"),
    # What was gained or lost before.
    ("Bitcoin erases losses", "Bitcoin erases gains"),
    ("Stocks pare losses", "Bitcoin gives up gains"),
    ("Nasdaq ends losing streak", "Nasdaq ends winning streak"),
    ("코스피 급락 하루 만에 반등", "코스피 급등 하루 만에 하락"),
    ("비트코인 급락 후 반등", "비트코인 급등 후 급락"),
    ("코스닥, 하락세 끊고 반등", "코스닥, 상승세 끊고 하락"),
    ("비트코인 ETF 순유입 확대", "비트코인 ETF 순유출 확대"),
    # Both parts speak of one quantity.
    ("외식물가 8% 내려…30년 만에 최저", "외식물가 8% 올라…30년 만에 최고"),
    ("실업률 2.1%로 하락…역대 최저", "실업률 5.3%로 상승…10년 만에 최고"),
    # The price's own way outweighs its news, in Korean.
    ("가온전자, 적자 전환…주가는 급등", "가온전자, 흑자 전환…주가는 급락"),
    ("[특징주] 가온전자, 검찰 고발…주가는 강세", "[특징주] 가온전자, 공급 계약…주가는 약세"),
    ("가온전자 주가, 긴축 우려 속 상승", "가온전자 주가, 완화 기대 속 하락"),
    ("코스피, 금리인상 소화하며 반등", "코스피, 금리인하에도 하락"),
    ("부진하던 가온전자, 급등", "치솟던 가온전자, 급락"),
    ("가온전자 주가 3%↑ 오름폭 확대", "가온전자 주가 3%↓ 낙폭 확대"),
    # "Why" asks for a reason of what happened; any other question doubts it, in its own part.
    ("가온전자 주가 왜 올랐나?", "가온전자 주가 왜 떨어졌나?"),
    ("가온전자 주가 급등, 어디까지 갈까?", "가온전자 주가 급락, 바닥은 어디?"),
    # What goes on, goes on its own way.
    ("가온전자 주가 상승 지속", "가온전자 주가 하락 지속"),
    # What is bad is a chance, what is good is none.
    ("가온전자 주가 하락은 저가 매수 기회", "가온전자 주가 하락 불가피"),
    ("특허 소송 승소", "특허 소송 패소"),
    ("가온전자, 적자 행진 끝", "가온전자, 호황 끝"),
    # A verb knows better than the sign of a number.
    ("한은, 성장률 -0.9%로 상향", "한은, 성장률 0.9%로 하향"),
    # What a phrase says that its words would not.
    ("Euro zone emerges from recession", "Euro zone sinks into recession"),
    ("Bitcoin claws back above $100,000", "Bitcoin bleeds for a fifth day"),
    ("고객 이탈 멈췄다", "고객 이탈 가속"),
    # Some verbs are a price's only, others any quantity's; a minus before how far it fell is no rise.
    ("가온전자, 규제 풀려 훨훨", "가온전자, 규제 한 방에 와르르"),
    ("가온전자, 3분기 적자 80% 급감", "가온전자, 3분기 이익 80% 급감"),
    ("실업률 20년 만에 급락", "실업률 20년 만에 급등"),
    ("연체율 6개월 만에 급감", "연체율 6개월 만에 급증"),
    ("비트코인, 규제 우려에도 3만달러 회복", "비트코인, ETF 승인에도 3만달러 내줘"),
    ("美 FDA 문턱 넘어", "美 FDA 문턱 못 넘어"),
    ("우울증 치료제 美 FDA 승인", "우울증 치료제 美 FDA 승인 거부"),
    ("투자금 몰려", "외국인 자금 탈출 가속"),
    ("Exchange resumes trading", "Exchange suspends withdrawals"),
    ("가온전자주가, 4일 2.55%상승폭 보여", "가온전자주가, 4일 -2.55%하락폭 보여"),
    # A price moves behind its cause where the verb is a price's.
    ("코스피, 긴축 우려에도 2200선 회복", "코스피, 긴축 우려에 2200선 후퇴"),
    # Agreed and taken back; out of something bad, whatever good word is beside it.
    ("가온전자, 납품 계약 체결", "가온전자, 납품 계약 파기"),
    ("가온전자, 가동률 회복에 적자 탈출", "가온전자, 가동률 회복에도 적자 못 벗어나"),
    ("가온전자 거래재개 결정", "가온전자 상장폐지 결정"),
    ("가온전자, 더 간다", "가온전자, 더 빠진다"),
    ("가온전자, 상승여력 충분", "가온전자, 상승여력 제한"),
    ("Jobless filings fall", "Jobless filings climb"),
    ("Tribunal quashes penalty", "Tribunal upholds penalty"),
]

NEUTRAL = [
    "Alder Robotics to hold its annual meeting on the 9th",
    "Five questions about how Juniper Rail is run",
    "Central bank publishes minutes of its meeting",
    "늘품바이오, 정기 주주총회 9일 개최",
    "다음 주 경제 일정: 9일 고용 통계 발표",
    "[포토] 아라통신 본사에 걸린 새 간판",
    "12,345",
    "코스피, 외국인 팔자에 혼조",
    "가온전자, 호실적에도 주가 보합",
    "가온전자 주가 더 오를까?",
]


def hashed_words(text: str) -> list[str]:
    plain = normalise(text).lower()
    return apart(tokens(plain), language(plain))


@pytest.mark.parametrize(("good", "bad"), PAIRS)
def test_one_word_turns_the_score(good: str, bad: str) -> None:
    assert SCORER.score(good).score > 0.1, reasons(SCORER, good)
    assert SCORER.score(bad).score < -0.1, reasons(SCORER, bad)


@pytest.mark.parametrize("text", NEUTRAL)
def test_what_says_nothing_is_neutral(text: str) -> None:
    score = SCORER.score(text)
    assert score.p_neu > max(score.p_neg, score.p_pos)
    assert abs(score.score) < 0.35


@given(st.text(max_size=120))
def test_the_three_probabilities_are_sound_for_any_text(text: str) -> None:
    score = SCORER.score(text)
    assert min(score.p_neg, score.p_neu, score.p_pos) >= 0
    assert round(score.p_neg + score.p_neu + score.p_pos, 9) == 1
    assert score.score == round(score.p_pos - score.p_neg, 4)
    assert -1 <= score.score <= 1


@given(
    st.lists(
        st.sampled_from([word for pair in PAIRS for text in pair for word in text.split()] + ["에", "vs", "not", "…"]),
        max_size=40,
    )
)
def test_no_order_of_known_words_is_an_error(words: list[str]) -> None:
    assert SCORER.score(" ".join(words)) == SCORER.score(" ".join(words))


def test_no_probability_is_minus_zero_where_the_others_leave_nothing() -> None:
    # Being a headline is all that says something, and leaves next to nothing neutral; 1 - 0.0257 - 0.9743 is below 0.
    head = HEAD.pack(0.0, 20.0, 20.0 + log(0.9743 / 0.0257), *[0.0] * (2 * len(FEATURES) - 2))
    score = Scorer(LEXICON, memoryview(head + bytes(2 * BUCKETS))).score("Zorbic")
    assert (score.p_neg, str(score.p_neu), score.p_pos) == (0.0257, "0.0", 0.9743)


@pytest.mark.parametrize("text", ["", "  ", "\u200b", "\x00"])
def test_an_empty_text_is_neutral_for_certain(text: str) -> None:
    score = SCORER.score(text)
    assert (score.score, score.p_neg, score.p_neu, score.p_pos) == (0.0, 0.0, 1.0, 0.0)


def test_the_reasons_name_the_words_and_what_they_were_applied_to() -> None:
    first = reasons(SCORER, "Profit fell")[0]
    assert first.endswith(" fell x profit (en turn turned bad)")
    assert float(first.split()[0]) < 0
    assert reasons(SCORER, "") == []


@pytest.mark.parametrize(
    "text",
    [
        "SEC, 바이낸스 제소",
        "Bitcoin falls below $60,000 after Corvane and Dunmore Bank sell what they held",
        "가온전자, 3분기 영업익 14조…시장 예상 웃돌아 웃돌아",
        "LG",
    ],
)
def test_the_learned_reasons_add_up_to_what_was_learned(text: str) -> None:
    told = [float(line.split()[0]) for line in reasons(SCORER, text) if line.endswith("(learned)")]
    to_bad, to_good = SCORER.learned(hashed_words(text))
    assert len(told) <= WORDS_MAX + 1
    assert sum(told) == pytest.approx(to_good - to_bad, abs=0.05 * (WORDS_MAX + 1))


@pytest.mark.parametrize(
    "text", ["가람전자, 3분기 영업익 14조…시장 예상 웃돌아", "Corvane isn't raising its outlook", "코스피 2%↑", "+5"]
)
def test_the_scorer_weighs_what_the_model_was_taught(text: str) -> None:
    step, *_ = HEAD.unpack(LEARNED[: HEAD.size])
    hashed = {place - len(FEATURES): value for place, value in seen(text, SCORER.lexicon).items()}
    taught = [
        sum(step * LEARNED_TABLE[2 * bucket + column] * value for bucket, value in hashed.items() if bucket >= 0)
        for column in (0, 1)
    ]
    assert SCORER.learned(hashed_words(text)) == pytest.approx(taught)


def test_a_sign_is_hashed_apart_in_korean_and_a_word_is_not() -> None:
    assert apart(["코스피", "0", "%", "mou"], "ko") == ["코스피", " 0", " %", "mou"]
    assert apart(["profit", "0", "%"], "en") == ["profit", "0", "%"]


def test_the_language_is_the_given_one_else_the_scripts() -> None:
    assert SCORER.score("LG").lang == "en"
    assert SCORER.score("LG", "ko").lang == "ko"
    assert SCORER.score("코스피", "").lang == "ko"


def test_the_model_is_named_after_its_words_and_weights() -> None:
    other = bytearray(LEARNED)
    other[-1] ^= 1
    assert SCORER.model == sentiment.scorer().model
    assert len(SCORER.model) == 8
    assert SCORER.model != Scorer(LEXICON + b"en\tword\t1\t1\t1\tsplendid\n", memoryview(LEARNED)).model
    assert SCORER.model != Scorer(LEXICON, memoryview(bytes(other))).model


def test_a_model_of_another_size_is_an_error() -> None:
    with pytest.raises(ValueError, match="bytes, not"):
        Scorer(LEXICON, memoryview(LEARNED[:-1]))


def test_no_word_has_two_meanings() -> None:
    seen: dict[str, str] = {}
    for line in TEXT.splitlines():
        if not line.startswith("#"):
            lang, *_, words = line.split("\t")
            for entry in words.split():
                assert f"{lang} {entry}" not in seen, (entry, line[:40], seen[f"{lang} {entry}"])
                seen[f"{lang} {entry}"] = line[:40]


@pytest.mark.parametrize(
    "line", ["en\tword\t1\t1", "fr\tword\t1\t1\t1\tbon", "en\tnoun\t1\t1\t1\tgood", "en\tword\tx\t1\t1\tgood"]
)
def test_a_lexicon_line_that_is_wrong_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match=r"line 1|invalid literal"):
        Lexicon(line)
