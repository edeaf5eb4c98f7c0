"""Dates in every shape that feeds write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.news.dates import KOREA_S, moment

MOMENT_S = 1_682_899_200.0  # 2023-05-01T00:00:00Z, 09:00 in Korea


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 01 May 2023 09:00:00 +0900",
        "Mon, 01 May 2023 09:00:00 KST",
        "Mon, 01 May 2023 00:00:00 GMT",
        "Mon, 01 May 2023 00:00:00 Z",
        "Sun, 30 Apr 2023 20:00:00 EDT",
        "Mon, 01 05 2023 09:00:00 +0900",
        "월, 01 5 2023 09:00:00 +0900",
        "1 May 23 00:00 UT",
        "Monday, 01-May-2023 00:00:00 GMT",
        "2023-05-01T00:00:00Z",
        "2023-05-01T09:00:00.123+09:00",
        "2023-05-01T09:00+0900",
        "2023-05-01 09:00:00 GMT+9",
        "20230501T000000Z",
        "20230501000000 Z",
        "Mon, 01 May 2023 09:00:00 +0900 (KST)",
        "Mon, 1 May 2023 00:00:00 +0000 UTC",
        "Mon,01 May 2023 09:00:00 +0900",
        "2023-05-01 09:00:00 +0900 KST",
        "2023-05-01T09:00:00+09:00[Asia/Seoul]",
        "2023-05-01T09:00:00[Asia/Seoul]",
        "2023-05-01T09:00:00.000 Asia/Seoul",
    ],
)
def test_a_date_with_an_offset_is_that_moment_everywhere(text: str) -> None:
    assert moment(text) == MOMENT_S
    assert moment(text, KOREA_S) == MOMENT_S


@pytest.mark.parametrize(
    "text",
    [
        "2023-05-01 09:00:00",
        "2023-05-01T09:00:00",
        "2023.05.01 09:00",
        "2023/05/01 09:00",
        "2023년 5월 1일 9:00",
        "Mon, 01 May 2023 09:00:00",
        "2023-05-01 09:00:00 AM",
        "2023-05-01 오전 9:00:00",
        "2023.05.01. 오전 9:00",
        "2023.05.01 AM 9:00",
        "2023.05.01 (월) 09:00",
        "2023-05-01(월) 09:00",
        "2023.05.01 09:00 입력",
        "2023년 5월 1일 월요일 9:00",
        "2023년 5월 1일 9시 00분",
        "2023년 5월 1일 오전 9시 0분",
        "2023년 5월 1일 (월) 오전 9시",
        "2023-05-01 09시00분00초",
    ],
)
def test_a_date_without_an_offset_is_in_the_given_zone(text: str) -> None:
    assert moment(text, KOREA_S) == MOMENT_S
    assert moment(text, 0) == MOMENT_S + KOREA_S


def test_a_day_alone_is_its_beginning() -> None:
    assert moment("2023-05-01") == MOMENT_S


def test_noon_and_midnight_by_the_half_day_clock() -> None:
    assert moment("2023-05-01 12:00:00 AM") == MOMENT_S
    assert moment("2023-05-01 12:00:00 PM") == MOMENT_S + 12 * 3600
    assert moment("2023-05-01 오전 12:00") == MOMENT_S
    assert moment("2023년 5월 1일 오후 12시") == MOMENT_S + 12 * 3600
    assert moment("2023년 5월 1일 오후 3시 5분 7초") == moment("2023-05-01 PM 3:05:07") == MOMENT_S + 15 * 3600 + 307


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2023-13-01", "2023-02-30", "31 Foo 2023 00:00", "1066-10-14", "0", "2023-05-01 25:00"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert moment(text) is None


@given(st.text(max_size=60))
def test_no_text_is_an_error(text: str) -> None:
    assert moment(text) is None or isinstance(moment(text), float)


@given(st.text(max_size=40))
def test_whatever_follows_a_date_leaves_the_day(tail: str) -> None:
    found = moment("2023-05-01T12:00:00 " + tail)
    assert found is not None
    assert abs(found - MOMENT_S) <= 5 * 86_400
