"""install.sh before it changes anything: what it would do, and what it refuses. The rest needs a server: tests/vps."""

import os
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


def install(*options: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(TOP / "systemd/install.sh"), "--dry-run", *options]
    environment = {**os.environ, "PATH": path}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)


def test_install_tells_every_place_when_it_is_a_dry_run() -> None:
    done = install("--prefix=/opt/apps/moss", "--swap", "1G", "--journald", "--user", "ada")
    assert done.returncode == 0, done.stderr
    assert "nothing was changed" in done.stderr
    assert not Path("/opt/apps/moss").exists()
    for place in (
        "would build: /opt/apps/moss/releases/",
        "would write: /etc/systemd/system/moss-bot.service",
        "would write: /etc/cron.d/moss",
        "would write: /etc/logrotate.d/moss",
        "would write: /usr/local/bin/moss",
        "usermod --append --groups moss ada",
    ):
        assert place in done.stdout


def test_install_gives_a_release_the_same_name_when_nothing_changed() -> None:
    told = [install("--prefix", "/opt/apps/moss").stdout.splitlines() for _ in range(2)]
    names = [[line for line in lines if line.startswith("would build: ")] for lines in told]
    assert names[0] == names[1]
    assert len(names[0]) == 1


def test_install_gives_a_release_the_same_name_whatever_the_language_is(tmp_path: Path) -> None:
    # Few machines have two languages; that the order of the files goes by none is seen at `sort`.
    seen = tmp_path / "seen"
    sort = tmp_path / "sort"
    sort.write_text(f'#!/bin/sh\necho "$LC_ALL" >{seen}\nexec /usr/bin/sort "$@"\n')
    sort.chmod(0o755)
    install(path=f"{tmp_path}:{os.environ['PATH']}")
    assert seen.read_text() == "C\n"


def test_install_finds_the_programs_of_root_when_it_runs_under_a_plain_su() -> None:
    # What is missing for good, and would be installed, is missing either way.
    assert install(path="/usr/bin:/bin").stdout == install(path="/usr/bin:/bin:/usr/sbin:/sbin").stdout


def test_install_leaves_the_desk_out_unless_it_is_asked_for() -> None:
    assert "moss-desk" not in install().stdout
    told = install("--desk").stdout
    for place in ("moss-desk.socket", "moss-desk.service"):
        assert f"would write: /etc/systemd/system/{place}" in told
    assert "enable --now moss-desk.socket" in told


def test_install_keeps_the_desk_only_when_it_is_switched_on(tmp_path: Path) -> None:
    for status, is_kept in ((0, True), (1, False)):
        systemctl = tmp_path / "systemctl"
        systemctl.write_text(f'#!/bin/sh\ncase "$*" in *"is-enabled moss-desk.socket") exit {status} ;; esac\n')
        systemctl.chmod(0o755)
        told = install(path=f"{tmp_path}:{os.environ['PATH']}").stdout
        assert ("enable --now moss-desk.socket" in told) == is_kept


def test_uninstall_removes_no_record_when_asked_what_it_would_do() -> None:
    done = install("--uninstall")
    assert done.returncode == 0
    removed = [line for line in done.stdout.splitlines() if line.startswith("would run: rm")]
    assert removed
    assert not any("/var/lib" in line or "/etc/moss" in line for line in removed)
    for place in (
        "/var/lib/moss",
        "/etc/moss",
        "/etc/credstore",
        "/swapfile",
        "/etc/systemd/journald.conf.d/moss.conf",
    ):
        assert place in done.stderr


@pytest.mark.parametrize(
    ("options", "status", "why"),
    [
        (["--nonsense"], 2, "no option --nonsense"),
        (["--prefix"], 2, "needs a value"),
        (["--prefix", "opt/moss"], 1, "absolute path"),
        (["--prefix", "/opt/../home"], 1, "absolute path"),
        (["--prefix", "/opt/a b"], 1, "absolute path"),
        (["--prefix", "/home/ada/moss"], 1, "can not see it"),
        (["--ready-s", "soon"], 1, "number of seconds"),
        (["--restore", "backup.tar"], 1, "no such backup"),
    ],
)
def test_install_refuses_what_it_can_not_do(options: list[str], status: int, why: str) -> None:
    done = install(*options)
    assert (done.returncode, done.stdout) == (status, "")
    assert why in done.stderr
