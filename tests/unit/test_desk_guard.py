"""Who the desk answers: its owner's browser by the right name; no other page, no rebound name, nobody without token."""

import base64
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desks import RunningDesk, fill_store, running
from tests.scripts import TOP, environment

TOKEN = "0123456789abcdef"  # noqa: S105 - of this test only
EVERYWHERE = "0.0.0.0"  # noqa: S104 - where it must not listen


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk") / "data"
    fill_store(folder, 20)
    return folder


@pytest.fixture(scope="module")
def desk(data: Path) -> Iterator[RunningDesk]:
    with running(data) as found:
        yield found


@pytest.fixture(scope="module")
def locked(data: Path) -> Iterator[RunningDesk]:
    with running(data, "--name", "desk.example.org", MOSS_DESK_TOKEN=TOKEN) as found:
        yield found


def handshake(desk: RunningDesk, path: str = "/ws", **headers: str) -> int:
    """Ask for a WebSocket; return the status of the answer."""
    key = base64.b64encode(os.urandom(16)).decode()
    asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13", "Sec_WebSocket_Key": key}
    lines = {"Host": f"localhost:{desk.port}", **asked, **headers}
    text = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    with socket.create_connection(("127.0.0.1", desk.port), timeout=60) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\n{text}\r\n".encode())
        return int(connection.recv(100).split()[1])


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST:9000", "127.0.0.1:1"])
def test_desk_answers_to_the_names_of_this_machine(desk: RunningDesk, host: str) -> None:
    assert desk.get("/api/status", Host=host).status == 200
    assert handshake(desk, Host=host) == 101


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8001", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0"),  # noqa: S104 - a name
        *("127.0.0.1.", "desk.example.org", "[::2]", "169.254.169.254", "2130706433"),
    ],
)
def test_desk_answers_no_rebound_name(desk: RunningDesk, host: str) -> None:
    reply = desk.get("/api/status", Host=host)
    assert reply.status == 403
    assert "data" not in reply.json
    assert handshake(desk, Host=host) == 403


@pytest.mark.parametrize("host", ["", "localhost:x", "localhost/", "a b", "localhost@evil.example", "localhost:8001:1"])
def test_desk_refuses_a_host_that_is_none(desk: RunningDesk, host: str) -> None:
    assert desk.get("/api/status", Host=host).status == 400


def test_desk_refuses_two_hosts_and_none_at_all(desk: RunningDesk) -> None:
    for lines in ("Host: localhost\r\nHost: evil.example\r\n", ""):
        with socket.create_connection(("127.0.0.1", desk.port), timeout=60) as connection:
            connection.sendall(f"GET /api/status HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
            assert connection.recv(100).split()[1] == b"400"


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://localhost:1", "https://127.0.0.1:{port}.evil.example", "file://", ""],
)
def test_desk_answers_no_other_page(desk: RunningDesk, origin: str) -> None:
    given = origin.format(port=desk.port)
    assert desk.get("/api/status", Origin=given).status == 403
    assert handshake(desk, Origin=given) == 403


def test_desk_answers_its_own_page(desk: RunningDesk) -> None:
    own = f"http://127.0.0.1:{desk.port}"
    assert desk.get("/api/status", Origin=own).status == 200
    assert handshake(desk, Host=own[7:], Origin=own) == 101


def test_desk_gives_nothing_to_what_another_page_embeds(desk: RunningDesk) -> None:
    for site in ("cross-site", "same-site"):
        assert desk.get("/api/status", Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors").status == 403
    assert desk.get("/docs", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status == 200
    assert desk.get("/api/status", Sec_Fetch_Site="same-origin", Sec_Fetch_Mode="cors").status == 200


@pytest.mark.parametrize("path", ["/docs", "/api/status", "/nothing", "/api/prices?limit=0"])
def test_every_answer_forbids_what_a_page_of_ours_does_not_need(desk: RunningDesk, path: str) -> None:
    headers = desk.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; ")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}, {"Cookie": f"moss-desk={TOKEN}"}],
)
def test_desk_asks_for_the_token_when_there_is_one(locked: RunningDesk, headers: dict[str, str]) -> None:
    for path in ("/", "/api/status", "/health", "/openapi.json", "/nothing"):
        assert locked.get(path, **headers).status == 401
    assert handshake(locked, **headers) == 401
    assert handshake(locked, f"/ws?token={TOKEN}", **headers) == 401


def test_token_opens_as_a_header_and_once_in_an_address_as_a_cookie(locked: RunningDesk) -> None:
    assert locked.get("/api/status", Authorization=f"Bearer {TOKEN}", Host="desk.example.org").status == 200
    reply = locked.get(f"/api/prices?limit=1&token={TOKEN}")
    assert (reply.status, reply.headers["location"]) == (303, "/api/prices?limit=1")
    cookie, *attributes = reply.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=strict"} <= set(attributes)
    assert TOKEN not in cookie
    assert locked.get("/api/prices?limit=1", Cookie=cookie).status == 200
    assert handshake(locked, Cookie=cookie) == 101
    assert "Secure" in locked.get(f"/?token={TOKEN}", X_Forwarded_Proto="https").headers["set-cookie"]
    assert locked.get("/?token=wrong").status == 401


def test_redirect_with_the_token_leads_to_no_other_host(locked: RunningDesk) -> None:
    for path in ("//evil.example/", "/%2fevil.example", "/\\evil.example"):
        location = locked.get(f"{path}?token={TOKEN}").headers["location"]
        assert location.startswith("/")
        assert not location.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    ("options", "environ", "why"),
    [
        (["--host", EVERYWHERE], {}, "needs a token"),
        (["--name", "desk.example.org"], {}, "needs a token"),
        (["--host", EVERYWHERE], {"MOSS_DESK_TOKEN": "short"}, "16 plain characters"),
        (["--host", "nowhere.invalid"], {}, "cannot listen"),
    ],
)
def test_desk_does_not_start_where_others_could_come_in(
    tmp_path: Path, options: list[str], environ: dict[str, str], why: str
) -> None:
    import subprocess
    import sys

    pytest.importorskip("uvicorn")
    command = [sys.executable, "-m", "desk", "serve", "--data", str(tmp_path), "--port", "0", *options]
    done = subprocess.run(
        command, cwd=TOP, env=environment(**environ), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in (2, 78)
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_token_comes_out_of_systemds_credentials(data: Path, tmp_path: Path) -> None:
    (tmp_path / "MOSS_DESK_TOKEN").write_text(TOKEN + "\n")
    with running(data, CREDENTIALS_DIRECTORY=str(tmp_path)) as desk:
        assert desk.get("/api/status").status == 401
        assert desk.get("/api/status", Authorization=f"Bearer {TOKEN}").status == 200
