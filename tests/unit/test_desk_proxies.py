"""The proxies of docs/desk.md as they stand there: TLS in front, name and token behind, live messages through both."""

import http.client
import json
import os
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.desks import RunningDesk, fill_store, running
from tests.scripts import TOP, wait_for

NAME, TOKEN = "desk.example.org", "0123456789abcdef"


def example(kind: str) -> str:
    """Return the page's own example."""
    found = re.search(rf"```{kind}\n(.*?)```", (TOP / "docs/desk.md").read_text(), re.DOTALL)
    assert found
    return found[1]


def free_port() -> int:
    """Return a port that nobody is given: the system hands out those from 32768 on, and each process tries its own."""
    first = 12_000 + os.getpid() % 1_000 * 20
    for port in range(first, first + 20):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError(f"every port from {first} on is taken")


@contextmanager
def nginx(folder: Path, program: str, openssl: str, behind: int, port: int) -> Iterator[None]:
    subject = ["-subj", f"/CN={NAME}", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run(command, check=True, capture_output=True)
    text = example("nginx").replace("127.0.0.1:8001", f"127.0.0.1:{behind}").replace("443 ssl", f"127.0.0.1:{port} ssl")
    text = re.sub(r"/etc/letsencrypt\S*fullchain.pem", str(folder / "cert.pem"), text)
    text = re.sub(r"/etc/letsencrypt\S*privkey.pem", str(folder / "key.pem"), text)
    places = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    around = f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/log;\nevents {{}}\n"
    (folder / "nginx.conf").write_text(f"{around}http {{ access_log off;\n{places}{text} }}\n")
    yield from _while_running([program, "-p", str(folder), "-c", str(folder / "nginx.conf")], port)


@contextmanager
def caddy(folder: Path, program: str, behind: int, port: int) -> Iterator[None]:
    text = example("caddy").replace("127.0.0.1:8001", f"127.0.0.1:{behind}")
    # No certificate is to be had in a test: one of Caddy's own, put into nobody's store.
    text = text.replace(f"{NAME} {{", f"https://{NAME}:{port} {{\n    bind 127.0.0.1\n    tls internal")
    around = (
        f"{{\n admin off\n skip_install_trust\n auto_https disable_redirects\n storage file_system {folder}/caddy\n}}\n"
    )
    (folder / "Caddyfile").write_text(around + text)
    command = [program, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    yield from _while_running(["env", f"HOME={folder}", f"XDG_CONFIG_HOME={folder}", *command], port)


def _while_running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:

        def is_there() -> bool:
            assert process.poll() is None, process.stderr and process.stderr.read()
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_for(is_there, 60)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=60)


def secure(port: int) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", port), timeout=60)
    return context.wrap_socket(plain, server_hostname=NAME)


def get(port: int, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=60)
    connection.sock = secure(port)
    named = {"Host": f"{NAME}:{port}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    connection.request("GET", path, headers=named)
    answer = connection.getresponse()
    answer.read()
    return answer


def looks_right(port: int) -> None:
    """See that all of the desk comes through, and only to who may have it."""
    assert get(port, "/api/status").status == 401
    entered = get(port, f"/?token={TOKEN}")
    cookie, *attributes = (entered.getheader("Set-Cookie") or "").split("; ")
    assert (entered.status, "Secure" in attributes) == (303, True)
    own = f"https://{NAME}:{port}"
    assert get(port, "/api/status", Cookie=cookie, Origin=own).status == 200
    assert get(port, "/api/status", Cookie=cookie, Origin="https://evil.example").status == 403
    with secure(port) as stream:
        head = f"GET /api/stream HTTP/1.1\r\nHost: {NAME}:{port}\r\nCookie: {cookie}\r\n\r\n"
        stream.sendall(head.encode())
        text = b""
        while b"hello" not in text:
            text += stream.recv(65536)
    connect: Any = pytest.importorskip("websockets.sync.client").connect
    headers = {"Cookie": cookie}
    with connect(
        f"wss://{NAME}:{port}/ws", sock=secure_plain(port), ssl=unchecked(), origin=own, additional_headers=headers
    ) as ws:
        assert json.loads(ws.recv(60))["hello"] is True


def secure_plain(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RunningDesk]:
    fill_store(tmp_path / "data", 20)
    with running(tmp_path / "data", "--name", NAME, MOSS_DESK_TOKEN=TOKEN) as found:
        yield found


def test_nginx_as_it_is_written_down(desk: RunningDesk, program: Callable[..., str], tmp_path: Path) -> None:
    port = free_port()
    with nginx(tmp_path, program("nginx", "nginx-light"), program("openssl"), desk.port, port):
        looks_right(port)


def test_caddy_as_it_is_written_down(desk: RunningDesk, program: Callable[..., str], tmp_path: Path) -> None:
    port = free_port()
    with caddy(tmp_path, program("caddy"), desk.port, port):
        looks_right(port)
