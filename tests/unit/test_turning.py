"""A configuration that changes while it is followed: checked whole, on trial, and rolled back."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent import config
from agent.course import Course, course_of
from agent.errors import ConfigError
from agent.folder import DataFolder
from agent.parts import plan_of
from agent.trader import Trader
from agent.turning import changes, turn, turn_back
from store import NotStored
from tests.fakes.clock import ManualClock
from tests.scripts import records, write_config
from tests.unit.test_market_strategies import OWN, own
from tests.unit.test_trader import T0, FakeMarket


class Bench:
    """A config file, the course over it, and the trader that follows it."""

    def __init__(self, folder: Path, text: str = "") -> None:
        self.folder = folder
        self.file = write_config(folder, text)
        settings = config.load(str(self.file))
        self.course = Course(settings, self.file, plan_of(settings))
        self.clock = ManualClock(T0 + 6)

    @contextmanager
    def trader(self) -> Iterator[Trader]:
        with Trader(self.course.config, DataFolder(self.folder), self.clock, FakeMarket(), self.course.plan) as trader:
            yield trader

    def write(self, text: str, age_s: float = 5) -> None:
        write_config(self.folder, text)
        self.touch(age_s)

    def touch(self, age_s: float = 5) -> None:
        os.utime(self.file, (time.time() - age_s, time.time() - age_s))

    def turn(self, *, asked: bool = False) -> bool:
        """Let a pass look at the file, and the next trader tell what it has to; return whether there is one."""
        if not self.course.has_changed() and not asked:
            return False
        with self.trader() as trader:
            told = turn(self.course, trader, asked=asked)
        if told is not None:
            with self.trader() as trader:
                told(trader.sure())
        return told is not None

    def told(self) -> list[str]:
        return [event["kind"] for event in records(self.folder, "events")]


def test_changed_file_is_followed_and_its_change_told_with_before_and_after(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert not bench.turn()
    bench.write("[strategy]\nslow = 9\n[bank]\norder_amount = 1000\n")
    assert bench.turn()
    assert bench.course.config.strategy.slow == 9
    (event,) = records(tmp_path, "events")
    assert event["kind"] == "reload"
    assert event["changes"] == {"strategy.slow": [20, 9], "bank.order_amount": [50_000, 1_000]}
    assert event["config"]["strategy"]["slow"] == 9
    assert not bench.turn()


def test_file_that_is_being_written_is_left_until_it_rests(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("[strategy]\nslow = 9\n", age_s=0)
    assert not bench.turn()
    bench.touch()
    assert bench.turn()


@pytest.mark.parametrize(
    "content", [b"", b"[market", b"\xff\xfe\x00", b"[market]\nsorce = 1\n", b"[strategy]\nparameters = [30]", None]
)
def test_wrong_file_changes_nothing_and_is_one_alert_that_ends_when_it_is_mended(
    tmp_path: Path, content: bytes | None
) -> None:
    bench = Bench(tmp_path, "[strategy]\nslow = 9\n")
    before = bench.course.config
    if content is None:
        bench.file.unlink()
        bench.file.mkdir()
        bench.touch()
    else:
        bench.file.write_bytes(content)
        bench.touch()
    followed = bench.turn()
    if content == b"":
        # An empty file is a good one: everything has a default.
        assert followed
        assert bench.course.config.strategy.slow == 20
        return
    assert not followed
    assert not bench.turn()
    assert not bench.turn(asked=True)
    assert bench.course.config is before
    assert bench.told() == ["alert"]
    if content is None:
        bench.file.rmdir()
    bench.write("[strategy]\nslow = 8\n")
    assert bench.turn()
    assert bench.told() == ["alert", "reload", "alert_end"]


def test_second_mistake_in_a_file_is_told_in_place_of_the_first(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("[strategy]\nfats = 5\n", age_s=9)
    bench.turn()
    bench.write("[bank]\ncash = -1\n")
    bench.turn()
    bench.turn(asked=True)
    told = [(event["kind"], event.get("message", "")) for event in records(tmp_path, "events")]
    assert [kind for kind, _ in told] == ["alert", "alert_end", "alert"]
    assert "cash" in told[2][1]
    with bench.trader() as trader:
        trader.tell_start(told[2][1])
        assert len(records(tmp_path, "events")) == 4
    with bench.trader() as trader:
        trader.tell_start("another")
        assert trader.alerts.open["config"]["message"] == "another"


def test_alert_of_a_wrong_file_ends_when_the_one_that_is_followed_is_put_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.touch()
    bench.course = Course(bench.course.config, bench.file, bench.course.plan)
    followed = bench.file.rename(tmp_path / "followed")
    bench.write("[bank]\ncash = -1\n")
    assert not bench.turn()
    followed.rename(bench.file)
    assert not bench.turn()
    assert bench.told() == ["alert", "alert_end"]


def test_asked_reload_of_an_unchanged_file_changes_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert not bench.turn(asked=True)
    assert bench.told() == []


def test_strategy_file_is_taken_again_when_it_changes(tmp_path: Path) -> None:
    strategy = own(tmp_path)
    bench = Bench(tmp_path, f'[strategy]\nname = "file:{strategy}"\n')
    bench.touch()
    bench.course = Course(bench.course.config, bench.file, bench.course.plan)
    own(tmp_path, OWN + "# better")
    os.utime(strategy, (time.time() - 4, time.time() - 4))
    assert bench.turn()
    assert not bench.turn()
    own(tmp_path, "raise ValueError")
    os.utime(strategy, (time.time() - 3, time.time() - 3))
    assert not bench.turn()
    assert bench.told() == ["reload", "alert"]


def test_strategy_file_that_fails_is_rolled_back_to_what_it_held_before(tmp_path: Path) -> None:
    strategy = own(tmp_path)
    bench = Bench(tmp_path, f'[strategy]\nname = "file:{strategy}"\n')
    bench.touch()
    good = bench.course.plan
    bench.course = Course(bench.course.config, bench.file, good)
    own(tmp_path, OWN.replace("def decide(", "def decide(self, last):\n        raise ValueError\n\n    def other("))
    os.utime(strategy, (time.time() - 4, time.time() - 4))
    assert bench.turn()
    assert bench.course.plan is not good
    turn_back(bench.course, "ValueError")
    assert bench.course.plan is good
    assert not bench.turn()


def test_rolled_back_file_is_not_taken_again_until_it_changes(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write('[market]\nupbit_url = "http://127.0.0.1:1"\n')
    assert bench.turn()
    told = turn_back(bench.course, "3 passes brought no prices")
    with bench.trader() as trader:
        told(trader.sure())
    assert bench.course.config.market.upbit_url == "https://api.upbit.com"
    rollback = records(tmp_path, "events")[1]
    assert rollback["kind"] == "rollback"
    assert rollback["why"] == "3 passes brought no prices"
    assert rollback["changes"] == {"market.upbit_url": ["http://127.0.0.1:1", "https://api.upbit.com"]}
    assert not bench.turn()
    assert not bench.turn(asked=True)
    assert bench.told() == ["reload", "rollback", "alert"]
    bench.write("[strategy]\nslow = 9\n", age_s=20)
    assert bench.turn()
    assert bench.told()[-2:] == ["reload", "alert_end"]


def test_strategy_file_that_cannot_be_followed_is_watched_until_it_is_mended(tmp_path: Path) -> None:
    strategy = own(tmp_path, "raise ValueError")
    age(strategy)
    bench = Bench(tmp_path)
    bench.write(f'[strategy]\nname = "file:{strategy}"\n')
    assert not bench.turn()
    assert not bench.turn()
    assert bench.told() == ["alert"]
    own(tmp_path)
    age(strategy, 4)
    assert bench.turn()
    assert bench.course.config.strategy.name == f"file:{strategy}"
    assert bench.told() == ["alert", "reload", "alert_end"]


def test_strategy_file_that_was_rolled_back_is_not_taken_again_until_it_changes(tmp_path: Path) -> None:
    strategy = own(tmp_path)
    age(strategy)
    bench = Bench(tmp_path)
    bench.write(f'[strategy]\nname = "file:{strategy}"\n')
    assert bench.turn()
    turn_back(bench.course, "ValueError")
    assert bench.course.config.strategy.name == "sma_cross"
    assert not bench.turn()
    assert not bench.turn(asked=True)
    own(tmp_path, OWN + "# better")
    age(strategy, 4)
    assert bench.turn()


def test_wrong_file_is_read_again_when_its_alert_could_not_be_stored(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("[market")
    with bench.trader() as trader:
        trader.alerts._tell = failing
        with pytest.raises(NotStored):
            turn(bench.course, trader, asked=False)
    bench.turn()
    assert bench.told() == ["alert"]
    assert not bench.course.has_changed()


def failing(*_: object, **_fields: object) -> None:
    raise NotStored("events.jsonl", OSError(28, "no space"))


def test_start_with_a_broken_strategy_file_follows_the_last_configuration_that_can_be(tmp_path: Path) -> None:
    strategy = own(tmp_path)
    age(strategy)
    good = Bench(tmp_path, "[strategy]\nslow = 9\n")
    with good.trader() as trader:
        trader.tell_start()
    bench = Bench(tmp_path, f'[strategy]\nname = "file:{strategy}"\n')
    bench.touch()
    with bench.trader() as trader:
        trader.tell_start()
    own(tmp_path, "raise ValueError")
    age(strategy)
    bench.course, wrong = course_of(str(bench.file), DataFolder(tmp_path))
    assert wrong.startswith(f"{strategy}: fails with ValueError")
    assert (bench.course.config.strategy.name, bench.course.config.strategy.slow) == ("sma_cross", 9)
    # The file that is to be mended is the one that is looked at.
    assert not bench.turn()
    own(tmp_path)
    age(strategy, 4)
    assert bench.turn()
    assert bench.course.config.strategy.name == f"file:{strategy}"


def test_start_with_a_broken_strategy_file_fails_when_no_other_was_ever_followed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, f'[strategy]\nname = "file:{own(tmp_path)}"\n')
    with bench.trader() as trader:
        trader.tell_start()
    own(tmp_path, "raise ValueError")
    with pytest.raises(ConfigError, match="fails with ValueError"):
        course_of(str(bench.file), DataFolder(tmp_path))


def age(path: Path, seconds_old: float = 9) -> None:
    os.utime(path, (time.time() - seconds_old, time.time() - seconds_old))


def test_changes_name_only_what_differs(tmp_path: Path) -> None:
    before = config.load(str(write_config(tmp_path, "")))
    assert changes(before, before) == {}
