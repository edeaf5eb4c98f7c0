"""The faults that a process feels: what bot.py costs in memory and time, and that the loop lives on."""

import gzip
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes.exchange import FakeUpbit
from tests.fakes.markets import wave
from tests.fakes.server import LocalServer, Reply
from tests.fakes.trouble import Act, TroubleServer, drip, flood, hang, say
from tests.scripts import TOP, environment, records, start, wait_for, write_config

OK = b"HTTP/1.1 200 OK\r\n"
HUGE = 100_000_000
# What a bad answer may cost beyond a good one: as much of it as is taken, inflated, and a copy of each.
GROWTH_KIB_MAX = 12 * 1024
BOMB = gzip.compress(bytes(HUGE), 9)
ACTS: dict[str, tuple[Act, int]] = {
    "gzip bomb": (
        say(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB),
        1,
    ),
    "100 MB body": (flood(OK + b"\r\n", bytes(100_000), 1000), 1),
    "hang": (hang, 75),
    "drip": (drip(OK + b"Content-Length: 9999\r\n\r\n", b"["), 75),
}

# The command, which tells its peak itself: what the system tells of a process begins with the peak of its parent's.
WATCHED = """
import sys
sys.path.insert(0, {top!r})
import agent.fetch
import bot
{change}
ended = bot.main(sys.argv[1:])
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM:")))
sys.exit(ended)
"""
# A network door that takes whatever comes.
CARELESS = """
agent.fetch.receive = lambda source, length, size_bytes_max, check, body: source.read(decode_content=True)
agent.fetch.inflate = lambda body, encoding, size_bytes_max: body
"""


def once(folder: Path, url: str, change: str = "") -> tuple[int, float, int]:
    """Make one pass; return its exit status, how many seconds it took, and its peak of resident memory in KiB."""
    config = write_config(folder, f'[market]\nupbit_url = "{url}"\n')
    program = WATCHED.format(top=str(TOP), change=change)
    command = [sys.executable, "-c", program, "once", "--config", str(config), "--data", str(folder / "data")]
    began_s = time.monotonic()
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, time.monotonic() - began_s, int(done.stdout)


@pytest.fixture(scope="module")
def good_kib(tmp_path_factory: pytest.TempPathFactory) -> int:
    """Return the peak of a pass whose exchange answers well."""
    with FakeUpbit(wave).server as server:
        status, _, kib = once(tmp_path_factory.mktemp("good"), server.url)
    assert status == 0
    return kib


@pytest.mark.parametrize("name", ACTS)
def test_once_ends_in_time_and_in_flat_memory_when_the_exchange_does_this(
    name: str, tmp_path: Path, good_kib: int
) -> None:
    act, expected = ACTS[name]
    with TroubleServer(act) as server:
        status, took_s, kib = once(tmp_path, server.url)
    # It would hang, or drip, for half a minute.
    assert (status, took_s < 20) == (expected, True)
    assert kib - good_kib < GROWTH_KIB_MAX
    assert [event["kind"] for event in records(tmp_path / "data", "events")] == ["error"]
    assert not records(tmp_path / "data", "prices")


def test_control_that_takes_whatever_comes_grows_when_a_bomb_does(tmp_path: Path, good_kib: int) -> None:
    with TroubleServer(ACTS["gzip bomb"][0]) as server:
        _, _, kib = once(tmp_path, server.url, CARELESS)
    assert kib - good_kib > HUGE // 1024


def test_run_lives_on_and_ends_cleanly_when_its_exchange_never_answers(tmp_path: Path) -> None:
    with LocalServer(lambda _request: Reply(503, b"<html>")) as server:
        config = write_config(tmp_path, f'[market]\nupbit_url = "{server.url}"\nfallback = [{{source = "kraken"}}]\n')
        with start("bot.py", "run", "--config", config, "--data", tmp_path / "data") as process:
            wait_for(lambda: "error" in {event["kind"] for event in records(tmp_path / "data", "events")})
            time.sleep(0.3)
            assert process.poll() is None
            process.terminate()
            process.communicate(timeout=60)
    assert process.returncode == 0
    assert [event["kind"] for event in records(tmp_path / "data", "events")] == ["start", "error", "stop"]
    assert not records(tmp_path / "data", "signals")
