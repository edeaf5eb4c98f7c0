"""What counts as scored before."""

from collections.abc import Iterator
from typing import Any

from agent.clock import DAY_S, timestamp
from agent.news.headline import Headline, identity
from agent.news.known import (
    SHOWN_MAX,
    last_answers,
    last_shown,
    once_each,
    scored_since,
    unsure_since,
)

NOW_S = 1_800_000_000.0
FLOOR_S = NOW_S - 2 * DAY_S
HEADLINE = Headline("a", "t", "", "g", None, "en")
SHOWN = {"ts": timestamp(NOW_S - 600), "shown": ["00000001"]}


def score(ident: str, ts_s: float) -> dict[str, Any]:
    return {"ts": timestamp(ts_s), "kind": "score", "text_id": f"0123456789ab-{ident}"}


def feed(source: str, ts_s: float, *shown: str) -> dict[str, Any]:
    return {"ts": timestamp(ts_s), "kind": "feed", "source": source, "shown": list(shown)}


def endless(first: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield from first
    raise AssertionError("read further than needed")


def test_scored_since_stops_at_the_first_older_record() -> None:
    records = [score("00000002", NOW_S), score("00000001", FLOOR_S), score("00000000", FLOOR_S - 1)]
    assert scored_since(endless(records), FLOOR_S) == {"00000002", "00000001"}


def test_last_answers_takes_the_newest_of_each_and_stops() -> None:
    records = [feed("a", NOW_S), feed("a", NOW_S - 1, "x"), feed("b", NOW_S - 2)]
    found = last_answers(endless(records), {"a", "b"})
    assert found == {"a": records[0], "b": records[2]}
    assert last_answers(endless([]), set()) == {}
    assert last_answers(iter(records), {"a", "c"}) == {"a": records[0]}


def test_last_shown_passes_over_failures_unchanged_answers_and_other_sources() -> None:
    records = [feed("a", NOW_S), feed("b", NOW_S - 1, "y"), feed("a", NOW_S - 2, "x", "z")]
    assert last_shown(endless(records), "a") == records[2]
    assert last_shown(iter(records), "c") is None


def test_a_young_headline_is_new_for_certain() -> None:
    assert unsure_since(HEADLINE._replace(published_s=NOW_S - 60), SHOWN, FLOOR_S) is None
    assert unsure_since(HEADLINE._replace(published_s=NOW_S - 60), None, FLOOR_S) is None


def test_an_old_one_is_looked_up_from_a_day_before_it_was_published() -> None:
    old = HEADLINE._replace(published_s=NOW_S - 9 * DAY_S)
    assert unsure_since(old, SHOWN, FLOOR_S) == NOW_S - 10 * DAY_S


def test_an_undated_one_is_new_where_the_last_full_answer_is_fresh_and_whole() -> None:
    assert unsure_since(HEADLINE, SHOWN, FLOOR_S) is None


def test_an_undated_one_is_looked_up_where_that_answer_is_old_cut_off_or_missing() -> None:
    stale = SHOWN | {"ts": timestamp(FLOOR_S - 60)}
    cut_off = SHOWN | {"shown": [f"{number:08x}" for number in range(SHOWN_MAX)]}
    assert unsure_since(HEADLINE, stale, FLOOR_S) == FLOOR_S - 60
    assert unsure_since(HEADLINE, cut_off, FLOOR_S) == 0.0
    assert unsure_since(HEADLINE, None, FLOOR_S) == 0.0


def test_what_is_looked_up_is_read_until_all_is_found() -> None:
    wanted = {"00000001", "00000002"}
    assert scored_since(endless([score("00000002", 9), score("00000001", 9)]), 0, wanted) == wanted
    assert scored_since(iter([score("00000002", 9), score("00000009", 9)]), 0, wanted) == {"00000002"}


def test_the_same_headline_twice_counts_once() -> None:
    edited = HEADLINE._replace(title="t, edited")
    other = HEADLINE._replace(guid="h")
    assert list(once_each([HEADLINE, other, edited]).items()) == [
        (identity(HEADLINE), HEADLINE),
        (identity(other), other),
    ]
