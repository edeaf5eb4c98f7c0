"""What an exported day is told with."""

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "price": "Price, its two averages, buys and sells",
        "no_price": "No price is recorded on this day.",
        "account": "Paper account beside buy and hold",
        "equity": "paper account",
        "hold": "buy and hold",
        "fees": "fees",
        "drawdown": "deepest fall from a peak",
        "trades": "Paper trades",
        "events": "Events",
        "headlines": "Headlines",
        "mood": "Mood of the news",
        "source": "source",
        "count": "headlines",
        "score": "mean score",
        "none": "none",
        "more": "There are more than these.",
        "paper": "Made by moss out of its own records. The money is paper, and none of this is advice.",
    },
    "ko": {
        "price": "가격, 이동평균 두 개, 매수와 매도",
        "no_price": "이날 기록된 가격이 없습니다.",
        "account": "모의 계좌와 단순 보유",
        "equity": "모의 계좌",
        "hold": "단순 보유",
        "fees": "수수료",
        "drawdown": "최대 낙폭",
        "trades": "모의 거래",
        "events": "이벤트",
        "headlines": "뉴스 제목",
        "mood": "뉴스 분위기",
        "source": "출처",
        "count": "뉴스 수",
        "score": "평균 점수",
        "none": "없음",
        "more": "이보다 더 있습니다.",
        "paper": "moss가 자체 기록으로 만든 문서입니다. 모의 자금이며 투자 조언이 아닙니다.",
    },
}
