"""Both README files say nothing that was not run: their commands are run here, on what the demo writes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "README.ko.md")


def commands(page: str) -> list[str]:
    """Return the page's own programs as it calls them, without the remark behind."""
    lines = re.findall(r"^    (\.venv/bin/python .*)$", (TOP / page).read_text(encoding="utf-8"), re.MULTILINE)
    return [line.split(" #")[0].strip() for line in lines]


def run(line: str, clone: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *line.split()[1:]]
    return subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which the demo was at work, and has written to ./data."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("agent", "store", "desk", "bot.py", "sentiment.py", "demo.toml"):
        (folder / name).symlink_to(TOP / name)
    for script, name in (("bot.py", "once"), ("sentiment.py", "run")):
        done = run(f"python {script} --config demo.toml --data data {name}", folder)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_runs_on_what_the_demo_wrote(page: str, clone: Path) -> None:
    lines = commands(page)
    assert len(lines) > 5
    for line in lines:
        done = run(line, clone)
        assert done.returncode == 0, (line, done.stderr)
        assert done.stdout or done.stderr, line


def test_pages_name_the_same_commands() -> None:
    english, korean = (commands(page) for page in PAGES)
    assert [line.removesuffix(" --lang ko") for line in korean] == english
