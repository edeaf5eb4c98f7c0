"""An ordinary day on a real machine: rotation, by hand and by its timer, and cron."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from tests.vps.machine.ready import write
from tests.vps.machine.scene import DATA, Row, Scene, wait_inside

SEGMENTS = f"ls {DATA} | grep -c 'prices.jsonl-' || true"
SOON = "[Timer]\nAccuracySec=1s\nRandomizedDelaySec=0"
Wake = Callable[..., AbstractContextManager[Scene]]


def test_nothing_is_lost_when_logrotate_is_forced(wake: Wake, rows: list[Row]) -> None:
    with wake() as scene:
        scene.write_marks()
        begun_s = time.monotonic()
        for _ in range(8):
            scene.machine.ask("logrotate -f /etc/logrotate.d/moss; sleep 2")
        scene.measure(begun_s)
        assert int(scene.machine.ask(f"ls {DATA} | grep -c 'marks.jsonl-.*gz'")) >= 4
        rows.append(scene.row("logrotate forced, 8 times"))


def test_nothing_is_lost_when_logrotate_runs_by_its_timer(wake: Wake, rows: list[Row]) -> None:
    with wake() as scene:
        scene.write_marks()
        # Of the hour within which Debian lets it run, the first second will do; and each jump would draw lots anew.
        scene.machine.ask("mkdir /etc/systemd/system/logrotate.timer.d")
        write(scene.machine, "/etc/systemd/system/logrotate.timer.d/soon.conf", SOON)
        scene.machine.ask("systemctl daemon-reload")
        now = datetime.fromtimestamp(scene.world.now_s(), UTC)
        scene.machine.jump(now.replace(hour=23, minute=59, second=40).timestamp())
        begun_s = time.monotonic()
        wait_inside(lambda: scene.machine.ask(SEGMENTS) == "1", 180)
        assert "logrotate.timer" in scene.machine.ask("systemctl show -p TriggeredBy logrotate.service")
        scene.measure(begun_s, 600)
        rows.append(scene.row("logrotate by its timer, a day later"))


def test_each_headline_is_scored_once_when_cron_goes_through_an_hour(wake: Wake, rows: list[Row]) -> None:
    def passes() -> int:
        return scene.journal("moss-sentiment").count("Finished moss-sentiment.service")

    with wake() as scene:
        for number in range(6):
            before = passes()
            scene.world.tell_news(f"Exports fall by {10 * number + index} percent" for index in range(10))
            # Cron looks at the clock once in a minute of sleep: so that it finds itself in the tenth.
            now_s = scene.world.now_s()
            scene.machine.jump(now_s // 600 * 600 + 575)
            wait_inside(lambda before=before: passes() > before, 100)  # type: ignore[misc]
        said = scene.machine.ask("journalctl --no-pager -t CRON")
        assert said.count("(root) CMD (systemctl start --no-block moss-sentiment.service)") >= 6
        scored = int(scene.machine.ask(f"cat {DATA}/sentiment.jsonl* | grep -c 'Exports fall'"))
        assert scored == 60
        # Nothing was interrupted: this is the wait for the next minute.
        scene.measure(time.monotonic())
        rows.append(scene.row("cron through an hour, six passes of the scorer"))
