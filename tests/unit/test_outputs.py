"""What the commands do when an output takes nothing: a full disk behind it, or none at all."""

import json
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.scripts import TOP, environment

DEMO = '[market]\nsource = "demo"\n[news]\nfeeds = [{name = "sample", url = "demo:"}]\n'
ANSWERS = {
    "status": ("bot.py", "--data", "data", "status"),
    "balance": ("bot.py", "--data", "data", "bank", "balance"),
    "check": ("bot.py", "check"),
    "score": ("sentiment.py", "score", "Profit falls"),
    "tail": ("-m", "store", "tail", "data/prices.jsonl"),
    "verify": ("-m", "store", "verify", "data"),
    "page": ("-m", "desk", "export-html", "2026-11-21", "--data", "data", "--out", "-"),
}
HELP = {
    "bot help": ("bot.py", "--help"),
    "scorer help": ("sentiment.py", "--help"),
    "store help": ("-m", "store", "--help"),
    "desk help": ("-m", "desk", "--help"),
}
COMMANDS = {**ANSWERS, **HELP}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a configuration and the records of one pass."""
    place = tmp_path_factory.mktemp("place")
    (place / "moss.toml").write_text(DEMO)
    assert ended(place, ("bot.py", "--data", "data", "once")).returncode == 0
    return place


def ended(place: Path, arguments: tuple[str, ...], redirected: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command as a shell would, with its streams led elsewhere; returns what came out of those that are left."""
    first, *rest = arguments
    command = [sys.executable, str(TOP / first) if first.endswith(".py") else first, *rest]
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirected}', "sh", *command],
        cwd=place,
        env=environment(PYTHONPATH=str(TOP), LC_ALL="C.UTF-8"),
        input="",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("name", ANSWERS)
def test_data_that_a_full_disk_does_not_take_is_a_failure_in_one_line(place: Path, name: str) -> None:
    done = ended(place, ANSWERS[name], "> /dev/full")
    assert done.returncode == 1
    assert done.stderr.count("No space left") == 1
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_messages_that_a_full_disk_does_not_take_change_no_status(place: Path, name: str) -> None:
    plain, full = ended(place, COMMANDS[name]), ended(place, COMMANDS[name], "2> /dev/full")
    assert (full.returncode, bool(full.stdout)) == (plain.returncode, True) == (0, True)


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(place: Path, name: str, closed: str) -> None:
    done = ended(place, COMMANDS[name], closed)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [("bot.py", "replay", "none.csv"), ("-m", "store", "tail", "data/none.jsonl")])
def test_messages_do_not_turn_into_data_where_standard_error_is_closed(place: Path, arguments: tuple[str, ...]) -> None:
    assert ended(place, arguments).stderr
    assert ended(place, arguments, "2>&-").stdout == ""


def test_damage_is_told_by_the_status_though_nothing_can_be_shown(place: Path) -> None:
    (place / "torn.jsonl").write_text("no record\n")
    assert ended(place, ("-m", "store", "verify", "torn.jsonl"), ">&-").returncode == 1


def test_a_pass_ends_with_its_own_status_when_its_log_is_on_a_full_disk(place: Path) -> None:
    for script in ("bot.py", "sentiment.py"):
        arguments = (script, "--data", "full", "once" if script == "bot.py" else "run")
        assert ended(place, arguments, "2> /dev/full").returncode == 0


def test_scores_of_nothing_are_none_where_standard_input_is_closed(place: Path) -> None:
    done = ended(place, ("sentiment.py", "score"), "<&-")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("encoding", "is_readable"), [("utf-8", True), ("cp949", False), ("ascii", False)])
def test_korean_is_written_as_it_is_read_on_a_terminal_of_utf_8(
    place: Path,
    encoding: str,
    is_readable: bool,  # noqa: FBT001 - pytest's
) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, str(TOP / "sentiment.py"), "score", "코스피 급락", "--why"]
    environ = environment(LC_ALL="C.UTF-8", PYTHONIOENCODING=encoding)
    with open(ours, "rb", buffering=0) as screen:
        with open(theirs, "wb", buffering=0) as terminal:
            done = subprocess.run(command, cwd=place, env=environ, stdout=terminal, stderr=subprocess.PIPE, timeout=60)
            shown = screen.read(100_000)
        assert (done.returncode, done.stderr) == (0, b"")
    assert ("코스피 급락" in shown.decode()) is is_readable
    assert shown.isascii() is not is_readable
    assert json.loads(shown)["text"] == "코스피 급락"


def test_scores_are_ascii_wherever_a_program_reads_them(place: Path) -> None:
    for encoding in ("utf-8", "ascii"):
        command = [sys.executable, str(TOP / "sentiment.py"), "score", "코스피 급락"]
        environ = environment(LC_ALL="C.UTF-8", PYTHONIOENCODING=encoding)
        out = subprocess.run(command, cwd=place, env=environ, capture_output=True, check=True, timeout=60).stdout
        assert out.isascii()
        assert json.loads(out)["text"] == "코스피 급락"


def test_ctrl_c_in_a_pipeline_that_ends_with_it_is_quiet(place: Path) -> None:
    command = [sys.executable, str(TOP / "sentiment.py"), "score"]
    # The end of what it reads comes right behind the interrupt, mostly before that is looked at.
    for _ in range(6):
        with subprocess.Popen(
            command, cwd=place, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(b"Profit falls\n")
            process.stdin.flush()
            process.stdout.readline()
            time.sleep(0.1)  # until it waits for the next
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (130, b"")
