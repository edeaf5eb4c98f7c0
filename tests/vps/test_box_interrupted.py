"""install.sh where something comes in between: a cut of power."""

import re
from pathlib import Path

from tests.vps.box import Box
from tests.vps.conftest import INSTALL, Sources, running, version

SHIMS = "/tmp/shims"  # noqa: S108 - inside the machine
INTERRUPTED = f"PATH={SHIMS}:$PATH {INSTALL}"


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
