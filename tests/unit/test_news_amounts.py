"""Numbers that a headline compares."""

import pytest

from agent.news.amounts import direction


@pytest.mark.parametrize(
    ("text", "went"),
    [
        ("operating profit rose to eur 13.1 mn from eur 8.7 mn in the corresponding period in 2007", 1),
        ("profit was eur 13.1 mn in the third quarter of 2008, compared to eur 8.7 mn in 2007", 1),
        ("net sales rose 5 % to eur 3 mn from eur 2.8 mn", 1),
        ("margin of 5.2 % , up from 4.1 % in the year before", 1),
        ("november 30 , 2009 sales eur 3.3 million vs 4.1 million", -1),
        ("eps of eur 0.38 ( eur 0.53 )", -1),
        ("eps was eur0 .02 , as compared with eur0 .05", -1),
        ("sales of eur131m ( eur124m )", 1),
        ("from 3 mn to 5 mn", 1),
        ("rose to 12 from 9", 1),
        ("영업이익 3조에서 5조로", 1),
        ("매출 1조 2천억 → 1조 3천억", 1),
        ("목표가 11만원→9만원", -1),
    ],
)
def test_the_later_number_is_told_from_the_earlier(text: str, went: int) -> None:
    assert direction(text) == (went, False)


@pytest.mark.parametrize(
    ("text", "went"),
    [
        ("operating loss totalled eur 0.3 mn , down from a profit of eur 5.1 mn in the first half of 2009", -1),
        ("profit before taxes amounted to eur 56.5 mn , compared to a loss of eur 3.2 mn a year ago", 1),
        ("net loss of eur 0.1 mn versus a loss of eur 2.0 mn", 1),
        ("pretax loss was eur 4.2 mn compared to eur 0.6 mn", -1),
        ("ebit eur -2.3 mn compared to eur 1.1 mn", -1),
    ],
)
def test_a_larger_loss_is_less(text: str, went: int) -> None:
    assert direction(text) == (went, True)


@pytest.mark.parametrize(
    "text",
    [
        "sold for eur 5.5 mn ( usd 7.3 mn )",
        "contract worth eur 5 mn starts in 2008 and ends in 2011",
        "profit grew between 2007 and 2009",
        "the company employs 120 people in 12 offices",
        "",
    ],
)
def test_numbers_that_are_not_compared_say_nothing(text: str) -> None:
    assert direction(text) == (0, False)
