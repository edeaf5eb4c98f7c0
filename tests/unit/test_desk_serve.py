"""The desk as a program: its help, without its packages, on systemd's socket, and its end when nobody looks."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.desks import RunningDesk, fill_store, running
from tests.scripts import TOP, environment

# Hands the listening socket over as systemd does: as descriptor 3, with the two variables.
ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3, inheritable=True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, "-m", "desk", "serve", *sys.argv[2:]])
"""


def desk(*arguments: str, python: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *python, "-m", "desk", *arguments]
    return subprocess.run(command, cwd=TOP, env=environment(), capture_output=True, text=True, timeout=60, check=False)


def test_help_names_every_command_and_teaches_how_to_reach_it() -> None:
    listed = desk("--help")
    assert listed.returncode == 0
    assert "serve" in listed.stdout
    pytest.importorskip("uvicorn")
    told = desk("serve", "--help").stdout
    for word in ("ssh -L", "MOSS_DESK_TOKEN", "--idle-exit-s", "docs/desk.md"):
        assert word in told


def test_desk_says_how_to_get_its_packages_when_they_are_missing() -> None:
    # Without site-packages, as with a system's own Python.
    done = desk("serve", python=("-S",))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("desk serve needs the package ")
    assert f"install --require-hashes -r {TOP}/desk/dashboard/requirements.lock" in line
    assert Path(TOP, "desk/dashboard/requirements.lock").exists()


def test_desk_refuses_a_command_that_is_none() -> None:
    done = desk("dance")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


def test_desk_ends_by_itself_when_nobody_looks_and_not_before(tmp_path: Path) -> None:
    fill_store(tmp_path / "data", 20)
    with running(tmp_path / "data", "--idle-exit-s", "1.5") as found:
        with socket.create_connection(("127.0.0.1", found.port), timeout=60) as stream:
            stream.sendall(b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            stream.recv(100)
            time.sleep(2.5)
            assert found.process.poll() is None, "somebody was still looking"
            begun_s = time.monotonic()
        # A socket on which nothing was asked is no visitor.
        with socket.create_connection(("127.0.0.1", found.port), timeout=60):
            assert found.process.wait(60) == 0
        assert time.monotonic() - begun_s > 1


def test_desk_serves_the_socket_it_is_handed_and_leaves_it_open(tmp_path: Path) -> None:
    """What systemd holds goes on listening: the next visitor finds the next desk."""
    pytest.importorskip("uvicorn")
    fill_store(tmp_path / "data", 20)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        for _ in range(2):
            command = [sys.executable, "-c", ACTIVATE, str(listening.fileno()), "--data", str(tmp_path / "data")]
            process = subprocess.Popen(
                [*command, "--idle-exit-s", "1"],
                cwd=TOP,
                env=environment(),
                pass_fds=[listening.fileno()],
                stderr=subprocess.DEVNULL,
                text=True,
            )
            try:
                # The visitor is there before the desk is.
                assert RunningDesk(process, listening.getsockname()[1]).get("/api/status").status == 200
                assert process.wait(60) == 0
            finally:
                process.kill()
                process.wait()


def test_desk_needs_a_token_on_a_handed_socket_that_others_reach(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn")
    with socket.create_server(("0.0.0.0", 0)) as listening:  # noqa: S104 - what it must refuse
        done = subprocess.run(
            [sys.executable, "-c", ACTIVATE, str(listening.fileno()), "--data", str(tmp_path)],
            cwd=TOP,
            env=environment(),
            pass_fds=[listening.fileno()],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert "needs a token" in done.stderr


def serve(data: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Return how a desk that cannot start ended."""
    command = [sys.executable, "-m", "desk", "serve", "--data", str(data), *options]
    return subprocess.run(command, cwd=TOP, env=environment(), capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("port", ["65536", "99999", "-1", "web"])
def test_desk_takes_no_other_port_than_the_one_that_is_named(tmp_path: Path, port: str) -> None:
    pytest.importorskip("uvicorn")
    done = serve(tmp_path, "--port", port)
    assert done.returncode == 2
    assert f"'{port}'" in done.stderr


def test_desk_fails_and_says_what_to_do_when_its_port_is_taken(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = serve(tmp_path, "--port", port)
    assert done.returncode == 1
    assert f"port {port}: Address already in use; name another with --port" in done.stderr


def test_desk_ends_at_once_with_status_zero_when_a_signal_comes(tmp_path: Path) -> None:
    import signal

    for number in (signal.SIGTERM, signal.SIGINT):
        with running(tmp_path) as found, socket.create_connection(("127.0.0.1", found.port), timeout=60) as stream:
            stream.sendall(b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            stream.recv(100)
            os.kill(found.process.pid, number)
            assert found.process.wait(60) == 0
