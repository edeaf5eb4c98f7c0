"""The desk under a real systemd: nothing runs until somebody looks, and nothing again some time after."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.scripts import wait_for
from tests.vps.box import Box
from tests.vps.conftest import prepare

INSTALL = "SUDO_USER=ada bash /src/now/systemd/install.sh {} 2>&1"
ASK = "python3 -c 'import urllib.request as r; print(r.urlopen(\"http://127.0.0.1:8001{}\").read().decode())'"


@pytest.fixture(scope="module")
def desk(boot: Callable[[Path], AbstractContextManager[Box]], sources: Callable[[str], Path]) -> Iterator[Box]:
    """Return a machine with the desk, which ends there after three seconds."""
    with boot(sources("now").parent) as machine:
        prepare(machine)
        machine.ask(INSTALL.format("--desk"), limit_s=240)
        edit = machine.path("/etc/systemd/system/moss-desk.service.d")
        edit.mkdir()
        start = machine.ask("systemctl show --property ExecStart --value moss-desk.service")
        command = re.search(r"argv\[\]=([^;]*) ;", start)
        assert command
        wanted = command[1].replace("--idle-exit-s 600", "--idle-exit-s 3")
        (edit / "quick.conf").write_text(f"[Service]\nExecStart=\nExecStart={wanted}\n")
        machine.ask("systemctl daemon-reload")
        yield machine


def state(box: Box, unit: str) -> str:
    return box.run("systemctl", "is-active", unit).stdout.strip()


def shown(box: Box, path: str) -> Any:  # noqa: ANN401 - whatever the address says
    return json.loads(box.ask(ASK.format(path)))


def process(box: Box, unit: str) -> int:
    return int(box.ask(f"systemctl show --property MainPID --value {unit}"))


def test_desk_starts_at_the_first_visit_and_ends_when_nobody_looks(desk: Box) -> None:
    bot = process(desk, "moss-bot")
    assert (state(desk, "moss-desk.socket"), state(desk, "moss-desk.service")) == ("active", "inactive")
    seen = []
    for _ in range(2):
        status = shown(desk, "/api/status")
        assert status["state"] == "running"
        assert status["symbols"]["KRW-BTC"]["candle"]
        seen.append(process(desk, "moss-desk"))
        wait_for(lambda: state(desk, "moss-desk.service") == "inactive", 20)
        assert process(desk, "moss-desk") == 0
    assert seen[0] != seen[1]
    assert state(desk, "moss-desk.socket") == "active"
    assert process(desk, "moss-bot") == bot


def test_desk_reads_the_records_and_could_write_none(desk: Box) -> None:
    assert shown(desk, "/api/prices?limit=2")["items"]
    status = desk.ask(f"cat /proc/{process(desk, 'moss-desk')}/status")
    user, group = (re.search(rf"{name}:\s+(\d+)", status)[1] for name in ("Uid", "Gid"))  # type: ignore[index]
    moss = desk.ask("id -u moss; getent group moss | cut -d: -f3").split()
    assert user not in ("0", moss[0])
    groups = re.search(r"Groups:\s+(.*)", status)
    assert groups
    assert moss[1] in groups[1].split()
    like = f"setpriv --reuid={user} --regid={group} --groups={moss[1]} --"
    desk.ask(f"{like} head -c 10 /var/lib/moss/prices.jsonl")
    for attempt in ("touch /var/lib/moss/x", "sh -c 'echo >>/var/lib/moss/prices.jsonl'", "rm /var/lib/moss/bot.lock"):
        assert desk.run("sh", "-c", f"{like} {attempt}").returncode != 0


def test_page_and_its_chart_library_are_there(desk: Box) -> None:
    for path in ("/", "/static/main.js", "/static/uPlot.iife.min.js", "/static/uPlot.min.css"):
        assert len(desk.ask(ASK.format(path))) > 1000


def test_desk_has_no_way_out(desk: Box) -> None:
    shown(desk, "/api/status")
    pid = process(desk, "moss-desk")
    inside = desk.ask(f"nsenter --target={pid} --net cat /proc/self/net/dev | tail -n +3 | cut -d: -f1").split()
    assert inside == ["lo"]
    assert desk.ask(f"readlink /proc/{pid}/ns/net") != desk.ask("readlink /proc/1/ns/net")


def test_desk_stays_at_an_upgrade_and_goes_when_switched_off_or_when_all_is_taken_away(desk: Box) -> None:
    desk.ask(INSTALL.format(""), limit_s=240)
    assert state(desk, "moss-desk.socket") == "active"
    assert shown(desk, "/api/status")["state"] == "running"
    desk.ask("systemctl disable --now moss-desk.socket")
    desk.ask(INSTALL.format(""), limit_s=240)
    assert state(desk, "moss-desk.socket") == "inactive"
    desk.ask(INSTALL.format("--desk"), limit_s=240)
    assert shown(desk, "/api/status")["state"] == "running"
    desk.ask(INSTALL.format("--uninstall"))
    assert desk.run("sh", "-c", ASK.format("/health")).returncode != 0
    assert desk.ask("find /etc/systemd /opt -name 'moss-desk.*' ! -type d") == ""
