"""docs/operations.md names what there is: options, commands, limits."""

import re
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
PAGE = (TOP / "docs/operations.md").read_text(encoding="utf-8")


def test_page_names_no_option_that_the_installer_does_not_have() -> None:
    usage = subprocess.run(
        ["bash", str(TOP / "systemd/install.sh"), "--help"], capture_output=True, text=True, check=True
    )
    told = set(re.findall(r"^ +(--[a-z-]+)", usage.stdout, re.MULTILINE))
    others = {"--require-hashes", "--only-binary", "--help", "--failed", "--config"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) - others == told


def test_page_names_no_command_that_moss_does_not_have() -> None:
    words = (TOP / "systemd/moss").read_text(encoding="utf-8")
    commands = set(re.findall(r"^    ([a-z |]+)\)", words, re.MULTILINE))
    known = {name for line in commands for name in line.split(" | ")}
    assert "drill" in known
    assert set(re.findall(r"`(?:sudo )?moss ([a-z]+)", PAGE)) <= known


def test_page_tells_the_limits_that_the_unit_has() -> None:
    unit = (TOP / "systemd/moss-bot.service").read_text(encoding="utf-8")
    assert "\nMemoryMax=96M\n" in unit
    assert "`MemoryMax=96M`" in PAGE
    assert "\nMemoryMin=32M\n" in unit
    assert "\nSlice=-.slice\n" in unit
    assert "`MemoryMin=32M`" in PAGE
    assert "\nWatchdogSec=150\n" in unit
    assert "10 s in place of 150 s" in PAGE
