"""Sample headlines of our own, Korean and English, about companies that do not exist: the feed `demo:`."""

from hashlib import sha256

from agent.news.headline import Headline

INTERVAL_S = 180
"""A new headline each three minutes of the clock, the first at 1970's first minute."""
COUNT = 12
"""Headlines that the feed shows at once."""

_COMPANIES = {
    "ko": (
        "가온전자",
        "늘품바이오",
        "다솜해운",
        "마루건설",
        "너울에너지",
        "해찬식품",
        "온새미반도체",
        "아라통신",
        "큰솔중공업",
        "별하게임즈",
    ),
    "en": (
        "Alder Robotics",
        "Brightwater Foods",
        "Corvane Energy",
        "Dunmore Bank",
        "Ellery Shipping",
        "Fenwick Semiconductor",
        "Garrow Mining",
        "Hollin Pharma",
        "Ives & Marlow",
        "Juniper Rail",
    ),
}
_TEMPLATES = {
    "ko": (
        "{who}, {quarter}분기 영업이익 {big}억…전년比 {pct}% 증가",
        "{who}, {quarter}분기 영업이익 {pct}% 급감…원자재 비용 상승 탓",
        "{who} 주가, 신제품 기대감에 {pct}% 급등",
        "{who}, 대규모 유상증자 소식에 {pct}% 급락",
        "{who}, {big}억 규모 공급계약 체결",
        "{who}, 적자 폭 축소…내년 흑자전환 전망",
        "{who} 노조, 임금협상 결렬에 파업 예고",
        "{who}, 정기 주주총회 {day}일 개최",
        "{who}, 신임 재무책임자에 내부 인사 선임",
        "[포토] {who} 본사에 걸린 새 간판",
        "비트코인 1억{big}만원대 등락…거래량은 평소 수준",
        "비트코인, 거래소 해킹 소식에 {pct}% 하락",
        "가상자산 투자 설명회 {day}일 열려",
        "코스피 보합 마감…외국인·기관 관망",
        "수출 물가 {pct}% 상승…소비자 부담 우려",
        "다음 주 경제 일정: {day}일 고용 통계 발표",
    ),
    "en": (
        "{who} profit rises {pct}% as orders hit a record",
        "{who} swings to a loss of ${big} million after write-down",
        "{who} shares plunge {pct}% on weak outlook",
        "{who} narrows its loss and raises full-year guidance",
        "{who} wins ${big} million rail contract",
        "{who} recalls {big} units over fire risk",
        "{who} to hold its annual meeting on the {day}th",
        "{who} names new head of investor relations",
        "{who} does not expect costs to fall this year",
        "Five questions about how {who} is run",
        "Bitcoin steady near ${big}00 in quiet trading",
        "Bitcoin jumps {pct}% as exchange inflows surge",
        "Crypto lender halts withdrawals, tokens tumble",
        "Factory orders unchanged for month {quarter}",
        "Jobless claims fall to lowest in {day} weeks",
        "Central bank publishes minutes of its meeting",
    ),
}


def headlines(source: str, lang: str, now_s: float) -> list[Headline]:
    """Return what the sample feed shows at a moment, newest first: a function of its arguments alone.

    Arguments:
        source: the feed's name.
        lang: "ko" or "en" for one language, "" for both in turn.
        now_s: seconds since 1970 UTC.
    """
    newest = int(now_s // INTERVAL_S)
    return [_headline(source, lang, number) for number in range(newest, newest - COUNT, -1)]


def _headline(source: str, lang: str, number: int) -> Headline:
    spoken = lang if lang in _TEMPLATES else ("ko", "en")[number % 2]
    dice = sha256(f"moss sample headline {spoken} {number}".encode()).digest()
    templates, companies = _TEMPLATES[spoken], _COMPANIES[spoken]
    # Each template once before any comes again, so that neighbours differ.
    turn = number if lang == spoken else number // 2
    title = templates[turn * 5 % len(templates)].format(
        who=companies[dice[1] % len(companies)],
        quarter=dice[2] % 4 + 1,
        pct=dice[3] % 24 + 1,
        big=120 + dice[4] * 7,
        day=dice[5] % 17 + 4,
    )
    return Headline(source, title, "", f"sample-{spoken}-{number}", float(number * INTERVAL_S), spoken)
