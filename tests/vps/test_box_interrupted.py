"""install.sh where something comes in between: a cut of power, a kill, the end of a session, another install.sh."""

import re
from pathlib import Path

import pytest

from tests.scripts import records
from tests.vps.box import Box
from tests.vps.conftest import INSTALL, Sources, running, version

SHIMS = "/tmp/shims"  # noqa: S108 - inside the machine
INTERRUPTED = f"PATH={SHIMS}:$PATH {INSTALL}"
NEVER_READY = "import time\n\ntime.sleep(600)\n"


def shim(box: Box, program: str, lines: str) -> None:
    """Put something before a program, for those who look into SHIMS first."""
    box.ask(f"rm -rf {SHIMS} && mkdir {SHIMS}")
    path = box.path(f"{SHIMS}/{program}")
    path.write_text(f'#!/bin/sh\n{lines}\nexec /usr/bin/{program} "$@"\n')
    path.chmod(0o755)


def release(sources: Sources, name: str, number: str) -> Path:
    """Lay out a release of its own."""
    source = sources(name)
    version(source, number)
    return source


def test_release_is_on_the_disk_when_it_gets_its_name(box: Box, sources: Sources) -> None:
    release(sources, "synced", "9.8.1")
    shim(box, "sync", 'echo "$*: $(ls -A /opt/moss/releases | tr "\\n" " ")" >>/tmp/synced')
    box.ask(INTERRUPTED.format("synced", ""), limit_s=180)
    first, *_, last = box.ask("cat /tmp/synced").splitlines()
    assert first.startswith("-f /opt/moss/releases/.new:")
    assert "9.8.1-" not in first
    assert re.match("-f .* /opt/moss: .*9.8.1-", last)


def test_release_is_built_anew_when_a_cut_of_power_emptied_it(box: Box, sources: Sources) -> None:
    release(sources, "emptied", "9.8.2")
    box.ask(INSTALL.format("emptied", ""), limit_s=180)
    name, process = running(box)
    box.ask(f"find /opt/moss/releases/{name} -type f -exec truncate --size 0 {{}} +")
    assert "some of it is lost" in box.ask(INSTALL.format("emptied", ""), limit_s=180)
    assert running(box)[0] == name
    assert running(box)[1] != process
    assert box.ask("moss status | head -1").startswith("bot       running")
    assert "nothing to do" in box.ask(INSTALL.format("emptied", ""), limit_s=180)


@pytest.mark.parametrize("by", ["this installer", "an earlier one"])
def test_install_goes_back_when_the_run_before_was_killed_while_it_waited(box: Box, sources: Sources, by: str) -> None:
    before = running(box)[0]
    if by == "an earlier one":
        # Which left no note of what last was ready.
        box.ask("rm /opt/moss/good")
    (release(sources, "waiting", "9.8.3") / "bot.py").write_text(NEVER_READY)
    # What it waited with lives on, and must not hold its lock.
    wait = "kill -KILL $PPID; exec sleep 60 >/dev/null 2>&1"
    shim(box, "systemctl", f'case $* in restart*) /usr/bin/systemctl --no-block "$@"; {wait} ;; esac')
    assert box.run("bash", "-c", INTERRUPTED.format("waiting", ""), limit_s=180).returncode != 0
    assert running(box)[0].startswith("9.8.3-")
    done = box.run("bash", "-c", INSTALL.format("waiting", "--ready-s 5"), limit_s=180)
    assert done.returncode == 1
    assert f"going back to {before}" in done.stdout
    assert running(box)[0] == before
    assert box.ask("systemctl is-active moss-bot; systemctl is-enabled moss-bot") == "active\nenabled"


def test_install_starts_the_new_release_when_the_run_before_was_killed_at_its_switch(
    box: Box, sources: Sources
) -> None:
    before = running(box)
    release(sources, "switched", "9.8.4")
    shim(
        box,
        "systemctl",
        "case $*$(readlink /opt/moss/current) in daemon-reload*/9.8.4-*) kill -KILL $PPID; exit ;; esac",
    )
    assert box.run("bash", "-c", INTERRUPTED.format("switched", ""), limit_s=180).returncode != 0
    after = running(box)
    assert after[0].startswith("9.8.4-")
    assert after[1] == before[1]
    assert "9.8.4" in box.ask(INSTALL.format("switched", ""), limit_s=180)
    assert running(box)[1] != before[1]
    starts = [event for event in records(box.path("/var/lib/moss"), "events") if event["kind"] == "start"]
    assert starts[-1]["version"] == "9.8.4"
    assert "nothing to do" in box.ask(INSTALL.format("switched", ""), limit_s=180)


def test_install_goes_back_by_itself_when_its_session_ends_meanwhile(box: Box, sources: Sources) -> None:
    before = running(box)[0]
    (release(sources, "hung up", "9.8.5") / "bot.py").write_text(NEVER_READY)
    session = (
        "setsid bash '/src/hung up/systemd/install.sh' --ready-s 5 >/tmp/told 2>&1 & "
        "until readlink /opt/moss/current | grep -q 9.8.5; do sleep 0.1; done; "
        "sleep 1; kill -HUP -- -$!; wait $!; cat /tmp/told"
    )
    assert f"going back to {before}" in box.run("bash", "-c", session, limit_s=180).stdout
    assert running(box)[0] == before
    assert box.ask("systemctl is-active moss-bot") == "active"


def test_install_ends_at_once_when_another_is_at_work(box: Box) -> None:
    before = running(box)
    for option in ("", "--uninstall"):
        done = box.run("flock", "/run/moss-install.lock", "bash", "-c", INSTALL.format("now", option))
        assert done.returncode == 1
        assert "another install.sh is at work" in done.stdout
    assert running(box) == before
