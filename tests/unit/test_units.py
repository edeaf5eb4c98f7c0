"""The units as systemd itself reads them, offline: valid as they lie, and what each may do."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
UNITS = ("moss-bot.service", "moss-sentiment.service", "moss-alert@.service", "moss-desk.service")
# Tenths of systemd's own measure; a bare unit has 96.
EXPOSURE_MAX = {
    "moss-bot.service": 13,
    "moss-sentiment.service": 13,
    "moss-alert@.service": 25,
    "moss-desk.service": 20,
}
Program = Callable[..., str]


@pytest.fixture
def analyze(program: Program) -> str:
    return program("systemd-analyze", "systemd")


def installed(folder: Path) -> dict[str, Path]:
    """Lay out what the units name (verify asks whether it is there) and render them onto it, as the installer does."""
    place = folder / "opt/moss"
    (place / "current/venv/bin").mkdir(parents=True)
    (place / "current/venv/bin/python").symlink_to("/bin/true")
    (place / "current/desk-venv").symlink_to("venv")
    rendered = {}
    for name in (*UNITS, "moss-desk.socket"):
        path = folder / name
        path.write_text((TOP / "systemd" / name).read_text().replace("/opt/moss", str(place)))
        rendered[name] = path
    # A template is verified as one of its instances.
    instance = folder / "moss-alert@moss-bot.service.service"
    instance.write_text(rendered["moss-alert@.service"].read_text())
    rendered["moss-alert@.service"] = instance
    return rendered


def verify(analyze: str, unit: Path) -> tuple[int, str]:
    done = subprocess.run([analyze, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def exposure(analyze: str, unit: Path, tenths: int) -> int:
    command = [analyze, "security", "--no-pager", "--offline=true", f"--threshold={tenths}", str(unit)]
    return subprocess.run(command, capture_output=True, check=False).returncode


@pytest.mark.parametrize("name", UNITS)
def test_unit_is_valid_without_a_warning_when_systemd_reads_it(analyze: str, name: str, tmp_path: Path) -> None:
    assert verify(analyze, installed(tmp_path)[name]) == (0, "")


def test_socket_is_valid_without_a_warning_when_systemd_reads_it(analyze: str, tmp_path: Path) -> None:
    unit = installed(tmp_path)["moss-desk.socket"]
    assert verify(analyze, unit) == (0, "")
    unit.write_text(unit.read_text().replace("ListenStream=127.0.0.1:8001", "ListenStream=here"))
    assert verify(analyze, unit)[1]


@pytest.mark.parametrize("wrong", ["WatchdogSec=soon", "Restat=always", "MemoryMax=plenty"])
def test_unit_is_found_out_when_a_line_is_wrong(analyze: str, wrong: str, tmp_path: Path) -> None:
    unit = installed(tmp_path)["moss-bot.service"]
    unit.write_text(unit.read_text().replace("[Service]", f"[Service]\n{wrong}"))
    assert verify(analyze, unit)[1]


@pytest.mark.parametrize("name", UNITS)
def test_unit_may_do_little_when_systemd_rates_it(analyze: str, name: str, tmp_path: Path) -> None:
    assert exposure(analyze, installed(tmp_path)[name], EXPOSURE_MAX[name]) == 0


def test_rating_fails_when_the_hardening_is_gone(analyze: str, tmp_path: Path) -> None:
    unit = installed(tmp_path)["moss-bot.service"]
    head, _, tail = unit.read_text().partition("# --- What it may not do")
    unit.write_text(head + tail[tail.index("[Install]") :])
    assert exposure(analyze, unit, EXPOSURE_MAX["moss-bot.service"]) != 0


def settings(name: str) -> dict[str, list[str]]:
    """Return a unit's settings, each with all its values."""
    found: dict[str, list[str]] = {}
    for line in (TOP / "systemd" / name).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_bot_never_gives_up_when_it_ends_except_for_a_wrong_config() -> None:
    bot = settings("moss-bot.service")
    assert (bot["Type"], bot["Restart"], bot["RestartSec"]) == (["notify"], ["always"], ["5"])
    assert bot["StartLimitIntervalSec"] == ["0"]
    assert bot["RestartPreventExitStatus"] == ["78"]
    assert bot["OnFailure"] == ["moss-alert@%n.service"]


def test_bot_goes_before_the_scorer_when_the_machine_is_short_of_anything() -> None:
    bot, scorer = settings("moss-bot.service"), settings("moss-sentiment.service")
    for key in ("CPUWeight", "IOWeight"):
        assert int(bot[key][0]) > 100 > int(scorer[key][0])
    assert int(bot["OOMScoreAdjust"][0]) < 0 < int(scorer["OOMScoreAdjust"][0])


def test_what_leaks_is_killed_and_does_not_crawl() -> None:
    for name in ("moss-bot", "moss-sentiment", "moss-desk"):
        unit = settings(f"{name}.service")
        assert "MemoryHigh" not in unit
        assert int(unit["MemoryMax"][0].rstrip("M")) <= 128


def test_desk_listens_to_this_machine_alone_and_can_not_write_the_records() -> None:
    desk = settings("moss-desk.service")
    assert settings("moss-desk.socket")["ListenStream"] == ["127.0.0.1:8001"]
    assert (desk["DynamicUser"], desk["SupplementaryGroups"]) == (["yes"], ["moss"])
    assert desk["User"] != settings("moss-bot.service")["User"]
    assert not {"StateDirectory", "ReadWritePaths", "Group"} & desk.keys()
    assert int(desk["OOMScoreAdjust"][0]) > int(settings("moss-sentiment.service")["OOMScoreAdjust"][0])


@pytest.mark.parametrize("name", UNITS)
def test_unit_fails_for_no_missing_secret_and_names_none(name: str) -> None:
    unit = settings(name)
    assert all(re.fullmatch(r"MOSS_[A-Z_]+", value) for value in unit["LoadCredential"])
    assert not any("TOKEN" in value for value in unit["ExecStart"] + unit["Environment"])


def test_cron_starts_the_scorer_without_waiting_for_it() -> None:
    lines = [line for line in (TOP / "systemd/moss.cron").read_text().splitlines() if not line.startswith("#")]
    assert lines == ["*/10 * * * * root systemctl start --no-block moss-sentiment.service"]
    assert settings("moss-sentiment.service")["SuccessExitStatus"] == ["75"]


def cron_accepts(crontab: str, lines: Path) -> bool:
    return subprocess.run([crontab, "-n", lines], capture_output=True, check=False).returncode == 0


def test_cron_takes_the_plain_crontab_when_it_is_installed_as_it_lies(program: Program) -> None:
    assert cron_accepts(program("crontab", "cron"), TOP / "crontab")


def test_cron_refuses_the_plain_crontab_when_a_line_is_wrong(program: Program, tmp_path: Path) -> None:
    wrong = tmp_path / "crontab"
    wrong.write_text((TOP / "crontab").read_text().replace("*/10 *", "*/10 later"))
    assert not cron_accepts(program("crontab", "cron"), wrong)
