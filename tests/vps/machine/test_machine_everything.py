"""Everything at once: little memory left, packages upgraded, rotation, news, no network, kills, and a power cut."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.vps.machine.scene import Row, Scene, wait_inside
from tests.vps.machine.test_machine_whole import HOG

HELD_MIB = 450
# What a smaller machine needs beside.
REST_MIB = 300
UPGRADE = "DEBIAN_FRONTEND=noninteractive dpkg --install --force-confold /root/debs/*.deb"
ROTATE = "while :; do logrotate -f /etc/logrotate.d/moss; sleep 3; done"
PASSES = "while :; do systemctl start moss-sentiment.service; sleep 5; done"
ROUNDS = 3
Wake = Callable[..., AbstractContextManager[Scene]]


def begin(scene: Scene) -> int:
    """Let everything begin that goes on beside the faults; return how many MiB are held."""
    held_mib = max(1, min(HELD_MIB, scene.machine.memory_mib - REST_MIB))
    scene.write_marks()
    scene.machine.ask(HOG.format(mebibytes=held_mib))
    for name, command in (("upgrade", UPGRADE), ("rotate", ROTATE), ("passes", PASSES)):
        scene.machine.ask(f"systemd-run --quiet --unit={name} sh -c '{command}'")
    return held_mib


def test_nothing_is_lost_when_everything_happens_at_once(wake: Wake, rows: list[Row]) -> None:
    with wake(copied=True) as scene:
        machine = scene.machine
        held_mib = begin(scene)
        for number in range(ROUNDS):
            scene.world.tell_news(f"Retail sales fall by {number}{index} percent" for index in range(10))
            machine.plug(is_in=False)
            pid, begun_s = scene.pid(), time.monotonic()
            machine.ask("systemctl kill --kill-whom=main --signal=KILL moss-bot")
            wait_inside(lambda pid=pid: scene.pid() not in (pid, "0"), 120)  # type: ignore[misc]
            machine.plug(is_in=True)
            scene.measure(begun_s, 400)
        wait_inside(lambda: "Setting up systemd" in scene.journal("upgrade"), 400)
        begun_s = time.monotonic()
        machine.cut()
        machine.switch_on()
        # What the cut left half done is finished by hand on any machine.
        machine.ask("dpkg --configure --pending", 400)
        scene.measure(begun_s)
        machine.ask("systemctl stop rotate passes hog 2>/dev/null || true")
        rows.append(scene.row(f"everything at once, {machine.memory_mib} MiB of which {held_mib} are held"))
