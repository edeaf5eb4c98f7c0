"""Faults of the bot alone, on a real machine: systemd brings it back, and nothing is lost."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from tests.vps.machine.scene import Row, Scene, wait_inside

SIGNAL = "systemctl kill --kill-whom=main --signal={} moss-bot"
# What is done to the process, and what the journal must then say of it.
FAULTS = {
    "kill -9": ("KILL", "code=killed, status=9/KILL"),
    "an error nobody expected": ("USR1", "RuntimeError: an error nobody expected"),
    "hung (WatchdogSec=150 as it lies)": ("STOP", "Watchdog timeout"),
    "its memory limit (MemoryMax=96M)": ("USR2", "Failed with result 'oom-kill'"),
}
Wake = Callable[..., AbstractContextManager[Scene]]


@pytest.mark.parametrize("fault", FAULTS)
def test_bot_is_back_when_it_is_hurt(wake: Wake, rows: list[Row], fault: str) -> None:
    number, said = FAULTS[fault]
    with wake() as scene:
        pid = scene.pid()
        scene.machine.wait_for_second(50)
        begun_s = time.monotonic()
        scene.machine.ask(SIGNAL.format(number))
        wait_inside(lambda: scene.pid() not in (pid, "0"), 240)
        scene.measure(begun_s)
        journal = scene.journal()
        assert said in journal, journal
        rows.append(scene.row(fault))
