"""docs/cloud-init.yaml as a cloud hands it to a new server: after the first boot the agent runs."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.scripts import TOP, records, wait_for
from tests.vps.box import Box
from tests.vps.conftest import name
from tests.vps.image import base

PAGE = TOP / "docs/cloud-init.yaml"
ADA = "users: [default, {name: ada, uid: 1000, lock_passwd: true}]\n"
# No network in there: the packages are there already, and the repository comes from a folder.
CHANGES = (
    ("package_update: true\n", ""),
    ("packages: [git, python3-venv, cron, logrotate, systemd-timesyncd, util-linux]\n", ADA),
    ("https://github.com/OWNER/moss.git", "/src/cloud"),
    # A container has no swap of its own.
    ("--swap 1G --journald", "--journald"),
)


def seed(folder: Path) -> Path:
    """Write what the cloud would hand over; return its folder."""
    text = PAGE.read_text()
    for found, wanted in CHANGES:
        assert text.count(found) == 1, found
        text = text.replace(found, wanted)
    (folder / "user-data").write_text(text)
    (folder / "meta-data").write_text("instance-id: moss-1\nlocal-hostname: moss\n")
    return folder


def repository(source: Path) -> None:
    """Make the copy a repository that can be cloned."""
    git = ["git", "-C", str(source), "-c", "user.name=ada", "-c", "user.email=ada@example.org"]
    for command in (["init", "--quiet"], ["add", "--all", "--force"], ["commit", "--quiet", "--message=all"]):
        subprocess.run([*git, *command], check=True)


def test_agent_runs_after_the_first_boot_when_the_page_is_pasted(
    cache: Path, sources: Callable[[str], Path], tmp_path: Path
) -> None:
    source = sources("cloud")
    repository(source)
    root = base(cache, ",cloud-init,git")
    handed = f"--bind-ro={seed(tmp_path)}:/var/lib/cloud/seed/nocloud"
    with Box(root, source.parent, name(), handed) as box:
        assert "Valid" in box.ask("cloud-init schema --config-file /var/lib/cloud/seed/nocloud/user-data 2>&1")
        wait_for(lambda: "running" not in box.run("cloud-init", "status").stdout, 180)
        log = box.ask("tail -n 30 /var/log/cloud-init-output.log")
        assert box.run("systemctl", "is-active", "moss-bot").stdout.strip() == "active", log
        wait_for(lambda: bool(records(box.path("/var/lib/moss"), "events")), 10)
        status = box.run("moss", "status", user="ada")
        assert status.stdout.startswith("bot       running"), status.stdout + status.stderr
        assert box.ask("cat /etc/systemd/journald.conf.d/moss.conf").endswith("SystemMaxUse=100M")
