"""The desk on a real machine: how long the first visit takes, and whom its memory limit ends."""

import json
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.vps.machine.ready import install, write
from tests.vps.machine.scene import DATA, Scene, wait_inside
from tests.vps.machine.test_machine_ledger import slowness

VISIT = "python3 /src/inside/visit.py 8001"
FIRST_PICTURE_S_MAX = 3
DESK = "systemctl show --property {} --value moss-desk"
# The decisions of both days, made again out of their candles in order of time, as by a bot that was never down.
DECIDE = (
    f"systemctl stop moss-bot && cd {DATA} && cat prices.jsonl-* prices.jsonl 2>/dev/null | "
    "sort --stable --field-separator='\"' --key=20,20 >/var/tmp/prices.jsonl; "
    f"moss bot replay /var/tmp/prices.jsonl --data {DATA}/all && rm -f signals.jsonl* ledger.jsonl* && "
    "mv all/signals.jsonl all/ledger.jsonl . && rm -r all && systemctl start moss-bot"
)
GREEDY = """[Service]
ExecStart=
ExecStart=/opt/moss/current/desk-venv/bin/python -P /src/inside/greedy.py serve --idle-exit-s 600
"""
Wake = Callable[..., AbstractContextManager[Scene]]


def fill(scene: Scene) -> None:
    """Let two days pass, of which all is in the store then."""
    scene.machine.jump(scene.world.now_s() + 2 * 86_400)
    scene.measure(time.monotonic(), 600)
    scene.world.tell_news(f"Exports of grade {number} rise after strike ends" for number in range(90))
    scene.machine.ask("systemctl start moss-sentiment.service", 180)
    scene.machine.ask(DECIDE, 600)


def test_first_picture_is_there_soon_when_nobody_looked_before(wake: Wake) -> None:
    with wake() as scene:
        machine = scene.machine
        fill(scene)
        install(machine, "--desk")
        assert machine.ask(DESK.format("MainPID")) == "0"
        bot = scene.pid()
        slower = slowness(machine)
        counts = machine.ask(f"wc -l {DATA}/*.jsonl")
        said = [json.loads(machine.ask(VISIT, 300)) for _ in range(2)]
        resident = machine.ask("grep VmHWM /proc/$(" + DESK.format("MainPID") + ")/status")
        sys.stdout.write(f"\n{counts}\nslower by {slower:.1f}; desk {resident}\n")
        for name, told in zip(("first visit", "next visit"), said, strict=True):
            scaled_s = {key: round(told[key] / slower, 2) for key in ("answered_s", "page_s", "all_s")}
            sys.stdout.write(f"{name}: {json.dumps(told)}; scaled {scaled_s}\n")
        assert said[0]["points"] >= 720
        assert said[0]["all_s"] / slower <= FIRST_PICTURE_S_MAX
        kill_by_its_limit(scene)
        assert scene.pid() == bot


def kill_by_its_limit(scene: Scene) -> None:
    """Let the desk take all the memory it may have; it must die of that, and be there again for the next visit."""
    machine = scene.machine
    machine.ask("systemctl stop moss-desk.service; mkdir -p /etc/systemd/system/moss-desk.service.d")
    write(machine, "/etc/systemd/system/moss-desk.service.d/greedy.conf", GREEDY)
    machine.ask("systemctl daemon-reload")
    machine.ask(VISIT, 300)
    greedy = machine.ask(DESK.format("MainPID"))
    machine.ask("systemctl kill --kill-whom=main --signal=USR2 moss-desk")
    wait_inside(lambda: machine.ask(DESK.format("MainPID")) != greedy, 300)
    assert "oom-kill" in scene.journal("moss-desk")
    assert json.loads(machine.ask(VISIT, 300))["points"] >= 720
    assert machine.ask(DESK.format("MainPID")) not in ("0", greedy)
