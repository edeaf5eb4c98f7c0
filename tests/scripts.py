"""The two scripts as processes of their own, the way a user starts them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

TOP = Path(__file__).resolve().parent.parent


def environment(**extra: str) -> dict[str, str]:
    """Return an environment that holds only what a script needs, and what is given."""
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1", **extra}


class Started(subprocess.Popen[str]):
    """A process that is ended where its `with` block fails: a test that failed would wait for it for ever."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error:
            self.kill()
        super().__exit__(kind, error, trace)


def start(script: str, *arguments: str | Path, cwd: Path = TOP, **extra: str) -> subprocess.Popen[str]:
    """Start a script and return the running process; whoever starts it ends it."""
    command = [sys.executable, str(TOP / script), *map(str, arguments)]
    return Started(
        command,
        cwd=cwd,
        env=environment(**extra),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def run(
    script: str, *arguments: str | Path, cwd: Path = TOP, limit_s: float = 120, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Run a script to its end and return what it said."""
    with start(script, *arguments, cwd=cwd, **extra) as process:
        try:
            out, err = process.communicate(timeout=limit_s)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def records(data: Path, stream: str) -> list[dict[str, Any]]:
    """Return all records of a stream as plain JSON, read without the project's own reader."""
    path = data / f"{stream}.jsonl"
    if not path.exists():
        return []
    # A line without an end is still being written.
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(line) for line in lines if line.strip()]


def write_config(folder: Path, text: str) -> Path:
    """Write a config file that decides round the clock, with the given sections beside."""
    path = folder / "moss.toml"
    path.write_text(f'[schedule]\nsession_open = ""\nsession_close = ""\n{text}', encoding="utf-8")
    return path


def wait_for(is_there: Callable[[], bool], limit_s: float = 60) -> None:
    """Wait until something is there, for so long at most."""
    end_s = time.monotonic() + limit_s
    while not is_there():
        assert time.monotonic() < end_s, f"it did not come within {limit_s} s"
        time.sleep(0.02)


def wait_for_more(data: Path, stream: str, count: int) -> None:
    """Wait until a stream has that many more records than now."""
    wanted = len(records(data, stream)) + count
    wait_for(lambda: len(records(data, stream)) >= wanted)
