"""docs/data_format.md says nothing that was not run: its commands are run here, on a small store."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from store import Store
from store.line import decode
from tests.faults.store_rotation import compress, rotate

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/data_format.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def run(command: list[str], folder: Path) -> str:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two streams of an hour around 00:00 UTC, prices in three files."""
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "prices.jsonl"
    for at in range(3):
        with Store(path) as store:
            for minute in range(at * 20, at * 20 + 20):
                ts = f"2026-11-21T00:{minute:02d}:00.000Z"
                store.append({"ts": ts, "kind": "candle", "symbol": "KRW-BTC", "open_ts": ts, "close": 100.0 + minute})
        if at < 2:
            segment = rotate(path, at)
            if at < 1:
                compress(segment)
    with Store(folder / "signals.jsonl") as store:
        ts = "2026-11-21T00:05:00.000Z"
        store.append({"ts": ts, "kind": "signal", "symbol": "KRW-BTC", "candle_ts": ts, "price": 1.5, "signal": "BUY"})
    return folder


def test_every_shell_command_of_the_page_runs_and_finds_something(data: Path, program: Callable[..., str]) -> None:
    program("jq")
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) > 8
    outputs = {command: run(["bash", "-euo", "pipefail", "-c", command], data) for command in commands}
    assert all(outputs.values()), outputs
    whole = next(output for command, output in outputs.items() if command.startswith("zcat"))
    assert len(whole.splitlines()) == 60
    assert sorted(whole.splitlines()) == whole.splitlines()


def test_python_of_the_page_runs(data: Path) -> None:
    (block,) = blocks("python")
    assert run([sys.executable, "-c", block], data).splitlines()[1:] == ["True", "True"]


def test_line_of_the_page_is_a_line() -> None:
    shown = re.search(r'^    (\{"ts".*"_c".*\})$', TEXT, re.MULTILINE)
    assert shown is not None
    found = decode(shown[1].encode())
    assert found is not None
    assert found["symbol"] == "KRW-BTC"
