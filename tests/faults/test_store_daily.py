"""More than a year of daily rotations by logrotate itself, rotations killed halfway, and clocks that jump."""

import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store import Record, Store, newest, tail, verify
from tests.faults.store_rotation import compress, logrotate, logrotate_config, rotate
from tests.numbered import numbers

DAYS = 400
DAY_ONE = datetime(2026, 1, 1, tzinfo=UTC)


def record(n: int, **fields: object) -> Record:
    moment = DAY_ONE + timedelta(hours=6 * n)
    return {"ts": f"{moment:%Y-%m-%dT%H:%M:%S}.000Z", "kind": "test", "n": n, **fields}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "prices.jsonl"


def pass_days(path: Path, days: int) -> None:
    """Append four records a day, and let logrotate run each night as if the last time had been a day ago."""
    yesterday = datetime.now(UTC) - timedelta(days=2)
    state = path.parent / "logrotate.state"
    with Store(path, durable=False) as store:
        for day in range(days):
            store.append_many(record(n) for n in range(day * 4, day * 4 + 4))
            state.write_text(f'logrotate state -- version 2\n"{path}" {yesterday:%Y-%-m-%-d}-0:0:0\n')
            done = logrotate(path.parent)
            assert done.returncode == 0, done.stderr
            # logrotate names a segment after the second it ran in; each gets the name of a day a century ago.
            (fresh,) = (found for found in path.parent.glob("prices.jsonl-*") if found.name[13:15] == "20")
            moment = DAY_ONE + timedelta(days=day - 36_525)
            fresh.rename(path.with_name(f"{path.name}-{moment:%Y%m%d}-{10**9 + day}"))


def test_400_daily_rotations_keep_every_record(path: Path, program: Callable[..., str]) -> None:
    program("logrotate")
    pass_days(path, DAYS)
    assert numbers(path) == list(range(DAYS * 4))
    found = [name.name for name in path.parent.glob("prices.jsonl-*")]
    assert len(found) == DAYS
    assert sum(name.endswith(".gz") for name in found) == DAYS - 1
    assert [each["n"] for each in tail(path, 9)] == list(range(DAYS * 4 - 9, DAYS * 4))
    assert verify(path).ok


def test_finite_rotate_would_lose(path: Path, program: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    program("logrotate")
    written = Path.write_text
    monkeypatch.setattr(Path, "write_text", lambda to, text: written(to, text.replace("rotate -1", "rotate 3", 1)))
    assert "    rotate 3" in logrotate_config(path.parent).read_text()
    pass_days(path, 8)
    assert len(numbers(path)) < 8 * 4


def test_rotations_killed_at_random_lose_nothing(path: Path, program: Callable[..., str], seed: int) -> None:
    program("logrotate")
    rng = random.Random(seed)
    config = logrotate_config(path.parent)
    numbered: dict[str, int] = {}
    killed = 0
    n = 0
    with Store(path, durable=False) as store:
        for turn in range(60):
            store.append_many(record(at, x=rng.randbytes(500).hex()) for at in range(n, n + 40))
            n += 40
            # Older names, since logrotate's own are of this second; one each, what is packed and what is not alike.
            for fresh in sorted(path.parent.glob(f"{path.name}-20*")):
                number = numbered.setdefault(fresh.name.removesuffix(".gz"), 10**9 + len(numbered))
                fresh.rename(path.with_name(re.sub(r"-\d+-\d+", f"-19991231-{number}", fresh.name)))
            if path.exists() and turn % 2:
                rotate(path, turn)
            store.append(record(n))
            n += 1
            command = ["logrotate", "-f", "-s", str(path.parent / "logrotate.state"), str(config)]
            process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(rng.uniform(0, 0.006))
            killed += process.poll() is None
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert sorted(numbers(path)) == list(range(n))
    assert killed > 10


def test_rotation_waits_when_the_clock_was_ahead_at_the_last(path: Path, program: Callable[..., str]) -> None:
    program("logrotate")
    now_s = int(time.time())
    with Store(path, durable=False) as store:
        store.append(record(0))
        ahead = path.rename(path.with_name(f"{path.name}-20261122-{now_s + 3600}"))
        # What logrotate renames away is no segment, and has no say.
        path.with_name(f"{path.name}-20261120-5.gz-2099112120.backup").touch()
        other = path.with_name("events.jsonl")
        for each in (path, other):
            with Store(each, durable=False) as stream:
                stream.append(record(1))
        done = logrotate(path.parent, "-f")
        assert done.returncode == 1
        assert f"is not rotated before second {now_s + 3600}" in done.stderr
        assert (path.exists(), other.exists()) == (True, False)
        assert [each["n"] for each in tail(path, 2)] == [0, 1]
        packed = ahead.with_name(f"{ahead.name}.gz")
        packed.rename(path.with_name(f"{path.name}-20261122-{now_s - 3600}.gz"))
        assert logrotate(path.parent, "-f").returncode == 0
        store.append(record(2))
    assert numbers(path) == [0, 1, 2]


def test_rotation_without_that_wait_hides_what_is_newer(
    path: Path, program: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    program("logrotate")
    written = Path.write_text
    monkeypatch.setattr(Path, "write_text", lambda to, text: written(to, text.replace('-gt "${last:-0}"', "-gt 0", 1)))
    with Store(path, durable=False) as store:
        store.append(record(0))
        path.rename(path.with_name(f"{path.name}-20261122-{int(time.time()) + 3600}"))
        store.append(record(1))
    assert logrotate(path.parent, "-f").returncode == 0
    assert next(newest(path))["n"] == 0


def test_clock_set_forward_and_back_loses_no_record(path: Path) -> None:
    hours = [0, 1, 2, 900, 901, 3, 4, 5, -700, 6]
    with Store(path) as store:
        for n, hour in enumerate(hours):
            moment = DAY_ONE + timedelta(hours=hour)
            store.append({"ts": f"{moment:%Y-%m-%dT%H:%M:%S}.000Z", "kind": "test", "n": n})
            if n in (2, 4, 6):
                segment = rotate(path, int(moment.timestamp()))
                if n == 2:
                    compress(segment)
    assert sorted(numbers(path)) == list(range(10))
    assert sorted(each["n"] for each in newest(path)) == list(range(10))
    verdict = verify(path)
    assert verdict.ok
    assert len(verdict.set_back) == 2
