"""The bot looks after itself: each limit begins an alert with what to do, and being well again ends it."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agent import watch
from agent.folder import DataFolder
from agent.jobs import Due
from agent.parts import plan_of
from agent.settings import Config, News
from agent.settings import Watch as Limits
from agent.trader import Trader
from tests.fakes.clock import ManualClock
from tests.scripts import records
from tests.unit.test_trader import ALWAYS, BTC, T0, FakeMarket

DUE = Due(T0, 1.0)


@contextmanager
def trader(folder: Path, limits: Limits, market: FakeMarket | None = None) -> Iterator[Trader]:
    settings: Config = replace(ALWAYS, watch=limits)
    with Trader(settings, DataFolder(folder), ManualClock(T0 + 6), market or FakeMarket(), plan_of(settings)) as made:
        made.read_back()
        yield made


def told(folder: Path) -> list[tuple[str, str]]:
    return [(event["kind"], event["what"]) for event in records(folder, "events") if event["kind"].startswith("alert")]


def test_watch_tells_nothing_while_all_is_well(tmp_path: Path) -> None:
    with trader(tmp_path, Limits(disk_free_mib_min=1, rss_mib_max=100_000)) as made:
        for _ in range(3):
            watch.look(made, DUE)
    assert told(tmp_path) == []


def test_watch_tells_of_a_disk_that_is_nearly_full_and_of_memory_that_grew(tmp_path: Path) -> None:
    with trader(tmp_path, Limits(disk_free_mib_min=10**6, rss_mib_max=1)) as made:
        for _ in range(3):
            watch.look(made, DUE)
    assert told(tmp_path) == [("alert", "disk"), ("alert", "memory")]
    disk, memory = (event for event in records(tmp_path, "events") if event["kind"] == "alert")
    assert disk["message"] == f"the disk of {tmp_path} has {disk['free_mib']} MiB left"
    assert memory["rss_mib"] > 1
    with trader(tmp_path, Limits(disk_free_mib_min=1, rss_mib_max=100_000)) as made:
        watch.look(made, DUE)
    assert told(tmp_path)[2:] == [("alert_end", "disk"), ("alert_end", "memory")]


def test_watch_tells_when_no_price_came_for_minutes_and_when_one_does(tmp_path: Path) -> None:
    market = FakeMarket()
    with trader(tmp_path, Limits(1, 100_000, price_min_max=10), market) as made:
        market.is_down = True
        for minute in range(15):
            made.clock.sleep_s(60)
            made.take_prices(10)
            watch.look(made, DUE)
            assert (told(tmp_path) == [("alert", f"prices {BTC}")]) == (minute >= 9)
        market.is_down = False
        made.clock.sleep_s(60)
        made.take_prices(10)
        watch.look(made, DUE)
    assert told(tmp_path) == [("alert", f"prices {BTC}"), ("alert_end", f"prices {BTC}")]


@pytest.mark.parametrize(("age_min", "is_told"), [(23, False), (24, True)])
def test_watch_waits_for_the_next_price_where_they_are_fetched_seldom(
    tmp_path: Path, age_min: int, *, is_told: bool
) -> None:
    with trader(tmp_path, Limits(1, 100_000, price_min_max=10)) as made:
        made.config = replace(made.config, schedule=replace(made.config.schedule, price="15m"))
        made.clock.sleep_s(60 * age_min)
        watch.look(made, DUE)
    assert told(tmp_path) == ([("alert", f"prices {BTC}")] if is_told else [])


def test_watch_ends_the_alert_of_a_symbol_that_is_read_no_more(tmp_path: Path) -> None:
    market = FakeMarket()
    market.is_down = True
    with trader(tmp_path, Limits(1, 100_000, price_min_max=10), market) as made:
        made.alerts.begin("prices KRW-OLD", age_min=11)
        made.take_prices(10)
        watch.look(made, DUE)
        assert told(tmp_path) == [("alert", "prices KRW-OLD")]
    market.is_down = False
    # Whoever reads it no more is another process, after a restart with another configuration.
    with trader(tmp_path, Limits(1, 100_000, price_min_max=10), market) as made:
        made.take_prices(10)
        watch.look(made, DUE)
    assert told(tmp_path)[1:] == [("alert_end", "prices KRW-OLD")]


@pytest.mark.parametrize(("age_min", "is_told"), [(44, False), (46, True)])
def test_watch_tells_of_a_scorer_that_fell_silent(tmp_path: Path, age_min: int, *, is_told: bool) -> None:
    feeds = tmp_path / "feeds.jsonl"
    feeds.write_text("")
    os.utime(feeds, (time.time() - 60 * age_min, time.time() - 60 * age_min))
    with trader(tmp_path, Limits(1, 100_000)) as made:
        watch.look(made, DUE)
        assert told(tmp_path) == ([("alert", "scorer")] if is_told else [])
        feeds.touch()
        watch.look(made, DUE)
    assert ("scorer" in [what for _, what in told(tmp_path)]) == is_told


def test_watch_goes_on_telling_of_a_silent_scorer_when_its_file_is_rotated_or_pruned(tmp_path: Path) -> None:
    feeds, hour_s = tmp_path / "feeds.jsonl", time.time() - 3600
    feeds.write_text("")
    os.utime(feeds, (hour_s, hour_s))
    with trader(tmp_path, Limits(1, 100_000)) as made:
        watch.look(made, DUE)
        segment = feeds.rename(tmp_path / "feeds.jsonl-20260311-1773230400")
        (tmp_path / "feeds.jsonl-20260310-1773144000.gz").touch()
        watch.look(made, DUE)
        for path in tmp_path.glob("feeds.jsonl-*"):
            path.unlink()
        watch.look(made, DUE)
        assert told(tmp_path) == [("alert", "scorer")]
        segment.touch()
        watch.look(made, DUE)
    assert told(tmp_path)[1:] == [("alert_end", "scorer")]


@pytest.mark.parametrize(("age_min", "is_told"), [(44, False), (46, True)])
def test_watch_tells_of_a_scorer_that_never_ran_when_the_bot_has_run_that_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age_min: int, *, is_told: bool
) -> None:
    monkeypatch.setattr(watch, "_BEGUN_S", time.monotonic() - 60 * age_min)
    with trader(tmp_path, Limits(1, 100_000)) as made:
        watch.look(made, DUE)
    assert told(tmp_path) == ([("alert", "scorer")] if is_told else [])


def test_watch_minds_no_scorer_when_there_are_no_feeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_BEGUN_S", time.monotonic() - 86_400)
    with trader(tmp_path, Limits(1, 100_000)) as made:
        made.config = replace(made.config, news=News(feeds=()))
        watch.look(made, DUE)
    assert told(tmp_path) == []


def test_watch_ends_the_scorers_alert_when_the_feeds_are_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_BEGUN_S", time.monotonic() - 86_400)
    with trader(tmp_path, Limits(1, 100_000)) as made:
        watch.look(made, DUE)
        made.config = replace(made.config, news=News(feeds=()))
        watch.look(made, DUE)
    assert told(tmp_path) == [("alert", "scorer"), ("alert_end", "scorer")]
