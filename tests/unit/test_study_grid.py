"""Nothing is made up and nothing is known before its time: gaps, left-out minutes, jumps, repeats, and the future."""

import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.clock import timestamp
from agent.errors import UsageError
from desk.study.duck import Duck
from desk.study.files import Shelf, boxes
from desk.study.gather import Gathered, Wanted, gather
from desk.study.plan import Span
from desk.study.targets import returns
from store.line import encode
from tests.fakes.newsroom import BEGIN_S, Newsroom, candle, score, write
from tests.fakes.study import quiet


def gathered(*folders: Path, **wanted: Any) -> Gathered:  # noqa: ANN401 - as Wanted takes them
    """Return what the study sees of some folders; the arrays outlive the files they lay in."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shelf = stack.enter_context(closing(Shelf(boxes(list(folders)), scratch, quiet())))
        engine = stack.enter_context(Duck(shelf, 100))
        return gather(engine, shelf, Wanted(**{"bin_s": 60, **wanted}), scratch)


def store(folder: Path, candles: list[dict[str, Any]], scores: list[dict[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    write(folder / "prices.jsonl", candles)
    write(folder / "sentiment.jsonl", scores)
    return folder


def minutes(*chosen: int, **other: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - fields of a record
    """Return candles of some minutes, whose close is 100 and the number of the minute."""
    return [candle(BEGIN_S + 60 * at, 100 + at, 100 + at, **other) for at in chosen]


def test_minute_that_was_left_out_has_the_close_before_it(tmp_path: Path) -> None:
    chosen = [at for at in range(200) if at not in (50, 51, 52)]
    (market,) = gathered(store(tmp_path, minutes(*chosen), [])).markets
    np.testing.assert_allclose(np.exp(market.log_close[49:54]), [149, 149, 149, 149, 153])
    assert market.variance[50:53].tolist() == [0, 0, 0]
    assert (market.candles, market.in_gaps) == (197, 0)


def test_gap_that_was_told_has_no_price_and_no_return_ends_or_begins_in_it(tmp_path: Path) -> None:
    chosen = [at for at in range(200) if not 50 <= at < 60]
    folder = store(tmp_path, minutes(*chosen), [])
    gap = {"ts": timestamp(BEGIN_S), "kind": "gap", "symbol": "KRW-BTC", "source": "upbit"}
    gap |= {"from_ts": timestamp(BEGIN_S + 3_000), "until_ts": timestamp(BEGIN_S + 3_600)}
    other = {**gap, "symbol": "KRW-ETH", "from_ts": timestamp(BEGIN_S)}
    write(folder / "events.jsonl", [gap, other])
    (market,) = gathered(folder).markets
    missing = np.flatnonzero(np.isnan(market.log_close)).tolist()
    assert missing == list(range(50, 60))
    assert np.flatnonzero(np.isnan(returns(market.log_close, 5)[:190])).tolist() == list(range(45, 60))


def test_hole_that_nobody_told_of_holds_the_last_price_for_an_hour_and_no_longer(tmp_path: Path) -> None:
    chosen = [*range(150), *range(400, 500)]
    (market,) = gathered(store(tmp_path, minutes(*chosen), [])).markets
    assert np.flatnonzero(np.isnan(market.log_close)).tolist() == list(range(210, 400))
    (wider,) = gathered(tmp_path, hole_s=600).markets
    assert np.flatnonzero(np.isnan(wider.log_close)).tolist() == list(range(160, 400))


def test_headline_counts_from_when_it_was_recorded_and_its_return_from_the_next_close(tmp_path: Path) -> None:
    published = {"published_ts": timestamp(BEGIN_S)}
    scores = [score(BEGIN_S + 60 * 40 + 1, 1, "a0", 0.5, **published), score(BEGIN_S + 60 * 90, 2, "a0", 0.5)]
    found = gathered(store(tmp_path, minutes(*range(200)), scores))
    every = found.series[0]
    assert every.at.tolist() == [40, 90]
    # Bin 40 ends with the close of minute 40, the first candle that closes after the headline.
    assert np.exp(found.markets[0].log_close[every.at]).tolist() == pytest.approx([140, 190])
    assert found.grid.end_ms(40) == (BEGIN_S + 60 * 41) * 1000


def test_headline_is_never_known_before_its_bin_ends_whatever_the_bin(tmp_path: Path) -> None:
    scores = [score(BEGIN_S + 7.3 * at, at, "a0", 0.5) for at in range(1_000)]
    store(tmp_path, minutes(*range(300)), scores)
    for bin_s in (60, 300, 900, 3_600):
        found = gathered(tmp_path, bin_s=bin_s)
        last_s = {int((BEGIN_S + 7.3 * at) // bin_s) - found.grid.first: BEGIN_S + 7.3 * at for at in range(1_000)}
        assert all(found.grid.end_ms(at) > 1000 * last_s[at] for at in found.series[0].at.tolist())


def test_future_that_changes_changes_nothing_before_it(tmp_path: Path) -> None:
    room = Newsroom(3, days=3)
    before = gathered(room.store(tmp_path / "A"))
    half = len(room.closes) // 2
    room.closes[half:] *= np.linspace(1, 3, len(room.closes) - half)
    room.headlines = [(at_s, source, value if at_s < half * 60 else -value) for at_s, source, value in room.headlines]
    after = gathered(room.store(tmp_path / "B"))
    for name in ("log_close", "variance"):
        one, other = (getattr(found.markets[0], name) for found in (before, after))
        np.testing.assert_array_equal(one[:half], other[:half])
        assert (one[half + 1 :] != other[half + 1 :]).any()
    for one, other in zip(before.series, after.series, strict=True):
        past = one.at < half
        np.testing.assert_array_equal(one.score[past], other.score[other.at < half])
        assert (one.score[~past] != other.score[other.at >= half]).any()
    # A return of 30 minutes that ended before the change is what it was; the next one is not.
    one, other = (returns(found.markets[0].log_close, 30) for found in (before, after))
    np.testing.assert_array_equal(one[: half - 30], other[: half - 30])
    assert (one[half - 30 : half] != other[half - 30 : half]).any()


def test_story_counts_once_for_each_headline_source_or_in_all_as_asked(tmp_path: Path) -> None:
    scores = [
        score(BEGIN_S + 60, 1, "a0", 0.1, text_id="s-1", story="s"),
        score(BEGIN_S + 120, 2, "a0", 0.2, text_id="s-2", story="s"),
        score(BEGIN_S + 180, 3, "b1", 0.3, text_id="s-3", story="s"),
        score(BEGIN_S + 240, 4, "b1", 0.4, text_id="s-3", story="s"),
    ]
    store(tmp_path, minutes(*range(200)), scores)
    counts = {once: gathered(tmp_path, once=once).headlines for once in ("text", "source", "story")}
    assert counts == {"text": 3, "source": 2, "story": 1}


def test_same_candle_of_two_boxes_counts_once_and_their_sources_are_told_apart(tmp_path: Path) -> None:
    shared = score(BEGIN_S + 60, 1, "a0", 0.5)
    own = score(BEGIN_S + 120, 2, "a0", -0.5)
    store(tmp_path / "A", minutes(*range(150)), [shared])
    store(tmp_path / "B", minutes(*range(100, 250)), [{**shared, "ts": timestamp(BEGIN_S + 300)}, own])
    found = gathered(tmp_path / "A", tmp_path / "B")
    assert found.markets[0].candles == 250
    assert [(each.name, each.headlines) for each in found.series] == [("all", 2), ("A: a0", 1), ("B: a0", 2)]
    assert found.series[0].at.tolist() == [1, 2]


def test_models_are_never_mixed_and_the_one_with_most_scores_is_taken(tmp_path: Path) -> None:
    scores = [score(BEGIN_S + 60 * at, at, "a0", 0.5, model="old") for at in range(30)]
    scores += [score(BEGIN_S + 60 * at, at, "b1", -0.5, model="new") for at in range(30, 50)]
    store(tmp_path, minutes(*range(200)), scores)
    found = gathered(tmp_path)
    assert (found.model, found.models, found.headlines) == ("old", {"old": 30, "new": 20}, 30)
    assert set(found.series[0].score.tolist()) == {0.5}
    assert gathered(tmp_path, model="new").headlines == 20
    with pytest.raises(UsageError, match=r"--model other: .* new \(20\), old \(30\)"):
        gathered(tmp_path, model="other")


def test_scores_made_anew_count_from_when_the_headline_was_first_known(tmp_path: Path) -> None:
    scores = [score(BEGIN_S + 60 * at, at, "a0", 0.5, model="old") for at in range(30)]
    anew = [{**each, "ts": timestamp(BEGIN_S + 9_000), "model": "new", "score": 0.9} for each in scores]
    store(tmp_path, minutes(*range(200)), scores)
    write(tmp_path / "sentiment-new.jsonl", anew)
    found = gathered(tmp_path, model="new")
    assert found.series[0].at.tolist() == list(range(30))
    assert set(found.series[0].score.tolist()) == {0.9}


def test_sources_can_be_put_into_groups_and_languages_come_by_themselves(tmp_path: Path) -> None:
    scores = [score(BEGIN_S + 60 * at, at, name, 0.5) for at in range(10) for name in ("a0", "b1", "c2")]
    found = gathered(store(tmp_path, minutes(*range(200)), scores), groups={"boards": ("a0", "b1")})
    assert [(each.name, each.kind, each.headlines) for each in found.series] == [
        *(("all", "all", 30), ("en", "lang", 10), ("ko", "lang", 20), ("boards", "group", 20)),
        *(("a0", "source", 10), ("b1", "source", 10), ("c2", "source", 10)),
    ]


def test_clock_that_jumped_leaves_out_what_lies_outside_the_candles(tmp_path: Path) -> None:
    scores = [score(BEGIN_S + 60 * at, at, "a0", 0.5) for at in range(10)]
    scores += [score(BEGIN_S + 400 * 86_400, 10, "a0", 0.5), score(BEGIN_S - 86_400, 11, "a0", 0.5)]
    found = gathered(store(tmp_path, minutes(*range(200)), scores))
    assert found.grid.count == 200
    assert found.series[0].headlines == 10


def test_memory_decides_how_finely_time_is_cut(tmp_path: Path) -> None:
    store(tmp_path, minutes(*range(0, 86_400 * 10 // 60, 30)), [])
    assert gathered(tmp_path, bin_s=0).grid.bin_s == 60
    store(tmp_path, minutes(*range(0, 10_000_000, 50_000)), [])
    assert gathered(tmp_path, bin_s=0, memory_mb=300).grid.bin_s == 900


def test_span_leaves_out_what_lies_before_and_after_it(tmp_path: Path) -> None:
    scores = [score(BEGIN_S + 60 * at, at, "a0", 0.5) for at in range(200)]
    store(tmp_path, minutes(*range(400)), scores)
    span = Span((BEGIN_S + 60 * 100) * 1000, (BEGIN_S + 60 * 250) * 1000)
    found = gathered(tmp_path, span=span)
    assert (found.grid.count, found.headlines) == (150, 100)


def test_candles_of_a_wrong_year_end_the_study_with_a_word_on_what_to_do(tmp_path: Path) -> None:
    far = [candle(BEGIN_S + 60 * 10**9 + 60 * at, 1, 1) for at in range(100)]
    store(tmp_path, [*minutes(*range(200)), *far], [])
    with pytest.raises(UsageError, match="--since and --until choose"):
        gathered(tmp_path)


def test_market_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    store(tmp_path, [*minutes(*range(200)), *minutes(*range(50), symbol="KRW-ETH")], [])
    with pytest.raises(UsageError, match=r"--symbol DOGE: .* KRW-BTC, KRW-ETH"):
        gathered(tmp_path, symbols=("DOGE",))
    assert gathered(tmp_path).too_short == {"KRW-ETH (upbit)": 50}


def test_store_of_one_record_or_none_gives_an_empty_grid(tmp_path: Path) -> None:
    assert gathered(tmp_path).grid.count == 0
    (tmp_path / "prices.jsonl").write_bytes(encode(minutes(1)[0]))
    found = gathered(tmp_path)
    assert (found.grid.count, found.too_short) == (0, {"KRW-BTC (upbit)": 1})
