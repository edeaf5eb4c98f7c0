"""Every test has one name, whoever collects it and whenever: two workers that disagree run nothing at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
NAMES_FROM_A_HASH = """
import pytest

@pytest.mark.parametrize("word", [str(hash(word)) for word in "abc"])
def test_word(word): ...
"""


def names(folder: Path, hash_seed: int, *arguments: str) -> list[str]:
    """Collect what lies in the folder with another seed of Python's hashes, and return the tests' names in order."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if "::" in line]


def file_of(name: str) -> str:
    return name.partition("::")[0]


def test_tests_keep_their_names_and_order_when_collected_again(request: pytest.FixtureRequest) -> None:
    asked = [item.nodeid for item in request.session.items]

    again = names(TOP, 1)

    wanted = set(asked)
    assert sorted((name for name in again if name in wanted), key=file_of) == sorted(asked, key=file_of)


def test_names_differ_when_they_come_from_a_hash(tmp_path: Path) -> None:
    (tmp_path / "test_bad.py").write_text(NAMES_FROM_A_HASH, encoding="utf-8")

    assert names(tmp_path, 1) != names(tmp_path, 2)
