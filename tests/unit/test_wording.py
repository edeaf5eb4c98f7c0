"""What the owner is told, in each language."""

import string
from datetime import timedelta, timezone
from typing import Any

import pytest

from agent import advice
from agent.wording import Wording, number
from agent.words import WORDS

SEOUL = timezone(timedelta(hours=9))
ENDS = ("stopped", "died", "machine")
PARTS = ("message", "doing", "advice")
FACTS = {
    "folder": "/var/lib/moss",
    "free_mib": 90,
    "silent_min": 7,
    "rss_mib": 80,
    "by": "ada",
    "age_min": 12,
    "age_h": 30,
    "message": "[market] sorce: is not known",
    "doing": "goes on with the configuration it has",
}


def alert(what: str, facts: dict[str, object] = FACTS) -> dict[str, Any]:
    """Return the event of an alert as it is stored."""
    return {"ts": "2026-01-01T00:00:00.000Z", "kind": "alert", "what": what, **facts, **advice.words_for(what, facts)}


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("what", advice._WORDS)
def test_alert_is_told_in_korean_with_the_facts_of_the_english_words(what: str) -> None:
    for part, english in zip(PARTS, advice._WORDS[what], strict=True):
        korean = WORDS["ko"].get(f"alert_{what}_{part}", english)
        assert places(korean) <= places(english) | set(PARTS), (what, part)
    told = Wording("ko", SEOUL).line(alert(what))
    assert WORDS["ko"][f"alert_{what}"] in told
    assert alert(what)["advice"] not in told
    assert "{" not in told


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_start_is_told_as_a_start_whatever_was_before_it(lang: str) -> None:
    starts = [{"ts": "2026-01-01T00:00:00.000Z", "kind": "start", "previous": each} for each in (None, *ENDS)]
    told = [Wording(lang, SEOUL).line(start).partition(" ")[2].partition(" ")[2] for start in starts]
    begins = "moss has started" if lang == "en" else "moss가 "
    assert all(text.startswith(begins) for text in told), told
    assert len(set(told)) == 4


def test_alert_of_one_market_names_it_in_korean_too() -> None:
    told = Wording("ko", SEOUL).line(alert("prices KRW-BTC"))
    assert told.startswith("01-01 09:00 ⚠ 가격 KRW-BTC: 12분째 가격을 받지 못했습니다\n")


def test_alert_is_told_as_it_is_stored_when_it_has_not_the_facts() -> None:
    stored = {**alert("disk"), "folder": "/var/lib/moss"}
    del stored["free_mib"]
    assert stored["message"] in Wording("ko", SEOUL).line(stored)
    unknown = {"ts": "2026-01-01T00:00:00.000Z", "kind": "alert", "what": "moon", "message": "it is gone"}
    assert Wording("ko", SEOUL).line(unknown) == "01-01 09:00 ⚠ moon: it is gone"


def test_alert_is_told_in_english_as_it_is_stored() -> None:
    stored = alert("disk")
    told = Wording("en", SEOUL).line(stored).split("\n")
    assert told == [
        f"01-01 09:00 ⚠ disk: {stored['message']}",
        f"moss: {stored['doing']}",
        f"→ {stored['advice']}",
    ]


def test_alerts_end_is_told_by_the_same_name() -> None:
    over = {"ts": "2026-01-01T00:00:00.000Z", "kind": "alert_end", "what": "disk"}
    assert Wording("ko", SEOUL).line(over) == "01-01 09:00 ✓ 디스크: 해소되었습니다"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("9999888.5977934107785", "9,999,888.6"),
        ("0.0000000000000", "0"),
        ("-75.000", "-75"),
        ("24.943238285928", "24.94323829"),
        ("0.00053479", "0.00053479"),
        (93_545_000, "93,545,000"),
        (61_250_000.5, "61,250,000.5"),
        ("1E+3", "1,000"),
        ("nan", "nan"),
        (None, "None"),
    ],
)
def test_number_has_commas_and_as_many_decimals_as_are_read(value: object, shown: str) -> None:
    assert number(value) == shown
