"""Running sentiment.py as its users do: a config, a data folder, a process."""

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from store import scan

SCRIPT = Path(__file__).resolve().parents[2] / "sentiment.py"


def write_config(path: Path, feeds: Iterable[tuple[str, str]], more: str = "") -> Path:
    """Write a config that names the feeds, as (name, url), and more lines of its [news] section."""
    entries = ", ".join(f"{{name = {json.dumps(name)}, url = {json.dumps(url)}}}" for name, url in feeds)
    path.write_text(f"[news]\nfeeds = [{entries}]\n{more}\n", encoding="utf-8")
    return path


def command(config: Path, data: Path) -> list[str]:
    """Return the arguments that start one pass."""
    return [sys.executable, str(SCRIPT), "run", "--config", str(config), "--data", str(data)]


def one_pass(config: Path, data: Path, *, weak: bool = False) -> subprocess.CompletedProcess[str]:
    """Make one pass over the feeds and wait for its end.

    Arguments:
        weak: even root is held by permissions, as an ordinary user is.
    """
    return subprocess.run(
        command(config, data),
        capture_output=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"]},
        encoding="utf-8",
        preexec_fn=_drop_power if weak else None,
    )


def _drop_power() -> None:
    """Give up CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH for the program to start; only root has them."""
    drop = 24
    for capability in (1, 2):
        ctypes.CDLL(None).prctl(drop, capability, 0, 0, 0)


def records(data: Path, stream: str) -> list[dict[str, Any]]:
    """Return all records of a stream, oldest first."""
    return list(scan(data / f"{stream}.jsonl"))


def titles(data: Path) -> list[str]:
    """Return the titles of all scores, oldest first."""
    return [record["title"] for record in records(data, "sentiment")]
