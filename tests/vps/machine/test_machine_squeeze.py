"""Something else leaves next to no memory for minutes: the bot keeps its own, and comes in time."""

import json
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from tests.vps.machine.scene import Row, Scene, wait_inside
from tests.vps.machine.world import SYMBOLS

SQUEEZE = "systemd-run --quiet --unit=squeeze --property=Restart=always python3 /src/inside/squeeze.py"
MINUTES = 4
# What the exchange gets to close a minute, and what a machine in emulation takes that has other work.
LATE_S_MAX = 15
UNPROTECTED = "[Service]\\nSlice=system.slice\\nMemoryMin=0\\n"
DROP_IN = "/etc/systemd/system/moss-bot.service.d/unprotected.conf"
Wake = Callable[..., AbstractContextManager[Scene]]


def in_time(scene: Scene) -> int:
    """Squeeze the machine; return how many candles of these minutes were acknowledged in time, by what is outside."""
    begun_s = scene.world.now_s()
    scene.machine.ask(SQUEEZE)
    time.sleep(60 * MINUTES)
    lines = (scene.machine.folder / "bot").read_text().splitlines()
    candles = [json.loads(line.partition(" ")[2]) for line in lines if line.startswith("prices.jsonl {")]
    late_s = [stamp_s(each["ts"]) - stamp_s(each["open_ts"]) - 60 for each in candles if stamp_s(each["ts"]) > begun_s]
    sys.stdout.write(f"\ncandles of {MINUTES} minutes, seconds after the end of theirs: {sorted(late_s)}\n")
    return sum(each < LATE_S_MAX for each in late_s)


def stamp_s(ts: str) -> float:
    return datetime.fromisoformat(ts).timestamp()


def test_minutes_come_in_time_when_next_to_no_memory_is_left(wake: Wake, rows: list[Row]) -> None:
    with wake() as scene:
        pid = scene.pid()
        assert in_time(scene) >= len(SYMBOLS) * (MINUTES - 1)
        wait_inside(lambda: scene.machine.run("systemctl stop squeeze").returncode == 0, 300)
        assert scene.pid() == pid, scene.journal()
        scene.measure(time.monotonic())
        rows.append(scene.row(f"next to no memory left for {MINUTES} minutes, from when it is over"))


def test_minutes_come_late_when_the_unit_reserves_no_memory(wake: Wake) -> None:
    with wake() as scene:
        scene.machine.ask(f"printf '{UNPROTECTED}' >{DROP_IN} && systemctl daemon-reload && systemctl restart moss-bot")
        scene.measure(time.monotonic())
        # It may answer nobody any more, so it is cut off as it is.
        assert in_time(scene) < len(SYMBOLS) * (MINUTES - 1)
