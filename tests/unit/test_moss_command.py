"""The command `moss`: who runs what, on which data; python, sudo and systemd-run only say what they are told."""

import os
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
TELL = """#!/bin/sh
printf '%s\\n' "${0##*/} $*" "umask $(umask)" "data ${MOSS_DATA:-}" "config ${MOSS_CONFIG:-}" "cwd $PWD"
exit 75
"""
# `id -u` and `id -un` of the users there are.
WHO = "#!/bin/sh\ncase $1$ME in -uroot) echo 0 ;; -uada) echo 1000 ;; -umoss) echo 999 ;; *) echo $ME ;; esac\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return where `moss` is installed, with a systemd that runs."""
    for name in ("bin/sudo", "bin/setpriv", "bin/systemd-run", "bin/id", "moss/current/venv/bin/python"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(WHO if name == "bin/id" else TELL)
        path.chmod(0o755)
    (tmp_path / "systemd").mkdir()
    text = (TOP / "systemd/moss").read_text().replace("/opt/moss", f"{tmp_path}/moss")
    (tmp_path / "bin/moss").write_text(text.replace("/run/systemd/system", f"{tmp_path}/systemd"))
    (tmp_path / "bin/moss").chmod(0o755)
    return tmp_path


def moss(place: Path, user: str, *arguments: str, umask: int = 0o022, **extra: str) -> list[str]:
    """Run `moss` as that user; return what the program that it became was told, and what it found."""
    done = subprocess.run(
        [place / "bin/moss", *arguments],
        env={"PATH": f"{place}/bin:{os.environ['PATH']}", "ME": user, **extra},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        umask=umask,
    )
    # The status is the program's own.
    assert (done.returncode, done.stderr) == (75, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize("command", ["bot pause", "bot once", "bot", "night backup", "sentiment", "sentiment rescore"])
def test_moss_becomes_the_owner_of_the_data_when_it_writes(place: Path, command: str) -> None:
    assert moss(place, "ada", *command.split())[0].startswith("sudo -u moss PYTHONPATH=")
    assert moss(place, "moss", *command.split())[0].startswith("python -P ")
    assert moss(place, "root", *command.split())[0].startswith("setpriv --reuid=moss ")


@pytest.mark.parametrize("command", ["bot status", "status", "store verify x", "tail", "night --help"])
def test_moss_stays_who_it_is_when_it_reads(place: Path, command: str) -> None:
    assert moss(place, "ada", *command.split())[0].startswith("python -P ")
    assert moss(place, "root", *command.split())[0].startswith("setpriv --reuid=moss ")


def test_moss_takes_data_and_config_along_when_it_becomes_another(place: Path) -> None:
    told = moss(place, "ada", "bot", "pause", MOSS_DATA="/my data", MOSS_CONFIG="/my.toml")
    assert told[0].startswith("sudo MOSS_DATA=/my data MOSS_CONFIG=/my.toml -u moss ")
    assert moss(place, "root", "bot", "pause", MOSS_DATA="/my data")[2] == "data /my data"


def test_moss_leaves_files_for_the_group_when_the_callers_umask_would_not(place: Path) -> None:
    for user in ("ada", "root", "moss"):
        assert moss(place, user, "bot", "pause", umask=0o077)[1] == "umask 0027"
    assert moss(place, "ada", "desk", "export-html", "2026-11-21", umask=0o077)[1] == "umask 0077"


def test_moss_has_the_address_handed_over_when_it_sends_off_the_box(place: Path) -> None:
    sent = moss(place, "root", "night", "offbox", "--deadline-s", "60", MOSS_DATA="/my data")
    program, _, rest = sent[0].partition(" ")
    assert program == "systemd-run"
    for word in (
        "--pipe",
        "--wait",
        "--property=LoadCredential=MOSS_BACKUP_URL",
        "--property=User=moss",
        "-E MOSS_DATA",
    ):
        assert word in rest
    assert rest.endswith(f"{place}/moss/current/venv/bin/python -P -m agent.night offbox --deadline-s 60")
    # systemd-run would hand on what is not set as empty, and an empty proxy is none.
    assert "proxy" not in rest.casefold()
    sent = moss(place, "root", "night", "offbox", https_proxy="http://p:3128")
    assert "-E https_proxy " in sent[0]
    assert "-E HTTPS_PROXY" not in sent[0]
    # Only root can ask for that.
    sent = moss(place, "ada", "night", "offbox", "--deadline-s", "60", MOSS_DATA="/my data")
    assert sent[0] == f"sudo MOSS_DATA=/my data {place}/bin/moss night offbox --deadline-s 60"


def test_moss_sends_off_the_box_itself_when_the_address_is_known_or_no_systemd_runs(place: Path) -> None:
    assert moss(place, "root", "night", "offbox", MOSS_BACKUP_URL="https://x")[0].startswith("setpriv ")
    (place / "systemd").rmdir()
    assert moss(place, "root", "night", "offbox")[0].startswith("setpriv ")
    assert moss(place, "ada", "night", "offbox")[0].startswith("sudo -u moss ")
