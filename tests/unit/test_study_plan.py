"""The study's plans mean the same to DuckDB and to plain Python, over stores as they really lie."""

import gzip
import random
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from agent.clock import timestamp
from desk.study import plan
from desk.study.duck import Duck
from desk.study.files import Box, Shelf, boxes
from desk.study.plan import Aggregate, Span
from store import Store
from store.line import encode
from tests.fakes.newsroom import BEGIN_S, candle, score, write
from tests.fakes.plain_engine import PlainEngine
from tests.fakes.study import quiet

Ask = Callable[..., list[plan.Columns]]


@pytest.fixture
def duck(tmp_path: Path) -> Ask:
    """Return what runs aggregates over some folders with the engine in use."""

    def run(folders: list[Path], *wanted: Aggregate) -> list[plan.Columns]:
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        shelf = Shelf(boxes(folders), scratch, quiet())
        with ExitStack() as stack:
            stack.callback(shelf.close)
            engine = stack.enter_context(Duck(shelf, 100))
            return [engine.table(aggregate) for aggregate in wanted]

    return run


def same(found: plan.Columns, wanted: plan.Columns) -> None:
    """Compare two tables, sums to the last digits that their order may decide."""
    assert list(found) == list(wanted)
    for name, column in wanted.items():
        if column.size and isinstance(column[0], float):
            np.testing.assert_allclose(found[name].astype(float), column.astype(float), rtol=1e-12)
        else:
            assert found[name].tolist() == column.tolist(), name


def aggregates(span: Span) -> list[Aggregate]:
    candles = plan.candles(span)
    streams = ("sentiment", "sentiment-new")
    old = plan.scores(("sentiment",), "old", ("text_id",), span)
    return [
        plan.markets(candles),
        plan.bars(candles, "upbit", "KRW-BTC", 60),
        plan.bars(candles, "upbit", "KRW-BTC", 300),
        plan.models(streams, span),
        plan.moods(old, 60, by_box=False),
        plan.moods(plan.scores(("sentiment",), "old", ("box", "text_id"), span), 300, by_box=True),
        plan.moods(plan.scores(("sentiment",), "old", ("story",), span), 300, by_box=False),
        plan.moods(plan.scores(("sentiment",), "old", ("source", "story"), span), 300, by_box=False),
        plan.moods(plan.scores(streams, "new", ("text_id",), span), 300, by_box=False),
        plan.headlines(plan.scores(("sentiment",), "old", ("text_id",), span, titles=True), 0.5, good=True),
        plan.headlines(plan.scores(("sentiment",), "old", ("text_id",), span, titles=True), 0.5, good=False),
        plan.gaps(),
    ]


