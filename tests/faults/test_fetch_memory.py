"""Memory stays flat however much a server sends; measured in a process of its own."""

import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from tests.fakes.trouble import Act, TroubleServer, flood, say

ROOT = Path(__file__).parents[2]
BOMB_MIB = 128
# What a fetcher may take beyond an ordinary call: the body as sent, inflated, and a copy of each.
GROWTH_KIB_MAX = 12 * 1024

ASK = """
import json, sys
sys.path.insert(0, {root!r})
from agent.clock import SystemClock
from agent.errors import MossError
from agent.fetch import Fetcher
import requests

def ask_with_moss(url):
    try:
        return f"{{len(fetcher.get(url, deadline_s=40, attempts_max=1).body)}} bytes"
    except MossError as error:
        return type(error).__name__ + ": " + str(error)

def ask_with_requests(url):
    return f"{{len(requests.get(url, timeout=40).content)}} bytes"

def peak_kib():
    # Not getrusage: a process starts with the peak of the one it was forked from, and the tests' own is large.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))

fetcher = Fetcher(SystemClock())
ask = ask_with_moss if sys.argv[1] == "moss" else ask_with_requests
ask(sys.argv[2])
before_kib = peak_kib()
said = ask(sys.argv[2])
print(json.dumps([said, peak_kib() - before_kib]))
"""


def growth(asker: str, act: Act) -> tuple[str, int]:
    """Ask for a small body and then for what the act sends; return what was said, and by how many KiB the peak grew."""
    small = say(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n[]")
    with TroubleServer(small, act) as server:
        program = ASK.format(root=str(ROOT))
        done = subprocess.run(
            [sys.executable, "-c", program, asker, server.url], capture_output=True, check=True, timeout=60
        )
    said, kib = json.loads(done.stdout)
    return said, kib


def bomb() -> Act:
    """Make an answer of a few hundred KiB that inflates to many MiB of zeros."""
    deflater = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    mebibyte = bytes(1 << 20)
    body = b"".join(deflater.compress(mebibyte) for _ in range(BOMB_MIB)) + deflater.flush()
    return say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


HUNDRED_MB = 100_000_000
WAVE = bytes(100_000)
OK = b"HTTP/1.1 200 OK\r\n"
FLOODS: dict[str, tuple[Act, str]] = {
    "without length": (flood(OK + b"\r\n", WAVE, 1000), "sends more than 2000000 bytes"),
    "in chunks": (
        flood(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"186a0\r\n" + WAVE + b"\r\n", 1000),
        "sends more than 2000000 bytes",
    ),
    "in one chunk": (flood(OK + b"Transfer-Encoding: chunked\r\n\r\n5f5e100\r\n", WAVE, 1000), "sends more than"),
    "announced": (flood(OK + b"Content-Length: 100000000\r\n\r\n", WAVE, 1000), "announces more than 2000000 bytes"),
    "behind a redirect": (
        flood(b"HTTP/1.1 302 Moved\r\nLocation: ftp://x\r\nContent-Length: 100000000\r\n\r\n", WAVE, 1000),
        "answered 302",
    ),
    "behind redirects": (
        flood(b"HTTP/1.1 302 Moved\r\nLocation: /\r\nContent-Length: 100000000\r\n\r\n", WAVE, 1000),
        "redirects too often",
    ),
    "behind a chunked redirect": (
        flood(b"HTTP/1.1 302 Moved\r\nLocation: /\r\nTransfer-Encoding: chunked\r\n\r\n5f5e100\r\n", WAVE, 1000),
        "redirects too often",
    ),
    "behind an error": (flood(b"HTTP/1.1 500 No\r\nContent-Length: 100000000\r\n\r\n", WAVE, 1000), "answered 500"),
}


def test_memory_stays_flat_when_a_gzip_bomb_comes() -> None:
    said, kib = growth("moss", bomb())
    assert "inflates to more than 2000000 bytes" in said
    assert kib < GROWTH_KIB_MAX


def test_memory_of_requests_alone_does_not_when_a_gzip_bomb_comes() -> None:
    said, kib = growth("requests", bomb())
    assert said == f"{BOMB_MIB << 20} bytes"
    assert kib > BOMB_MIB * 1024


@pytest.mark.parametrize("name", FLOODS)
def test_memory_stays_flat_when_a_hundred_megabytes_come(name: str) -> None:
    act, words = FLOODS[name]
    said, kib = growth("moss", act)
    assert words in said
    assert kib < GROWTH_KIB_MAX


def test_memory_of_requests_alone_does_not_when_a_hundred_megabytes_come() -> None:
    said, kib = growth("requests", FLOODS["announced"][0])
    assert said == f"{HUNDRED_MB} bytes"
    assert kib > HUNDRED_MB // 1024
