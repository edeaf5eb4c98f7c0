"""The collector over days: what it takes for new, with a clock that the test sets."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent import collector
from agent.clock import DAY_S, SystemClock, seconds, timestamp
from agent.collector import Collector
from agent.errors import Unreachable
from agent.fetch import Fetcher
from agent.folder import DataFolder
from agent.settings import Config, News, NewsFeed, StoreSettings
from sentiment import scorer
from store import Store
from store import read as reading
from tests.fakes.clock import ManualClock
from tests.fakes.decoder import watched
from tests.fakes.feeds import Entry, FeedHost, rss
from tests.fakes.scorer import records, titles
from tests.fakes.server import LocalServer

START_S = seconds("2026-03-02T00:00:00Z")
SCORER = scorer()


class World:
    """One feed, one data folder, and a pass whenever the test wants one."""

    def __init__(self, folder: Path, server: LocalServer, host: FeedHost) -> None:
        self.path, self.host = folder, host
        self.clock = ManualClock(START_S)
        self.feed = NewsFeed("alder", f"{server.url}/feed")
        self.config = Config(news=News(feeds=(self.feed,)), store=StoreSettings(durable=False))

    def collect(self, *entries: Entry) -> int:
        self.host.bodies["/feed"] = rss(entries)
        fetcher = Fetcher(SystemClock())
        with Collector(self.config, DataFolder(self.path), self.clock, fetcher, SCORER) as collector:
            return collector.collect(self.feed, 5.0)

    def fail(self) -> None:
        self.host.bodies["/feed"] = None
        folder, fetcher = DataFolder(self.path), Fetcher(SystemClock())
        with Collector(self.config, folder, self.clock, fetcher, SCORER) as collector, pytest.raises(Unreachable):
            collector.collect(self.feed, 5.0)

    def collect_cut(self, *entries: Entry) -> int:
        """Make a pass whose answer breaks off behind the entries."""
        self.host.bodies["/feed"] = rss(entries).replace(b"</channel></rss>", b"<item><title>cut o")
        fetcher = Fetcher(SystemClock())
        with Collector(self.config, DataFolder(self.path), self.clock, fetcher, SCORER) as collector:
            return collector.collect(self.feed, 5.0)

    def titles(self) -> list[str]:
        return titles(self.path)

    def lose_last_answer(self) -> None:
        """Make it as if a kill had come between the scores and the answer's record."""
        stream = self.path / "feeds.jsonl"
        kept = stream.read_bytes().splitlines(keepends=True)[:-1]
        stream.write_bytes(b"".join(kept))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    # The second between robots.txt and feed is of no matter here, and there are many days.
    monkeypatch.setattr(collector, "INTERVAL_S", 0.0)
    host = FeedHost({})
    with LocalServer(host) as server:
        yield World(tmp_path, server, host)


def undated(number: int) -> Entry:
    return Entry(f"headline {number}", f"g{number}")


def dated(number: int, date: str) -> Entry:
    return Entry(f"headline {number}", f"g{number}", "", date)


OLD = dated(1, "Mon, 05 Jan 2026 00:00:00 GMT")


def test_what_stays_in_the_feed_for_weeks_is_stored_once(world: World) -> None:
    for _ in range(10):
        world.collect(undated(1), OLD._replace(guid="old", title="old"))
        world.clock.wall_s += 3 * DAY_S
    assert sorted(world.titles()) == ["headline 1", "old"]


def test_all_entries_of_a_source_never_seen_are_stored_however_old(world: World) -> None:
    assert world.collect(OLD, undated(2)) == 2


def test_an_old_entry_that_comes_back_is_known(world: World) -> None:
    world.collect(OLD)
    world.clock.wall_s += 9 * DAY_S
    world.collect(undated(2))
    world.clock.wall_s += 9 * DAY_S
    assert world.collect(undated(2), OLD) == 0


def test_an_old_entry_that_was_never_there_is_new(world: World) -> None:
    world.collect(undated(1))
    world.clock.wall_s += 9 * DAY_S
    world.collect(undated(1))
    late = dated(7, "Tue, 06 Jan 2026 00:00:00 GMT")
    assert world.collect(undated(1), late) == 1


def test_an_outage_longer_than_the_memory_doubles_nothing(world: World) -> None:
    world.collect(undated(1), OLD._replace(guid="o"))
    for _ in range(5):
        world.clock.wall_s += DAY_S
        world.fail()
    assert world.collect(undated(2), undated(1), OLD._replace(guid="o")) == 1


