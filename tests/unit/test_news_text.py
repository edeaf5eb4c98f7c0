"""One normal form, one folded form, languages and tokens."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.news.text import LENGTH_MAX, fold, language, normalise, tokens


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("  a\t b\r\nc ", "a b c"),
        ("１００％　상승", "100% 상승"),
        ("“삼각”  ‘전자’", "\"삼각\" '전자'"),
        ("코\u200b스\ufeff피\u00ad", "코스피"),
        (unicodedata.normalize("NFD", "급등 café"), "급등 café"),
        ("bell\x07 esc\x1b[31m nul\x00", "bell esc [31m nul"),
        ("−3%", "-3%"),
        ("한글 말줄임…그대로·가운뎃점", "한글 말줄임…그대로·가운뎃점"),
    ],
)
def test_normalise_gives_one_form(raw: str, plain: str) -> None:
    assert normalise(raw) == plain


def test_normalise_leaves_no_character_that_is_not_seen() -> None:
    unseen = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert unicodedata.category("\u200b") in unseen
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)) in unseen:
            assert normalise(f"a{chr(code)}b") in ("ab", "a b"), hex(code)


@given(st.text())
def test_normalise_changes_nothing_the_second_time(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert once == once.strip()


def test_normalise_bounds_the_length() -> None:
    assert len(normalise("가 " * 100_000)) <= LENGTH_MAX


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("[속보] 코스피 1.5% 급등…'3000' 돌파(종합)", "코스피, 1.5% 급등 “3000” 돌파"),
        ("Bitcoin  JUMPS", "bitcoin jumps"),
        ("매출 1,200억", "매출 1200억"),
        ("[특징주][단독] 가온전자 상한가", "가온전자 상한가 [마켓]"),
    ],
)
def test_fold_is_the_same_for_two_prints_of_one_title(one: str, other: str) -> None:
    assert fold(one) == fold(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("코스피 1.5% 상승", "코스피 15% 상승"), ("지수 +3", "지수 -3"), ("목표가↑", "목표가↓"), ("수익 5%", "수익 5")],
)
def test_fold_differs_where_the_story_does(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_fold_of_a_title_without_letters_is_the_title() -> None:
    assert fold("?!") == "?!"
    assert fold("[속보]") == "속보"


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("코스피 상승", "ko"),
        ("SK hynix 주가 급등", "ko"),
        ("Hyundai Motor (현대차) raises its outlook for the year", "en"),
        ("Café owners", "en"),
        ("日経平均が上昇", "ja"),
        ("股市上涨", "zh"),
        ("123 %", "und"),
        ("", "und"),
    ],
)
def test_language_is_told_by_script(text: str, lang: str) -> None:
    assert language(text) == lang


def test_tokens_are_words_numbers_hangul_runs_and_signs() -> None:
    assert tokens("profit weren't up 1,200.5% 영업익 3조2000억↑…") == (
        ["profit", "were", "not", "up", "0", "%", "영업익", "0", "조", "0", "억", "↑", "…"]
    )


@pytest.mark.parametrize(
    ("text", "split"),
    [("-3% +0.5%", ["-0", "%", "+0", "%"]), ("5-7%", ["0", "-", "0", "%"]), ("fy-20", ["fy", "-", "0"])],
)
def test_a_sign_belongs_to_the_number_that_it_begins(text: str, split: list[str]) -> None:
    assert tokens(text) == split
