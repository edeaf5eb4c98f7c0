"""The word to systemd, and what /proc says."""

import mmap
import re
import socket
import uuid
from pathlib import Path

import pytest

from agent.alive import boot_id, notify, rss_kib


def heard(address: str) -> tuple[socket.socket, dict[str, str]]:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.settimeout(2)
    listener.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
    return listener, {"NOTIFY_SOCKET": address}


@pytest.mark.parametrize("abstract", [False, True])
def test_notify_says_the_word_when_a_manager_listens(tmp_path: Path, *, abstract: bool) -> None:
    listener, environ = heard(f"@moss-test-{uuid.uuid4().hex}" if abstract else str(tmp_path / "notify"))
    with listener:
        notify("READY=1\nSTATUS=매수 KRW-BTC", environ)
        assert listener.recv(4096).decode() == "READY=1\nSTATUS=매수 KRW-BTC"


@pytest.mark.parametrize("address", ["", "/nowhere/at/all", "/" + "x" * 500])
def test_notify_says_it_to_nobody_when_there_is_no_manager(tmp_path: Path, address: str) -> None:
    listener, _ = heard(str(tmp_path / "notify"))
    with listener:
        listener.settimeout(0)
        notify("WATCHDOG=1", {"NOTIFY_SOCKET": address} if address else {})
        with pytest.raises(BlockingIOError):
            listener.recv(4096)


def test_rss_kib_grows_when_memory_is_taken() -> None:
    before_kib = rss_kib()
    # Pages of the system's own: what earlier tests let go of would be taken again, and nothing would grow.
    with mmap.mmap(-1, 20_000_000) as taken:
        taken.write(b"x" * len(taken))
        after_kib = rss_kib()
    assert before_kib is not None
    assert after_kib is not None
    assert 15_000 < after_kib - before_kib < 60_000


def test_boot_id_is_the_kernels_when_there_is_one() -> None:
    assert re.fullmatch(r"[0-9a-f-]{36}", boot_id() or "")
    assert boot_id() == boot_id()
