"""Whatever happens to the bot's process, the loop of the plain crontab has it back in seconds, and no record is lost.

`make chaos` runs it for longer: CHAOS_S=600 says how long.
"""

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.exchange import FakeUpbit
from tests.fakes.server import Request
from tests.faults.chaos import HANGS_S, SYMBOLS, Chaos, chaos
from tests.faults.witness import Witness
from tests.scripts import records, start, wait_for, write_config

CHAOS_S = float(os.environ.get("CHAOS_S", "8"))


def run_all(torment: Chaos, chance: random.Random, duration_s: float) -> None:
    """Let each fault happen once, then go on with any of them until the time is over."""
    end_s = time.monotonic() + duration_s
    for fault in torment.faults:
        torment.hurt(fault)
    while time.monotonic() < end_s:
        torment.hurt(chance.choice(list(torment.faults)))


def test_bot_is_back_and_nothing_is_lost_whatever_fault_comes(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with chaos(tmp_path, chance, watchdog_s=HANGS_S) as torment:
        torment.faults["hang"] = torment.hang
        run_all(torment, chance, CHAOS_S)
    sys.stdout.write(torment.table())
    assert torment.witness.complaints(SYMBOLS) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder whose `data` is a disk of 2 MB."""
    data = tmp_path / "data"
    data.mkdir()
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("needs root to mount a small disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "moss-chaos", str(data)], check=False)
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    yield tmp_path
    subprocess.run(["umount", str(data)], check=True)


def test_bot_goes_on_and_nothing_is_lost_when_the_disk_was_full(small_disk: Path, seed: int) -> None:
    chance = random.Random(seed)
    with chaos(small_disk, chance) as torment:
        torment.faults = {"full disk": torment.full_disk, "kill": torment.kill}
        for fault in ("full disk", "kill", "full disk"):
            torment.hurt(fault)
    sys.stdout.write(torment.table())
    assert torment.witness.complaints(SYMBOLS) == []


@pytest.fixture
def narrow() -> Iterator[Path]:
    """Return a cgroup of 64 MB: the kernel kills what takes more."""
    top = Path("/sys/fs/cgroup")
    memory = top / "memory" if (top / "memory").is_dir() else top
    group = memory / f"moss-{os.getpid()}"
    try:
        group.mkdir()
        limit = group / ("memory.limit_in_bytes" if memory != top else "memory.max")
        limit.write_text(str(64 << 20))
    except OSError as error:
        if group.exists():
            group.rmdir()
        pytest.skip(f"needs root and the memory controller of cgroups: {error}")
    yield group
    wait_for(lambda: not (group / "cgroup.procs").read_text(), 60)
    group.rmdir()


def test_bot_is_back_and_nothing_is_lost_when_the_kernel_kills_it_for_memory(
    narrow: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    with chaos(tmp_path, chance, "systemd/drill/victim.py", narrow) as torment:
        for _ in range(3):
            torment.hurt("memory")
        assert torment.log.read_text().count("Killed") == 3
    sys.stdout.write(torment.table())
    assert torment.witness.complaints(SYMBOLS) == []


@pytest.mark.parametrize("script", ["forgetful_bot.py", "careless_bot.py"])
def test_records_are_doubled_or_torn_when_the_bot_is_another(script: str, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for attempt in range(10):
        (tmp_path / str(attempt)).mkdir()
        with chaos(tmp_path / str(attempt), chance, f"tests/faults/{script}") as torment:
            for _ in range(3):
                torment.hurt("kill")
        if torment.witness.complaints(SYMBOLS):
            return
    pytest.fail("the witness had nothing to complain of")


def test_bot_goes_on_by_itself_when_the_exchange_had_fallen_silent(tmp_path: Path) -> None:
    if CHAOS_S < 60:
        pytest.skip("takes two minutes, since an exchange closes one candle a minute; make chaos runs it")
    answers, data = threading.Event(), tmp_path / "data"

    def silent(_request: Request) -> None:
        answers.wait(600)

    with (exchange := FakeUpbit(lambda _symbol, _at: 100.0)).server:
        exchange.trouble = silent
        config = write_config(tmp_path, f'[market]\nupbit_url = "{exchange.server.url}"\n')
        with start("bot.py", "run", "--config", config, "--data", data) as process:
            wait_for(lambda: any(event["kind"] == "error" for event in records(data, "events")), 60)
            answers.set()
            took_s = Witness(data).seconds_to_new_candle(time.monotonic(), 90)
            assert process.poll() is None
            process.terminate()
            process.communicate(timeout=60)
    sys.stdout.write(f"the exchange answers again: a candle {took_s:.1f} s later\n")
