"""The demo ends both programs and leaves nothing running, however it is ended."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.layout.source import TOP
from tests.leftovers import descendants

Shell = subprocess.Popen[str]

# Stand in for the two programs: one stays until it is asked to stop, the other takes a moment, or hangs.
BOT = """
import os, signal, sys, time
from pathlib import Path

def tell(what):
    with open("log", "a") as log:
        log.write(f"{sys.argv[0]} {what}\\n")

def stop(*_):
    tell("asked to stop")
    sys.exit(0)

signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
tell(f"started with {' '.join(sys.argv[1:])} and {os.environ.get('MOSS_PING_URL')}")
if Path("bot_status").exists():
    sys.exit(int(Path("bot_status").read_text()))
time.sleep(300)
"""
SCORER = BOT.replace("time.sleep(300)", 'time.sleep(300 if Path("scorer_hangs").exists() else 0)\ntell("ended")')


class Demo:
    """The demo over stand-ins, in a process group of its own as a terminal would give it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copy(TOP / "demo.py", folder)
        (folder / "bot.py").write_text(BOT, encoding="utf-8")
        (folder / "sentiment.py").write_text(SCORER.replace("bot_status", "no_status"), encoding="utf-8")
        (folder / "data").mkdir()
        (folder / "data" / "signals.jsonl").write_text("{}\n{}\n", encoding="utf-8")

    def start(self) -> Shell:
        return subprocess.Popen(
            [sys.executable, "demo.py"],
            cwd=self.folder,
            env={**os.environ, "MOSS_PING_URL": "http://127.0.0.1:1/ping"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def wait_for(self, words: str) -> None:
        deadline_s = time.monotonic() + 60
        while words not in self.log():
            assert time.monotonic() < deadline_s, self.log()
            time.sleep(0.01)


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    return Demo(tmp_path)


def running(shell: Shell) -> list[str]:
    """Return the commands of the demo's process group that still run; orphans are this process's own by now."""
    return [each.command for each in descendants(os.getpid()) if each.group == shell.pid]


def press_control_c(shell: Shell) -> None:
    os.killpg(shell.pid, signal.SIGINT)


def send_term(shell: Shell) -> None:
    shell.terminate()


def close_terminal(shell: Shell) -> None:
    shell.send_signal(signal.SIGHUP)


@pytest.mark.parametrize("end", [press_control_c, send_term, close_terminal])
@pytest.mark.parametrize("moment", ["sentiment.py started", "sentiment.py ended"])
def test_demo_leaves_nothing_running_when_it_is_ended(end: Callable[[Shell], None], moment: str, demo: Demo) -> None:
    if moment == "sentiment.py started":
        (demo.folder / "scorer_hangs").touch()
    shell = demo.start()
    demo.wait_for("bot.py started")
    demo.wait_for(moment)
    end(shell)
    said, _ = shell.communicate(timeout=60)
    assert shell.returncode == 0, said
    assert "bot.py asked to stop" in demo.log()
    assert running(shell) == []
    assert "2 lines  data/signals.jsonl" in said


def test_demo_ends_a_program_that_is_only_starting_without_a_traceback(demo: Demo) -> None:
    starting = 'import time\nwith open("log", "a") as log:\n    log.write("importing\\n")\ntime.sleep(300)\n'
    (demo.folder / "sentiment.py").write_text(starting, encoding="utf-8")
    shell = demo.start()
    demo.wait_for("bot.py started")
    demo.wait_for("importing")
    press_control_c(shell)
    said, _ = shell.communicate(timeout=60)
    assert shell.returncode == 0
    assert "Traceback" not in said
    assert running(shell) == []


def test_demo_leaves_nothing_running_when_nobody_reads_it_any_more(demo: Demo) -> None:
    shell = demo.start()
    demo.wait_for("bot.py started")
    assert shell.stdout
    shell.stdout.close()
    assert shell.wait(timeout=60) == 0
    assert "bot.py asked to stop" in demo.log()
    assert running(shell) == []


def test_running_names_what_is_left_when_the_demo_itself_is_killed(demo: Demo) -> None:
    # The control of the test above: without the demo's care the bot stays.
    shell = demo.start()
    demo.wait_for("bot.py started")
    shell.kill()
    shell.wait(timeout=60)
    assert any("bot.py" in command for command in running(shell))
    os.killpg(shell.pid, signal.SIGKILL)
    shell.communicate(timeout=60)


def test_demo_ends_and_passes_the_status_on_when_the_bot_cannot_run(demo: Demo) -> None:
    (demo.folder / "bot_status").write_text("75", encoding="utf-8")
    shell = demo.start()
    said, _ = shell.communicate(timeout=60)
    assert shell.returncode == 75
    assert "bot.py ended by itself with status 75" in said
    assert running(shell) == []


def test_demo_runs_both_on_its_own_config_and_data_whatever_the_shell_is_set_up_for(demo: Demo) -> None:
    shell = demo.start()
    for script in ("bot.py", "sentiment.py"):
        demo.wait_for(f"{script} started with --config demo.toml --data data run and None")
    press_control_c(shell)
    said, _ = shell.communicate(timeout=60)
    for words in ("data/signals.jsonl", "tail -F", "jq", "-m store tail", "bot.py --data data status"):
        assert words in said
