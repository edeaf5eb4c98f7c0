"""`moss drill` on a server: it hurts a copy of the bot, and the running one never notices."""

import re
import sys

from tests.scripts import records
from tests.vps.box import Box

# This machine holds no MemoryMax=: see docs/operations.md.
UNTRIED = "memory limit reached"


def test_drill_finds_every_fault_recovered_and_leaves_no_trace(box: Box) -> None:
    before = box.ask("systemctl show --property MainPID,NRestarts moss-bot")
    done = box.run("moss", "drill", limit_s=400)
    sys.stdout.write(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = done.stdout.splitlines()[1:]
    assert len(rows) == 6
    for row in rows:
        assert re.search(r" yes +\d+\.\d +0$", row) or row.startswith(UNTRIED), row
    assert box.ask("systemctl show --property MainPID,NRestarts moss-bot") == before
    assert box.ask("ls /run/systemd/system; mount; ls /run | grep moss-drill || true").count("moss-drill") == 0
    assert [event["kind"] for event in records(box.path("/var/lib/moss"), "events")].count("start") == 1


def test_drill_fails_when_the_bot_does_not_come_back(box: Box) -> None:
    box.ask("mkdir -p /run/systemd/system/moss-bot.service.d")
    box.path("/run/systemd/system/moss-bot.service.d/never.conf").write_text("[Service]\nRestart=no\n")
    box.ask("systemctl daemon-reload")
    try:
        done = box.run("moss", "drill", limit_s=400)
    finally:
        box.ask("rm -r /run/systemd/system/moss-bot.service.d && systemctl daemon-reload")
    assert done.returncode == 1
    assert re.search(r"^killed .* NO ", done.stdout, re.MULTILINE)
    assert "disk full" not in done.stdout
    assert box.ask("mount").count("moss-drill") == 0
