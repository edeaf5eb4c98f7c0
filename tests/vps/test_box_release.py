"""The archive of a release on a server that can not fetch anything: install.sh needs nothing else."""

import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from release import fetch_wheels, pack
from tests.scripts import TOP
from tests.vps.box import Box
from tests.vps.conftest import prepare


def test_release_is_installed_when_there_is_no_network(
    boot: Callable[[Path], AbstractContextManager[Box]], tmp_path: Path
) -> None:
    wheels, place = tmp_path / "wheels", tmp_path / "src"
    place.mkdir()
    wheels.mkdir()
    fetch_wheels(TOP / "requirements.lock", wheels)
    archive = pack(TOP, "9.9.9", wheels, tmp_path / "dist")
    subprocess.run(["sha256sum", "--check", "--quiet", f"{archive.name}.sha256"], cwd=archive.parent, check=True)
    subprocess.run(["tar", "-xf", str(archive), "-C", str(place)], check=True)
    with boot(place) as box:
        prepare(box)
        assert box.ask("ls /sys/class/net") == "lo"
        box.ask("SUDO_USER=ada bash /src/moss-9.9.9/systemd/install.sh 2>&1", limit_s=180)
        assert box.ask("moss status | head -1").startswith("bot       running")
