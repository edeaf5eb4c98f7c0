"""Where secrets come from."""

from pathlib import Path

import pytest

from agent.secret import secret

NAME = "MOSS_BACKUP_URL"


def environ(folder: Path, **more: str) -> dict[str, str]:
    return {"CREDENTIALS_DIRECTORY": str(folder), **more}


def test_a_credential_goes_before_the_environment(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("https://one.example/k3y\n")
    assert secret(NAME, environ(tmp_path, MOSS_BACKUP_URL="https://two.example/")) == "https://one.example/k3y"


def test_the_environment_is_asked_where_there_is_no_credential(tmp_path: Path) -> None:
    assert secret(NAME, {"MOSS_BACKUP_URL": "  https://two.example/ \n"}) == "https://two.example/"
    assert secret(NAME, environ(tmp_path, MOSS_BACKUP_URL="https://two.example/")) == "https://two.example/"


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe\x00"])
def test_an_empty_or_unreadable_credential_counts_as_not_set(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    assert secret(NAME, environ(tmp_path)) == ""
    assert secret(NAME, environ(tmp_path, MOSS_BACKUP_URL="x")) == "x"


def test_nothing_is_set_by_default() -> None:
    assert secret(NAME, {}) == ""
    assert secret(NAME, {NAME: "  "}) == ""
