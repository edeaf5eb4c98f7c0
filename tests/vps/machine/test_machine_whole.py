"""Faults of the whole machine: it starts anew, has no memory, no disk, no network, no time; nothing is lost."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.vps.machine.scene import Row, Scene, wait_inside

HOG = "systemd-run --quiet --unit=hog python3 /src/inside/hog.py {mebibytes}"
# The first fills all but crumbs, the second the crumbs: root may use what is reserved, so this is the last byte.
FILL = "cat /dev/zero >/ballast 2>/dev/null; dd if=/dev/zero of=/crumbs bs=1 count=9000 2>/dev/null; true"
HOURS_AWAY = 6
Wake = Callable[..., AbstractContextManager[Scene]]


def test_bot_is_back_when_the_machine_is_rebooted(wake: Wake, rows: list[Row]) -> None:
    with wake() as scene:
        begun_s = time.monotonic()
        scene.machine.reboot()
        scene.measure(begun_s)
        rows.append(scene.row("reboot"))


def test_bot_goes_on_when_something_else_takes_all_the_memory(wake: Wake, rows: list[Row]) -> None:
    with wake() as scene:
        pid, begun_s = scene.pid(), time.monotonic()
        scene.machine.ask(HOG.format(mebibytes=0))
        wait_inside(lambda: "oom-kill" in scene.journal("hog"), 400)
        scene.measure(begun_s)
        assert scene.pid() == pid, scene.journal()
        rows.append(scene.row("a balloon takes all the memory there is"))


def test_bot_stores_what_is_missing_when_a_full_disk_has_room_again(wake: Wake, rows: list[Row]) -> None:
    with wake() as scene:
        pid = scene.pid()
        scene.machine.ask(FILL, 300)
        wait_inside(lambda: "not stored" in scene.journal(), 200)
        scene.notary.look()
        scene.machine.ask("rm /ballast /crumbs")
        scene.measure(time.monotonic())
        assert scene.pid() == pid
        rows.append(scene.row("disk full, from when there is room again"))


def test_bot_fetches_what_is_missing_when_the_network_was_away_for_hours(wake: Wake, rows: list[Row]) -> None:
    with wake() as scene:
        scene.machine.plug(is_in=False)
        wait_inside(lambda: '"kind":"error"' in scene.events(), 180)
        scene.machine.jump(scene.world.now_s() + 3600 * HOURS_AWAY)
        time.sleep(90)
        scene.notary.look()
        scene.machine.plug(is_in=True)
        scene.measure(time.monotonic(), 600)
        rows.append(scene.row(f"network away for {HOURS_AWAY} hours, from when it is back"))


def test_bot_minds_the_exchange_when_the_clock_is_set_a_day_forward_and_back(wake: Wake, rows: list[Row]) -> None:
    with wake() as scene:
        scene.machine.agent.set_clock(scene.world.now_s() + 86_400)
        wait_inside(lambda: '"kind":"clock"' in scene.events(), 180)
        time.sleep(70)
        scene.notary.look()
        scene.machine.agent.set_clock(scene.world.now_s())
        scene.measure(time.monotonic())
        rows.append(scene.row("clock a day ahead, from when it is set back"))
