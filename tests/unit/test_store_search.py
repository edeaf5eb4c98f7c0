"""Ranges of time: the same as a filter over everything, without reading everything."""

import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from store import Damage, Store, scan
from store.line import encode
from store.search import bound
from tests.faults.store_rotation import compress, rotate

START = datetime(2026, 11, 21, tzinfo=UTC)


def ts(second: float) -> str:
    return bound(START + timedelta(seconds=second))


@pytest.fixture
def hours(tmp_path: Path) -> Path:
    """A record each 10 s for 20 h, some far longer than others: eight segments, six of them compressed."""
    path = tmp_path / "prices.jsonl"
    rng = random.Random(5)
    for at in range(9):
        with Store(path, durable=False) as store:
            store.append_many(
                {"ts": ts(10 * n), "kind": "test", "n": n, "text": "x" * rng.choice([10, 200, 800])}
                for n in range(at * 800, at * 800 + 800)
            )
        if at < 8:
            segment = rotate(path, at)
            if at < 6:
                compress(segment)
    return path


@pytest.mark.parametrize(
    ("when", "written"),
    [
        ("2026-11-21", "2026-11-21T00:00:00.000Z"),
        ("2026-11-21T09:00+09:00", "2026-11-21T00:00:00.000Z"),
        ("2026-11-21T00:00:00.0001Z", "2026-11-21T00:00:00.001Z"),
        ("2026-11-21T00:00:00.999999", "2026-11-21T00:00:01.000Z"),
        (datetime(2026, 11, 21, 9, tzinfo=timezone(timedelta(hours=9))), "2026-11-21T00:00:00.000Z"),
    ],
)
def test_bound_is_the_first_millisecond_not_before(when: str | datetime, written: str) -> None:
    assert bound(when) == written


@pytest.mark.parametrize("bad", ["", "yesterday", "2026-13-01", datetime(2026, 11, 21)])
def test_scan_refuses_a_bound_that_is_no_moment(tmp_path: Path, bad: str | datetime) -> None:
    with pytest.raises(ValueError, match=r"."):
        scan(tmp_path / "x.jsonl", bad)
    with pytest.raises(ValueError, match=r"."):
        scan(tmp_path / "x.jsonl", None, bad)


def test_range_is_what_a_filter_over_everything_gives(hours: Path, seed: int) -> None:
    rng = random.Random(seed)
    everything = list(scan(hours))
    assert len(everything) == 7200
    edges = [0, 7999.999, 8000, 8000.001, 48_000, 64_000, 71_990, 72_000]
    for _ in range(10):
        since, until = sorted(rng.choice(edges) if rng.random() < 0.5 else rng.uniform(-100, 73_000) for _ in "ab")
        wanted = [record["n"] for record in everything if ts(since) <= record["ts"] < ts(until)]
        assert [record["n"] for record in scan(hours, ts(since), ts(until))] == wanted
    for second in (*edges, -1, 99_999):
        assert [r["n"] for r in scan(hours, ts(second))] == [r["n"] for r in everything if r["ts"] >= ts(second)]
        assert [r["n"] for r in scan(hours, until=ts(second))] == [r["n"] for r in everything if r["ts"] < ts(second)]


def test_range_reads_only_the_files_it_needs(hours: Path) -> None:
    for at in (0, 1, 2, 3, 6, 7):
        for name in (f"{hours}-20261121-{at}", f"{hours}-20261121-{at}.gz"):
            if Path(name).exists():
                whole = Path(name).read_bytes()
                Path(name).write_bytes(whole[: len(whole) // 2])
    told: list[Damage] = []
    found = [record["n"] for record in scan(hours, ts(35_000), ts(40_000), on_damage=told.append)]
    assert found == list(range(3500, 4000))
    assert told == []


def test_range_forgives_a_minute_of_disorder(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    rng = random.Random(2)
    with Store(path, durable=False) as store:
        store.append_many(
            {"ts": ts(n + rng.uniform(0, 29)), "kind": "test", "n": n, "x": "x" * 300} for n in range(5000)
        )
    everything = list(scan(path))
    for since in range(0, 4900, 511):
        wanted = [record["n"] for record in everything if ts(since) <= record["ts"] < ts(since + 100)]
        assert [record["n"] for record in scan(path, ts(since), ts(since + 100))] == wanted


def test_damaged_times_do_not_lead_a_range_astray(tmp_path: Path) -> None:
    path = tmp_path / "prices.jsonl"
    lines = [encode({"ts": ts(n), "kind": "test", "n": n, "x": "x" * 300}) for n in range(3000)]
    for n in range(100, 3000, 7):
        lines[n] = lines[n].replace(b'"2026', b'"9026' if n % 2 else b'"1026')
    path.write_bytes(b"".join(lines))
    told: list[Damage] = []
    found = [record["n"] for record in scan(path, ts(1000), ts(2000), on_damage=told.append)]
    assert found == [n for n in range(1000, 2000) if (n - 100) % 7]
    assert {damage.line - 1 for damage in told} >= {n for n in range(1000, 2000) if not (n - 100) % 7 and n % 2}


def test_times_of_another_form_are_compared_as_times(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with Store(path, durable=False) as store:
        store.append({"ts": "2026-11-21T09:00:00+09:00", "kind": "test", "n": 0})
        store.append({"ts": "2026-11-21T00:00:01.5+00:00", "kind": "test", "n": 1})
        store.append({"ts": "long ago", "kind": "test", "n": 2})
        store.append({"ts": "2026-11-21T00:00:02.000Z", "kind": "test", "n": 3})
    told: list[Damage] = []
    assert [record["n"] for record in scan(path, ts(1), ts(9), on_damage=told.append)] == [1, 3]
    assert [damage.file for damage in told] == [str(path)]


def test_segments_without_records_do_not_mislead_a_range(hours: Path) -> None:
    for at in (2, 3, 7):
        for name in (f"{hours}-20261121-{at}", f"{hours}-20261121-{at}.gz"):
            Path(name).unlink(missing_ok=True)
        Path(f"{hours}-20261121-{at}").write_bytes(b"   \n")
    everything = list(scan(hours))
    for since in range(0, 72_000, 6_000):
        wanted = [record["n"] for record in everything if record["ts"] >= ts(since)]
        assert [record["n"] for record in scan(hours, ts(since))] == wanted
