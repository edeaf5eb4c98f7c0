"""A name server that never answers: a look-up cannot be interrupted, so its own limits have to be short."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEADLINE_S = 1.0
# Two attempts of one second each at the one name server, after which the call notices that its time is over.
LOOK_UP_S = 2.0
# The usual limits, two attempts of five seconds, take ten.
LOOK_UP_S_MAX = 9.0

ASK = """
import socket, sys, time
sys.path.insert(0, {root!r})
from agent.clock import SystemClock
from agent.errors import Unreachable
from agent.fetch import Fetcher

silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(("127.0.0.1", 53))
fetcher = Fetcher(SystemClock())
began_s = time.monotonic()
try:
    fetcher.get("http://api.exchange.test/", deadline_s={deadline_s})
except Unreachable:
    print(time.monotonic() - began_s)
"""


def look_up(folder: Path, resolver_options: str | None, limit_s: float) -> subprocess.CompletedProcess[str]:
    """Ask in namespaces of its own, where the one name server is silent."""
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    prepare = f"ip link set lo up && mount --bind {folder}/resolv.conf /etc/resolv.conf"
    environ = {name: value for name, value in os.environ.items() if name != "RES_OPTIONS"}
    if resolver_options is not None:
        environ["RES_OPTIONS"] = resolver_options
    program = ASK.format(root=str(ROOT), deadline_s=DEADLINE_S)
    shell = f'{prepare} && exec "$0" "$@"'
    return subprocess.run(
        ["unshare", "--mount", "--net", "sh", "-c", shell, sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environ,
        timeout=limit_s,
        check=True,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("needs root, unshare and ip for a silent name server of its own")
    probe = subprocess.run(["unshare", "--mount", "--net", "ip", "link", "set", "lo", "up"], check=False)
    if probe.returncode:
        pytest.skip("this machine allows no namespaces")
    return tmp_path


def test_get_ends_soon_after_its_deadline_when_the_name_server_is_silent(folder: Path) -> None:
    took_s = float(look_up(folder, None, 60).stdout)
    assert DEADLINE_S <= took_s < LOOK_UP_S_MAX


def test_look_up_outlives_any_deadline_when_its_limits_are_the_usual_ones(folder: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        look_up(folder, "timeout:5 attempts:2", LOOK_UP_S + 1.5)