def messy(folder: Path, dice: random.Random) -> Path:
    """Store what a bad month leaves: jumps of the clock, repeats, two models, odd fields, torn and damaged lines."""
    folder.mkdir(parents=True)
    prices = [candle(BEGIN_S + 60 * at, 100 + at, 100 + at + dice.random()) for at in range(300) if dice.random() < 0.9]
    prices += [candle(BEGIN_S + 60 * at, 5, 6, "KRW-ETH") for at in range(50)]
    prices += [{**dice.choice(prices), "ts": timestamp(BEGIN_S - 9_000), "close": 7} for _ in range(20)]
    prices.append({**candle(BEGIN_S, 1, 2), "unit_s": 300})
    write(folder / "prices.jsonl", prices)
    scores = []
    for at in range(400):
        source = dice.choice(("a0", "b1", "c'2"))
        scores.append(score(BEGIN_S + dice.random() * 18_000, at // 2, source, dice.uniform(-1, 1), model="old"))
    scores += [{**dice.choice(scores), "model": "new"} for _ in range(40)]
    scores.append({**scores[0], "text_id": "x", "score": 3})
    scores.append({name: value for name, value in scores[1].items() if name not in ("lang", "story", "title")})
    later = [{**each, "ts": timestamp(BEGIN_S + 90_000), "model": "new", "score": 0.25} for each in scores[:100]]
    write(folder / "sentiment-new.jsonl", [*later, {**later[0], "text_id": "unknown"}])
    lines = [encode(each) for each in scores]
    lines[7] = lines[7].replace(b'"score":', b'"score":9', 1)
    lines[8] = lines[8][:40] + b"\n"
    lines[9] = b"      \n"
    third = len(lines) // 3
    packed = folder / "sentiment.jsonl-20251201-1764590000.gz"
    packed.write_bytes(gzip.compress(b"".join(lines[:third])))
    plain = folder / "sentiment.jsonl-20251202-1764680000"
    plain.write_bytes(b"".join(lines[third : 2 * third]))
    plain.with_name(plain.name + ".gz").write_bytes(b"half written")
    (folder / "sentiment.jsonl").write_bytes(b"".join(lines[2 * third :]) + b'{"ts":"2025-12-01T0')
    gap = {"ts": timestamp(BEGIN_S), "kind": "gap", "symbol": "KRW-BTC", "source": "upbit"}
    gap |= {"from_ts": timestamp(BEGIN_S + 600), "until_ts": timestamp(BEGIN_S + 900)}
    write(folder / "events.jsonl", [gap, gap, {"ts": timestamp(BEGIN_S), "kind": "start"}])
    return folder


def test_plans_come_out_the_same_with_another_engine_on_a_messy_store(tmp_path: Path, duck: Ask, seed: int) -> None:
    dice = random.Random(seed)
    folders = [messy(tmp_path / "A", dice), messy(tmp_path / "B", dice)]
    for chosen in (folders[:1], folders):
        for span in (Span(), Span((BEGIN_S + 3_600) * 1000, (BEGIN_S + 9_000) * 1000)):
            wanted = aggregates(span)
            plain = PlainEngine(boxes(chosen))
            for aggregate, found in zip(wanted, duck(chosen, *wanted), strict=True):
                same(found, plain.table(aggregate))
                assert len(next(iter(found.values()))), aggregate


def test_damaged_line_that_still_is_json_is_left_out_and_told(tmp_path: Path, duck: Ask) -> None:
    records = [candle(BEGIN_S + 60 * at, 100, 100) for at in range(3)]
    write(tmp_path / "prices.jsonl", records)
    bars = plan.bars(plan.candles(Span()), "upbit", "KRW-BTC", 60)
    assert duck([tmp_path], bars)[0]["high"].tolist() == [100, 100, 100]
    path = tmp_path / "prices.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"high":100', b'"high":900', 1))
    assert duck([tmp_path], bars)[0]["high"].tolist() == [100, 100]


def test_compressed_segment_that_breaks_off_gives_what_is_whole_of_it(tmp_path: Path, duck: Ask) -> None:
    lines = b"".join(encode(candle(BEGIN_S + 60 * at, 100 + at % 7, 100)) for at in range(5_000))
    whole = gzip.compress(lines)
    segment = tmp_path / "prices.jsonl-20251201-1764590000.gz"
    segment.write_bytes(whole[: len(whole) // 2])
    write(tmp_path / "prices.jsonl", [candle(BEGIN_S + 600_000, 1, 1)])
    markets = plan.markets(plan.candles(Span()))
    (found,) = duck([tmp_path], markets)
    assert 500 < found["count"][0] < 4_900
    same(found, PlainEngine([Box("", tmp_path)]).table(markets))


def test_live_file_is_read_whole_when_it_is_rotated_after_the_listing(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    data = tmp_path / "data"
    data.mkdir()
    write(data / "prices.jsonl", [candle(BEGIN_S + 60 * at, 1, 1) for at in range(100)])

    class Rotated(Shelf):
        def files(self, box: Box, stream: str):  # type: ignore[no-untyped-def] # noqa: ANN202 - as its parent
            found = super().files(box, stream)
            live = data / "prices.jsonl"
            if live.exists():
                live.rename(data / "prices.jsonl-20251201-1764590000")
                with Store(live, durable=False) as store:
                    store.append(candle(BEGIN_S + 6_000, 1, 1))
            return found

    shelf = Rotated(boxes([data]), scratch, quiet())
    with Duck(shelf, 100) as engine:
        assert engine.table(plan.markets(plan.candles(Span())))["count"].tolist() == [100]
    shelf.close()


def test_segment_that_is_compressed_after_the_listing_is_read_all_the_same(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    data = tmp_path / "data"
    data.mkdir()
    segment = data / "prices.jsonl-20251201-1764590000"
    write(segment, [candle(BEGIN_S + 60 * at, 1, 1) for at in range(100)])

    class Compressed(Shelf):
        def files(self, box: Box, stream: str):  # type: ignore[no-untyped-def] # noqa: ANN202 - as its parent
            found = super().files(box, stream)
            if segment.exists():
                segment.with_name(segment.name + ".gz").write_bytes(gzip.compress(segment.read_bytes()))
                segment.unlink()
            return found

    shelf = Compressed(boxes([data]), scratch, quiet())
    with Duck(shelf, 100) as engine:
        assert engine.table(plan.markets(plan.candles(Span())))["count"].tolist() == [100]
    shelf.close()
