"""What people do to a real machine: they log out, bring a bad release, make a mistake in the configuration."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.vps.machine.ready import CONFIG, write
from tests.vps.machine.scene import Row, Scene, wait_inside

LOGIN = "su ada -c \"ssh -tt ada@127.0.0.1 'moss tail signals'\" </dev/null >/dev/null 2>&1 &"
Wake = Callable[..., AbstractContextManager[Scene]]


def test_bot_goes_on_when_a_session_of_ssh_ends(wake: Wake, rows: list[Row]) -> None:
    with wake() as scene:
        pid = scene.pid()
        scene.machine.ask(LOGIN)
        wait_inside(lambda: "tail -F" in scene.machine.ask("ps -u ada -o args || true"), 60)
        assert "ada" in scene.machine.ask("loginctl list-sessions")
        begun_s = time.monotonic()
        scene.machine.ask("pkill -KILL -u ada sshd; loginctl terminate-user ada; sleep 3")
        assert "ada" not in scene.machine.ask("loginctl list-sessions; ps -u ada -o args || true")
        scene.measure(begun_s)
        assert scene.pid() == pid
        rows.append(scene.row("a session of ssh ends"))


def test_old_release_runs_on_when_an_upgrade_is_bad(wake: Wake, rows: list[Row]) -> None:
    with wake() as scene:
        pid, release = scene.pid(), scene.machine.ask("readlink /opt/moss/current")
        scene.machine.ask("systemd-run --quiet --unit=upgrade bash /src/dies/systemd/install.sh")
        wait_inside(lambda: scene.pid() != pid, 400)
        begun_s = time.monotonic()
        wait_inside(lambda: "runs again" in scene.journal("upgrade"), 400)
        scene.measure(begun_s)
        assert scene.machine.ask("readlink /opt/moss/current") == release
        rows.append(scene.row("upgrade to a bad release, back by itself"))


def test_bot_runs_by_the_last_good_config_when_a_wrong_one_meets_a_reboot(wake: Wake, rows: list[Row]) -> None:
    with wake() as scene:
        write(scene.machine, "/etc/moss/moss.toml", '[market]\nsorce = "upbit"\n')
        begun_s = time.monotonic()
        scene.machine.reboot()
        scene.measure(begun_s)
        assert '"what":"config"' in scene.events()
        write(scene.machine, "/etc/moss/moss.toml", CONFIG)
        rows.append(scene.row("a wrong configuration and a reboot"))