@pytest.mark.parametrize("pause_s", [60, 9 * DAY_S])
@pytest.mark.parametrize("first", [True, False])
def test_scores_whose_answer_was_never_recorded_are_known(world: World, pause_s: float, first: bool) -> None:  # noqa: FBT001 - pytest passes it
    if not first:
        world.collect(undated(1))
        world.clock.wall_s += 60
    assert world.collect(undated(3), undated(2), dated(4, "Mon, 02 Mar 2026 00:00:30 GMT")) == 3
    world.lose_last_answer()
    world.clock.wall_s += pause_s
    assert world.collect(undated(5), undated(3), undated(2), dated(4, "Mon, 02 Mar 2026 00:00:30 GMT")) == 1


def test_a_feed_with_more_entries_than_an_answer_remembers_doubles_none(world: World) -> None:
    many = [undated(number) for number in range(620)]
    assert world.collect(*many) == 620
    assert len(records(world.path, "feeds")[0]["shown"]) == 500
    world.clock.wall_s += 60
    assert world.collect(*many) == 0
    world.clock.wall_s += 9 * DAY_S
    assert world.collect(undated(1000), *many) == 1


def test_what_a_cut_hides_for_weeks_is_known_when_it_is_seen_again(world: World) -> None:
    world.collect(undated(2), undated(1))
    for number in range(3, 8):
        world.clock.wall_s += 3 * DAY_S
        assert world.collect_cut(undated(number), undated(2)) == 1
    assert world.collect(undated(7), undated(2), undated(1)) == 0


def test_a_feed_that_is_always_broken_is_looked_up_no_further_back_than_its_last_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = watched(monkeypatch)
    for number in range(8):
        world.clock.wall_s += 60
        read.clear()
        assert world.collect_cut(dated(number, "Mon, 02 Mar 2026 00:00:00 GMT")) == 1
    assert sum('"kind":"feed"' in line for line in read) == 3


def test_a_feed_that_is_new_costs_no_reading_of_all_answers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"kind": "feed", "source": "birch", "url": "https://birch.example", "http_status": 304, "shown": []}
    folder = DataFolder(world.path)
    with Store(folder.stream("feeds"), durable=False) as store:
        old = {**answer, "source": "alder", "url": world.feed.url, "http_status": 200}
        moments = [timestamp(START_S - 60 * (3_000 - n)) for n in range(3_000)]
        store.append_many({"ts": ts, **(old if n == 7 else answer)} for n, ts in enumerate(moments))
    feeds = (world.feed, NewsFeed("birch", "https://birch.example"), NewsFeed("cedar", "https://cedar.example"))
    config = replace(world.config, news=News(feeds=feeds))
    read = watched(monkeypatch)
    counts = []
    # The second is the control, which reads all.
    for read_all_max in (100, 10_000):
        monkeypatch.setattr(reading, "READ_ALL_MAX", read_all_max)
        read.clear()
        with Collector(config, folder, world.clock, Fetcher(SystemClock()), SCORER) as made:
            assert {name: last["ts"] for name, last in made._last.items()} == {
                "alder": moments[7],
                "birch": moments[-1],
            }
        counts.append(len(read))
    assert counts == [201, 3_000]


def test_headlines_are_stored_oldest_first(world: World) -> None:
    world.collect(undated(3), dated(2, "Mon, 02 Mar 2026 00:00:00 GMT"), dated(1, "Sun, 01 Mar 2026 23:00:00 GMT"))
    assert world.titles() == ["headline 3", "headline 1", "headline 2"]


def test_the_records_bear_the_clocks_time(world: World) -> None:
    world.collect(undated(1))
    assert records(world.path, "sentiment")[0]["ts"] == "2026-03-02T00:00:00.000Z"
    assert records(world.path, "feeds")[0]["ts"] == "2026-03-02T00:00:00.000Z"


def test_a_failure_carries_the_marks_of_the_last_answer_on(world: World) -> None:
    world.host.etags["/feed"] = '"v1"'
    world.collect(undated(1))
    world.fail()
    failed = records(world.path, "feeds")[-1]
    assert (failed["http_status"], failed["etag"], failed["items"], failed["shown"]) == (503, '"v1"', 0, [])
