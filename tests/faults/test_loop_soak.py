"""A month at full cadence, in a minute: every minute accounted for, every event counted, memory flat."""

import os
import random
from dataclasses import replace
from pathlib import Path

from agent.audit import Audit
from agent.clock import DAY_S, HOUR_S, MINUTE_S
from agent.settings import Config, StoreSettings, Watch
from tests.fakes.loops import LoopBench
from tests.unit.test_trader import T0

# 2020-02-20 17:00 in Korea: T0 is 08:00 UTC.
SETTINGS = Config(store=StoreSettings(durable=False), watch=Watch(disk_free_mib_min=1, rss_mib_max=100_000))
# `make chaos` asks for a month, and for a year with fifty outages.
DAYS = int(os.environ.get("SOAK_D", "5"))
OUTAGES = int(os.environ.get("SOAK_OUTAGES", "12"))
BETWEEN_S_MAX = float(os.environ.get("SOAK_BETWEEN_H", "6")) * HOUR_S


def rss_kib() -> int:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def test_loop_does_exactly_what_is_due_for_days_and_its_memory_is_flat(tmp_path: Path) -> None:
    bench = LoopBench(tmp_path, SETTINGS, T0 + 6)
    seen_kib: list[int] = []
    moments = [(day * DAY_S, lambda: seen_kib.append(rss_kib())) for day in range(1, DAYS)]
    bench.live(DAYS * DAY_S, moments)
    assert bench.counts() == {"start": 1, "report": 24 * DAYS, "summary": 2 * DAYS, "stop": 1}
    assert bench.errands.sent == {"report": 24 * DAYS, "opening": DAYS, "closing": DAYS, "cleanup": DAYS}
    assert bench.counts("prices") == {"candle": 200 + DAYS * DAY_S // MINUTE_S}
    # From 09:00 up to 23:00, not included, each five minutes.
    assert bench.counts("signals") == {"signal": DAYS * 14 * 12}
    for report in bench.events("report")[1:]:
        assert (report["candles"], report["without_trade"], report["gap"]) == (60, 0, 0)
    found = Audit(SETTINGS, bench.folder, None).result()
    assert found.is_well, found.troubles
    assert (found.without_trade, found.in_gaps) == (0, 0)
    # The first days fill caches; from then on a day may leave no trace worth a hundredth of the process.
    assert seen_kib[-1] - seen_kib[1] <= max(512, seen_kib[1] // 50), seen_kib


def test_loop_accounts_for_every_minute_through_outages_and_restarts(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    settings = replace(SETTINGS, schedule=replace(SETTINGS.schedule, session_open="", session_close=""))
    bench = LoopBench(tmp_path, settings, T0 + 6)
    for _ in range(OUTAGES):
        act = chance.choice(["down", "killed", "asleep"])
        bench.live(chance.uniform(600, BETWEEN_S_MAX))
        if act == "down":
            bench.market.is_down = True
            bench.live(chance.uniform(60, 5 * HOUR_S))
            bench.market.is_down = False
        else:
            # The process is gone, or the whole box sleeps: its clock goes on, and nobody looks.
            bench.clock.sleep_s(0)
            bench.clock.wall_s += chance.uniform(60, 30 * HOUR_S)
    bench.live(3 * HOUR_S)
    found = Audit(settings, bench.folder, None).result()
    assert found.is_well, found.troubles
    assert (found.without_trade, found.in_gaps, found.doubled) == (0, 0, 0)
    minutes = int(bench.clock.wall_s) // MINUTE_S - (T0 // MINUTE_S - 200)
    assert found.candles in (minutes, minutes - 1)
    reports = bench.events("report")
    assert reports
    assert all(each["candles"] + each["without_trade"] + each["gap"] == 60 for each in reports)
