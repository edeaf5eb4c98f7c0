"""The loop with all its jobs, on a clock that the test moves: orders, reloads, roll backs, errands, clock jumps."""

import os
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent import config
from agent.audit import Audit
from agent.clock import DAY_S, HOUR_S, MINUTE_S, timestamp
from agent.course import Course
from agent.market.candle import Candle
from agent.settings import Config, Schedule, StoreSettings, Watch
from store import NotStored, Store
from tests.fakes.loops import LoopBench
from tests.scripts import write_config
from tests.unit.test_market_strategies import OWN
from tests.unit.test_trader import T0, FakeMarket

ALWAYS = Config(
    schedule=Schedule(session_open="", session_close=""),
    store=StoreSettings(durable=False),
    watch=Watch(disk_free_mib_min=1, rss_mib_max=100_000),
)
FAST = "[store]\ndurable = false\n[watch]\ndisk_free_mib_min = 1\nrss_mib_max = 100000\n"


class Swinging(FakeMarket):
    """A market that crosses its averages each quarter of an hour; it does not answer a config with a wrong address."""

    course: Course | None = None

    def candles(self, symbol: str, before_s: int, count: int, deadline_s: float) -> list[Candle]:
        self.is_down = self.course is not None and self.course.config.market.upbit_url.endswith(":1")
        for open_s in range(before_s - 60 * count, before_s, 60):
            self.closes[open_s] = 1000 + abs(open_s // 60 % 30 - 15) * 8
        return super().candles(symbol, before_s, count, deadline_s)


@pytest.fixture
def bench(tmp_path: Path) -> LoopBench:
    return swinging(LoopBench(tmp_path / "data", ALWAYS, T0 + 6))


def swinging(bench: LoopBench) -> LoopBench:
    bench.market = Swinging()
    bench.market.course = bench.course
    return bench


def order(bench: LoopBench, what: str) -> None:
    with Store(bench.folder.stream("events")) as events:
        events.append({"ts": timestamp(bench.clock.now_s()), "kind": "command", "what": what, "by": "tester"})


def with_file(folder: Path, text: str = "") -> LoopBench:
    """Give a bench that follows a config file."""
    file = write_config(folder, FAST + text)
    age(file)
    return swinging(LoopBench(folder / "data", config.load(str(file)), T0 + 6))


def change(folder: Path, text: str, seconds_old: float = 9) -> None:
    age(write_config(folder, FAST + text), seconds_old)


def age(path: Path, seconds_old: float = 60) -> None:
    os.utime(path, (time.time() - seconds_old, time.time() - seconds_old))


def test_paused_loop_records_and_decides_and_fills_nothing_until_it_is_resumed(bench: LoopBench) -> None:
    moments = [(HOUR_S, lambda: order(bench, "pause")), (3 * HOUR_S, lambda: order(bench, "resume"))]
    bench.live(2 * HOUR_S, moments)
    # Over a restart too.
    bench.live(2 * HOUR_S, [(HOUR_S, lambda: order(bench, "resume"))])
    (begun,), (ended,) = bench.events("alert"), bench.events("alert_end")
    assert (begun["what"], begun["by"], begun["before"], begun["after"]) == ("paused", "tester", False, True)
    assert (ended["what"], ended["before"], ended["after"]) == ("paused", True, False)
    paused = [event["candle_ts"] for event in bench.events("unfilled") if "paused" in event["message"]]
    assert len(paused) >= 3
    fills = [record["candle_ts"] for record in bench.records("ledger") if record["kind"] == "fill"]
    assert not [candle_ts for candle_ts in fills if begun["ts"] < candle_ts < ended["ts"]]
    assert [candle_ts for candle_ts in fills if candle_ts < begun["ts"]]
    assert [candle_ts for candle_ts in fills if candle_ts > ended["ts"]]
    assert bench.counts("signals")["signal"] in (48, 49)
    assert Audit(ALWAYS, bench.folder, None).result().is_well


def test_orders_given_while_no_bot_runs_are_followed_by_the_next_one(bench: LoopBench) -> None:
    bench.live(600)
    order(bench, "pause")
    bench.live(HOUR_S)
    assert "paused" in [event["what"] for event in bench.events("alert")]
    order(bench, "pause")
    bench.live(HOUR_S)
    assert len(bench.events("alert")) == 1


def test_changed_file_is_followed_between_two_passes(tmp_path: Path) -> None:
    bench = with_file(tmp_path)
    bench.live(2 * HOUR_S, [(HOUR_S, lambda: change(tmp_path, "[strategy]\nslow = 9\n"))])
    (reload,) = bench.events("reload")
    assert reload["changes"] == {"strategy.slow": [20, 9]}
    assert bench.counts("signals")["signal"] in (24, 25)
    rules = [record["rule"] for record in bench.records("signals")]
    assert len(set(rules)) == 2
    assert bench.course.before is None
    assert Audit(bench.course.config, bench.folder, None).result().is_well


def test_config_that_brings_no_prices_is_rolled_back_after_three_passes(tmp_path: Path) -> None:
    bench = with_file(tmp_path)
    bench.live(2 * HOUR_S, [(HOUR_S, lambda: change(tmp_path, '[market]\nupbit_url = "http://127.0.0.1:1"\n'))])
    (rollback,) = bench.events("rollback")
    assert rollback["why"] == "3 passes brought no prices"
    assert [event["what"] for event in bench.events("alert")] == ["config"]
    assert len(bench.events("error")) == 3
    assert [turn.market.upbit_url[-2:] for turn in bench.turns] == ["om", ":1", "om"]
    found = Audit(bench.course.config, bench.folder, None).result()
    assert (found.is_well, found.without_trade, found.in_gaps) == (True, 0, 0)


def test_strategy_that_raises_is_rolled_back_at_once_and_the_loop_lives_on(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text(
        OWN.replace("def decide(", "def decide(self, last):\n        raise ValueError('x')\n\n    def other(")
    )
    own.chmod(0o600)
    age(own)
    bench = with_file(tmp_path)
    bench.live(2 * HOUR_S, [(HOUR_S, lambda: change(tmp_path, f'[strategy]\nname = "file:{own}"\n'))])
    (rollback,) = bench.events("rollback")
    assert rollback["why"] == "ValueError: x"
    assert bench.counts("signals")["signal"] in (24, 25)
    # The control: with nothing to go back to, the same ends the process, for systemd to start a clean one.
    control = tmp_path / "control"
    control.mkdir()
    bench = with_file(control, f'[strategy]\nname = "file:{own}"\n')
    with pytest.raises(ValueError, match="x"):
        bench.live(HOUR_S)


def test_errand_that_fails_is_told_and_tried_again_and_holds_up_no_evaluation(bench: LoopBench) -> None:
    bench.errands.broken = {"report"}
    bench.live(HOUR_S + 900)
    errors = bench.events("error")
    assert [(event["job"], event["class"], event["attempt"]) for event in errors] == [
        ("report", "MossError", attempt) for attempt in (1, 2, 3)
    ]
    assert ["next_ts" in event for event in errors] == [True, True, False]
    assert bench.counts("signals")["signal"] in (15, 16)


def test_errand_goes_on_and_is_tried_again_when_the_configuration_changes_meanwhile(tmp_path: Path) -> None:
    bench = with_file(tmp_path)
    bench.errands.broken = {"report"}
    # The report of the hour fails, and the file changes before it is tried again.
    bench.live(
        2 * HOUR_S - 900,
        [
            (HOUR_S + 10, lambda: change(tmp_path, "[strategy]\nslow = 9\n")),
            (HOUR_S + 20, bench.errands.broken.clear),
        ],
    )
    assert len(bench.events("reload")) == 1
    (error,) = bench.events("error")
    assert error["job"] == "report"
    assert len(bench.events("report")) == 1
    assert bench.errands.closings == 0


def test_errands_are_handed_the_file_also_while_the_last_good_configuration_is_followed(tmp_path: Path) -> None:
    bench = with_file(tmp_path)
    bench.course.config = replace(bench.course.config, path=None)
    bench.live(HOUR_S)
    assert bench.errands.arguments["report"][-2:] == ["--config", str(tmp_path / "moss.toml")]


@pytest.mark.parametrize("kind", ["start", "reload"])
def test_start_or_reload_that_could_not_be_stored_is_stored_at_a_later_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    append, failures = Store.append, Counter[str]()

    def failing(store: Store, record: dict[str, Any]) -> None:
        # The alert that a start begins with can not be stored at once either.
        if record["kind"] in (kind, "alert") and failures[record["kind"]] < 3:
            failures[record["kind"]] += 1
            raise NotStored(str(store), OSError(28, "no space"))
        append(store, record)

    bench = with_file(tmp_path)
    bench.live(600)
    bench.clock.wall_s += DAY_S
    before = len(bench.events())
    monkeypatch.setattr(Store, "append", failing)
    bench.live(HOUR_S, [(900, lambda: change(tmp_path, "[strategy]\nslow = 9\n"))])
    assert failures[kind] == 3
    told = [event["kind"] for event in bench.events()[before:]]
    assert [kind for kind in told if kind in ("start", "reload")] == ["start", "reload"]
    assert [event["what"] for event in bench.events("alert")] == ["downtime"]
    assert bench.course.config.strategy.slow == 9
    assert bench.counts("signals")["signal"] in (13, 14, 15)


class FakeOutbox:
    """Notes what it is handed."""

    def __init__(self) -> None:
        self.offered: list[str] = []
        self.evaluations = 0
        self.budgets_s: list[float] = []

    def offer(self, event: dict[str, Any]) -> None:
        self.offered.append(event["kind"])

    def evaluated(self, *, ok: bool) -> None:
        self.evaluations += ok

    def work(self, budget_s: float) -> None:
        self.budgets_s.append(budget_s)


def test_outbox_is_handed_every_event_and_only_the_time_until_the_next_job(
    bench: LoopBench,
) -> None:
    outbox = bench.outbox = FakeOutbox()
    bench.live(HOUR_S, [(600, lambda: order(bench, "pause"))])
    assert outbox.offered == [event["kind"] for event in bench.events() if event["kind"] != "stop"]
    assert {"start", "command", "alert", "unfilled"} <= set(outbox.offered)
    assert outbox.evaluations in (11, 12)
    assert all(0 <= budget_s <= MINUTE_S for budget_s in outbox.budgets_s)
    assert max(outbox.budgets_s) > 30


@pytest.mark.parametrize("jump_s", [DAY_S, 3 * HOUR_S + 17, -HOUR_S, -DAY_S])
def test_loop_goes_on_after_the_clock_jumped(bench: LoopBench, jump_s: int) -> None:
    def jump() -> None:
        bench.clock.wall_s += jump_s
        bench.clock.end_s += jump_s

    if jump_s == -DAY_S:
        # A store that is older than the jump: what lies before its first candle is not its to fill.
        bench.live(DAY_S + HOUR_S)
    before = bench.counts("signals")["signal"]
    bench.live(2 * HOUR_S, [(HOUR_S, jump)])
    keys = [(record["symbol"], record["candle_ts"]) for record in bench.records("signals")]
    assert len(keys) == len(set(keys))
    found = Audit(ALWAYS, bench.folder, None).result()
    assert found.is_well, found.troubles
    assert found.without_trade == 0
    if jump_s > 0:
        missed = {event["job"]: event["count"] for event in bench.events("missed")}
        assert missed["prices"] == pytest.approx(jump_s / MINUTE_S, abs=2)
        assert missed["signals"] == pytest.approx(jump_s / MINUTE_S / 5, abs=2)
        assert len(keys) in (23, 24, 25)
    else:
        # Prices and evaluations wait until the time is reached again: what was decided is not decided anew.
        assert len(keys) - before in (12, 13)


def test_loop_survives_a_storm_of_orders(tmp_path: Path) -> None:
    bench = with_file(tmp_path)
    moments = [(600 + index, lambda: order(bench, "reload")) for index in range(500)]
    bench.live(HOUR_S, moments)
    assert bench.events("reload") == []
    assert bench.counts("signals")["signal"] in (12, 13)
    assert len(bench.turns) == 1
