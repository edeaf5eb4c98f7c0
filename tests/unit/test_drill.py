"""`moss drill` without a server: that its copy is cleared away whatever ends it. What it finds needs one: tests/vps."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scripts import TOP, environment

# Twins that hurt nobody: the first is still coming, and takes its time to go.
DRILL = """
import sys, time
from drill import __main__ as drill

class Slow:
    def __init__(self, config):
        pass

    def __enter__(self):
        try:
            print("there", flush=True)
            time.sleep(60)
        except BaseException:
            print("going", flush=True)
            time.sleep(0.5)
            print("gone", flush=True)
            raise

    def __exit__(self, *_):
        pass

drill.Twin = Slow
sys.exit(drill.main())
"""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env=environment(PYTHONPATH=f"{TOP}:{TOP}/systemd"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Under nohup a hangup is ignored, by all that starts there.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_drill_clears_its_copy_away_when_it_is_ended_twice(name: str) -> None:
    with start(DRILL) as process:
        assert process.stdout
        while (line := process.stdout.readline()) != "there\n":
            assert line
        for said in ("going\n", "gone\n"):
            process.send_signal(signal.Signals[name])
            assert process.stdout.readline() == said
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (1, "", "the drill was stopped; its copy is gone\n")


def test_drill_tells_how_to_clear_up_when_a_copy_was_left(tmp_path: Path) -> None:
    place = "import pathlib, sys; from drill import twin, __main__; twin.PLACE = pathlib.Path(sys.argv[1]); "
    with start(f"{place} sys.exit(__main__.main())", str(tmp_path)) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.endswith(f"Else: systemctl stop moss-drill.service; umount {tmp_path}/data; rm -r {tmp_path}\n")
