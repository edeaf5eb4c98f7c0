"""A proxy that the environment names: it is asked in the server's place, and no certificate is trusted for it."""

import select
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agent.clock import SystemClock
from agent.errors import Unreachable
from agent.fetch import Fetcher
from tests.fakes.certificate import server_context
from tests.fakes.server import LocalServer, Reply
from tests.fakes.trouble import Act, TroubleServer, refusing_url, say
from tests.scripts import TOP, environment

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"


def get(url: str) -> bytes:
    return Fetcher(SystemClock()).get(url, deadline_s=30, attempts_max=1).body


def tunnel(upstream: tuple[str, int]) -> Act:
    """Be a proxy that was asked to CONNECT: carry bytes both ways."""

    def act(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(upstream, 5) as server:
            ways = {connection: server, server: connection}
            while not over.is_set():
                for ready in select.select([*ways], [], [], 0.05)[0]:
                    piece = ready.recv(65536)
                    if not piece:
                        return
                    ways[ready].sendall(piece)

    return act


def test_proxy_is_asked_for_a_server_that_nobody_else_could_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalServer(lambda _: Reply(200, b"[1]")) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert get("http://exchange.invalid/v1/candles?count=1") == b"[1]"
        (request,) = proxy.requests
    assert (request.headers["host"], request.path, request.query) == ("exchange.invalid", "/v1/candles", {"count": "1"})
    monkeypatch.delenv("http_proxy")
    with pytest.raises(Unreachable, match="name that cannot be looked up"):
        get("http://exchange.invalid/v1/candles")


def test_proxy_is_passed_by_for_a_server_that_the_environment_excepts(monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalServer(lambda _: Reply(200, b"[1]")) as proxy, LocalServer(lambda _: Reply(200, b"[2]")) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert get(server.url) == b"[2]"
        assert proxy.requests == []


def test_proxy_carries_tls_and_the_certificate_is_checked_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = server_context(tmp_path)
    with TroubleServer(say(GOOD), tls=tls) as server, TroubleServer(tunnel(server.address)) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with pytest.raises(Unreachable, match="certificate that is not trusted"):
            get(server.url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "certificate.pem"))
        assert get(server.url) == b"[]"
        assert proxy.connections == server.connections == 2


def test_proxy_that_is_down_is_trouble_that_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing_url() as url:
        monkeypatch.setenv("http_proxy", url)
        with pytest.raises(Unreachable, match="refuses connections"):
            get("http://exchange.invalid/v1/candles")


@pytest.mark.parametrize("first", ["", "import charset_normalizer, requests; "])
def test_fetcher_asks_without_a_guesser_of_encodings_and_says_nothing_of_it(first: str) -> None:
    program = f"import sys; {first}import agent.fetch; sys.exit('charset_normalizer' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=TOP, env=environment(), capture_output=True, text=True, check=False
    )
    # What another part of a program brought along stays.
    assert (done.returncode, done.stdout, done.stderr) == (bool(first), "", "")
