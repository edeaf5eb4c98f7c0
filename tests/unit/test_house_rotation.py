"""The rotation config keeps the contract of the store, and one that would lose records is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.layout import rotation

GOOD = """# Rotates.
/var/lib/moss/*.jsonl {
    su moss moss
    daily
    maxsize 10M
    rotate -1
    missingok
    notifempty
    nocreate
    dateext
    dateformat -%Y%m%d-%s
    prerotate
        true
    endscript
    compress
    delaycompress
    compresscmd /opt/moss/logrotate/lockgz
    compressext .gz
}
"""
BAD = {
    "copytruncate": (GOOD.replace("nocreate", "nocreate\n    copytruncate"), "copytruncate: loses"),
    "create": (GOOD.replace("nocreate", "create 0640 moss moss"), "create: a writer"),
    "no_word_on_creating": (GOOD.replace("    nocreate\n", ""), "nocreate is missing"),
    "finite_rotate": (GOOD.replace("rotate -1", "rotate 100"), "rotate 100: must be rotate -1"),
    "no_rotate": (GOOD.replace("    rotate -1\n", ""), "rotate -1 is missing"),
    "second_rotate": (GOOD.replace("    compress\n", "    rotate 5\n    compress\n"), "rotate 5: must be rotate -1"),
    "maxage": (GOOD.replace("daily", "daily\n    maxage 30"), "maxage: deletes"),
    "no_delay": (GOOD.replace("    delaycompress\n", ""), "delaycompress is missing"),
    "no_wait": (GOOD.replace("prerotate", "postrotate"), "prerotate is missing"),
    "numbered": (GOOD.replace("    dateext\n", ""), "dateext is missing"),
    "another_name": (GOOD.replace("-%Y%m%d-%s", "-%Y%m%d"), "dateformat -%Y%m%d: must be"),
    "plain_gzip": (GOOD.replace("/opt/moss/logrotate/lockgz", "/bin/gzip"), "compresscmd must be lockgz"),
    "in_a_comment": (GOOD.replace("    nocreate", "    # nocreate"), "nocreate is missing"),
}


@pytest.mark.parametrize(("text", "why"), BAD.values(), ids=BAD)
def test_rotation_is_refused_when_it_would_lose_records(text: str, why: str) -> None:
    assert any(why in str(violation) for violation in rotation.violations(text))


def test_rotation_is_accepted_when_it_keeps_the_contract() -> None:
    assert list(rotation.violations(GOOD)) == []


def test_rotation_of_the_project_keeps_the_contract() -> None:
    assert [str(each) for each in rotation.violations(rotation.CONFIG.read_text(encoding="utf-8"))] == []


def test_logrotate_accepts_the_config_of_the_project(program: Callable[..., str], tmp_path: Path) -> None:
    program("logrotate")
    assert rotation.rejected(rotation.CONFIG, tmp_path) == ""


def test_logrotate_refuses_a_config_that_it_cannot_read(program: Callable[..., str], tmp_path: Path) -> None:
    program("logrotate")
    config = tmp_path / "bad"
    config.write_text(GOOD.replace("daily", "dayly"), encoding="utf-8")
    assert "dayly" in (rotation.rejected(config, tmp_path) or "")
