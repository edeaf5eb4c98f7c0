"""What gets installed is what was locked: three packages and what they need, each by hash, from no named place."""

import re
from pathlib import Path

import pytest

from tests.layout.source import TOP

LOCKS = ("requirements.lock", "requirements-dev.lock")


def pins(text: str) -> dict[str, str]:
    found = re.findall(r"(?m)^([A-Za-z0-9._-]+)==([^\s\\]+)", text)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def loose(text: str) -> list[str]:
    """Return the requirements of a lock that have no version or no hash, and lines that name a place."""
    entries = re.split(r"\n(?=[^\s#])", re.sub(r"(?m)^\s*#.*\n", "", text).strip())
    bad = [entry for entry in entries if "==" not in entry or not re.search(r"--hash=sha256:[0-9a-f]{64}", entry)]
    return bad + re.findall(r"(?mi)^.*(?:://|--index|--find-links|--trusted|file:| /).*$", text)


def read(name: str) -> str:
    return Path(TOP, name).read_text(encoding="utf-8")


def test_requirements_are_three_pinned_lines() -> None:
    lines = read("requirements.txt").splitlines()
    assert [line.partition("==")[0] for line in lines] == ["requests", "schedule", "tenacity"]
    assert all(re.fullmatch(r"[a-z]+==[0-9.]+", line) for line in lines)


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_its_requirements_at_their_versions(name: str) -> None:
    wanted = pins(read(name.replace(".lock", ".txt")))
    assert wanted
    assert wanted.items() <= pins(read(name)).items()


@pytest.mark.parametrize("name", LOCKS)
def test_lock_has_a_version_and_hashes_for_all_and_names_no_place(name: str) -> None:
    assert loose(read(name)) == []


@pytest.mark.parametrize(
    "text",
    [
        "requests==2.34.2\n",
        "requests>=2 \\\n    --hash=sha256:" + "0" * 64,
        "--index-url https://example.org/simple\nrequests==2.34.2 \\\n    --hash=sha256:" + "0" * 64,
        "requests==2.34.2 \\\n    --hash=sha256:" + "0" * 64 + "\n    # via -r /home/me/requirements.txt\n",
    ],
)
def test_lock_is_refused_when_an_entry_is_loose_or_a_place_is_named(text: str) -> None:
    assert loose(text)


def test_locks_agree_on_what_both_hold() -> None:
    run, tools = (pins(read(name)) for name in LOCKS)
    assert all(run[name] == tools[name] for name in run.keys() & tools.keys())


def test_lock_of_the_program_holds_no_tool() -> None:
    assert len(pins(read("requirements.lock"))) <= 8
    assert not pins(read("requirements-dev.txt")).keys() & pins(read("requirements.lock")).keys()
