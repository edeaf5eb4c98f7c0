"""Each fault of the wire by name: the call ends by its deadline, with the error that says what to do."""

import contextlib
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
import requests

from agent.clock import SystemClock
from agent.errors import MossError, Refused, Unreachable, Unusable
from agent.fetch import Answer, Fetcher
from tests.fakes.certificate import server_context
from tests.fakes.clock import ManualClock
from tests.fakes.server import LocalServer, Reply
from tests.fakes.trouble import DeafListener, TroubleServer, drip, flood, hang, refusing_url, reset, say

# Without the deadline a call would go on for the half minute that these servers hang, drip or flood; a busy machine may
# be seconds late.
MARGIN_S = 10
# For answers that come at once: only a machine that stands still needs so long.
PLENTY_S = 30
OK = b"HTTP/1.1 200 OK\r\n"
GOOD = OK + b"Content-Length: 2\r\n\r\n[]"
# Whichever comes first on a busy machine: the deadline of the call, or the silence that one attempt bears.
LATE = "gave no whole answer|does not answer"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def get(url: str, deadline_s: float, *, attempts_max: int = 4) -> Answer:
    """Ask with a new fetcher; fail if it takes longer than it may."""
    began_s = time.monotonic()
    try:
        return Fetcher(SystemClock()).get(url, deadline_s=deadline_s, attempts_max=attempts_max)
    finally:
        assert time.monotonic() - began_s <= deadline_s + MARGIN_S


DRIPS = {
    "header": drip(OK + b"X-Drip: ", b"x"),
    "header lines": drip(OK, b"X: y\r\n"),
    "status line": drip(b"HTTP/1.1 200 ", b"O"),
    "body": drip(OK + b"Content-Length: 9999\r\n\r\n", b"x"),
    "body without length": drip(OK + b"\r\n", b"x"),
    "chunks": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "chunk size": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "trailers": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
    "100 Continue": drip(b"", CONTINUE),
}


@pytest.mark.parametrize("name", DRIPS)
def test_get_ends_by_its_deadline_when_the_server_drips(name: str) -> None:
    with TroubleServer(DRIPS[name]) as server, pytest.raises(Unreachable, match=LATE):
        get(server.url, 0.5)


@pytest.mark.parametrize("name", ["header", "body", "chunks"])
def test_requests_alone_outlives_its_timeout_when_the_server_drips(name: str) -> None:
    bounded = {
        "header": drip(OK + b"X-Drip: ", b"x", drops_max=12),
        "body": drip(OK + b"Content-Length: 12\r\n\r\n", b"x", drops_max=12),
        "chunks": drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", drops_max=12),
    }
    took_s: list[float] = []
    # More than once only where a busy machine kept a drop back for longer than the timeout.
    while max(took_s, default=0.0) <= 1.0 and len(took_s) < 5:
        began_s = time.monotonic()
        # In the end the server closes, sometimes in the middle of something: that is not what is looked at here.
        with TroubleServer(bounded[name]) as server, contextlib.suppress(requests.RequestException):
            requests.get(server.url, timeout=0.3)
        took_s.append(time.monotonic() - began_s)
    assert took_s[-1] > 1.0, took_s


def test_get_ends_by_its_deadline_when_a_flood_of_interim_answers_comes() -> None:
    with TroubleServer(flood(b"", CONTINUE * 1000, 100_000)) as server, pytest.raises(Unreachable):
        get(server.url, 0.5)


def test_get_ends_by_its_deadline_when_nothing_comes() -> None:
    with TroubleServer(hang) as server, pytest.raises(Unreachable):
        get(server.url, 0.6)


def test_get_succeeds_when_only_the_first_connection_hangs() -> None:
    # Half the time is the longest silence, which leaves the other half to a second connection; more than one call only
    # where a busy machine took that half.
    bodies: list[bytes] = []
    for _ in range(5):
        with TroubleServer(hang, say(GOOD)) as server, contextlib.suppress(Unreachable):
            bodies.append(get(server.url, 2.0).body)
        if bodies:
            break
    assert bodies == [b"[]"]


def test_get_ends_by_its_deadline_when_connecting_hangs() -> None:
    with DeafListener() as listener, pytest.raises(Unreachable):
        get(listener.url, 0.6)


def test_get_ends_by_its_deadline_when_the_tls_handshake_hangs() -> None:
    with TroubleServer(hang, patient=False) as server, pytest.raises(Unreachable):
        get(server.url.replace("http:", "https:"), 0.6)


def test_get_ends_by_its_deadline_when_the_tls_handshake_drips() -> None:
    # A handshake record that announces 16 KiB and brings them one by one.
    with TroubleServer(drip(b"\x16\x03\x03\x40\x00", b"\x02"), patient=False) as server, pytest.raises(Unreachable):
        get(server.url.replace("http:", "https:"), 0.5)


def test_get_ends_soon_after_its_deadline_when_it_runs_beside_the_main_thread() -> None:
    caught: list[BaseException] = []

    def ask(url: str) -> None:
        try:
            get(url, 0.5)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test shall see it
            caught.append(error)

    for name in ("body", "body without length", "chunks"):
        with TroubleServer(DRIPS[name]) as server:
            thread = threading.Thread(target=ask, args=(server.url,))
            thread.start()
            thread.join()
    assert [type(error) for error in caught] == [Unreachable] * 3


def test_get_says_so_when_the_connection_is_refused() -> None:
    with refusing_url() as url, pytest.raises(Unreachable, match=f"{url} refuses connections"):
        get(url, PLENTY_S, attempts_max=1)


def test_get_says_so_when_the_name_cannot_be_looked_up() -> None:
    with pytest.raises(Unreachable, match="name that cannot be looked up"):
        Fetcher(SystemClock()).get("http://moss.invalid/v1/ticker", deadline_s=PLENTY_S)


def test_get_says_so_when_the_certificate_is_not_trusted(tmp_path: Path) -> None:
    with TroubleServer(say(GOOD), tls=server_context(tmp_path)) as server:
        with pytest.raises(Unreachable, match="certificate that is not trusted"):
            get(server.url, PLENTY_S)
        assert server.connections == 1


def test_get_answers_when_the_same_certificate_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with TroubleServer(say(GOOD), tls=server_context(tmp_path)) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "certificate.pem"))
        assert get(server.url, PLENTY_S).body == b"[]"


def test_get_says_so_when_the_certificate_is_trusted_and_another_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TroubleServer(say(GOOD), tls=server_context(tmp_path)) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "certificate.pem"))
        with pytest.raises(Unreachable, match="certificate that is not trusted"):
            get(server.url.replace("127.0.0.1", "localhost"), PLENTY_S)


def test_get_says_so_when_the_file_of_certificates_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wrong.pem").write_text("nothing that could be trusted")
    with TroubleServer(say(GOOD), tls=server_context(tmp_path)) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "wrong.pem"))
        with pytest.raises(Unreachable, match="fails at TLS"):
            get(server.url, PLENTY_S)


def test_certificates_are_loaded_once_for_all_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    load = ssl.create_default_context

    def counted(*, cafile: str) -> ssl.SSLContext:
        loaded.append(cafile)
        return load(cafile=cafile)

    tls = server_context(tmp_path)
    monkeypatch.setattr(ssl, "create_default_context", counted)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "certificate.pem"))
    with TroubleServer(say(GOOD), tls=tls) as one, TroubleServer(say(GOOD), tls=tls) as other:
        for server in (one, other, one):
            assert get(server.url, PLENTY_S).body == b"[]"
        assert (one.connections, other.connections) == (2, 1)
    assert loaded == [str(tmp_path / "certificate.pem")]


def test_get_is_refused_when_tls_is_redirected_to_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with TroubleServer(say(GOOD)) as plain:
        moved = f"HTTP/1.1 301 Moved\r\nLocation: {plain.url}\r\nContent-Length: 0\r\n\r\n".encode()
        with TroubleServer(say(moved), tls=server_context(tmp_path)) as server:
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "certificate.pem"))
            with pytest.raises(Refused, match="answered 301"):
                get(server.url, PLENTY_S)
        assert plain.connections == 0


def test_get_says_so_when_tls_meets_a_server_without() -> None:
    plain = say(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with TroubleServer(plain, patient=False) as server, pytest.raises(Unreachable, match="fails at TLS"):
        get(server.url.replace("http:", "https:"), PLENTY_S)


BROKEN: dict[str, tuple[bytes, type[MossError], str]] = {
    "nothing": (b"", Unreachable, "broke the connection off"),
    "wrong length": (OK + b"Content-Length: 99\r\n\r\n[]", Unreachable, "ended before its announced length"),
    "cut chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\n[]", Unreachable, "ended before"),
    "chunk size": (OK + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n[]", Unreachable, "ended before"),
    "not HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n", Unreachable, "not HTTP"),
    "binary": (bytes(range(128, 256)) * 9 + b"\r\n\r\n", Unreachable, "not HTTP"),
    "status": (b"HTTP/1.1 abc OK\r\n\r\n", Unreachable, "not HTTP"),
    "many headers": (OK + b"X: y\r\n" * 200 + b"\r\n", Unreachable, "not HTTP"),
    "long header": (OK + b"X: " + b"y" * 70_000 + b"\r\n\r\n", Unreachable, "not HTTP"),
    "two lengths": (OK + b"Content-Length: 2, 3\r\n\r\n[]", Unreachable, "contradict"),
    "announced": (OK + b"Content-Length: 104857600\r\n\r\n[]", Unusable, "announces more than 2000000 bytes"),
    "unknown status": (b"HTTP/1.1 999 What\r\n\r\n", Unreachable, "answered 999"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_get_says_so_when_the_answer_is_broken(name: str) -> None:
    raw, kind, words = BROKEN[name]
    with TroubleServer(say(raw)) as server, pytest.raises(kind, match=words) as caught:
        get(server.url, PLENTY_S, attempts_max=2)
    assert type(caught.value) is not Refused


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200\r\n\r\n[]",
        OK + b"\r\n[]",
        OK + b"Date: yesterday\r\nRetry-After: \xff\r\nRemaining-Req: ;;=\r\nContent-Length: x\r\n\r\n[]",
        OK + b"no colon\r\n\r\n[]",
        OK + b"Content-Length: -1\r\n\r\n[]",
        OK + b"Content-Encoding: \r\n\r\n[]",
    ],
)
def test_get_answers_when_headers_are_missing_or_garbled(raw: bytes) -> None:
    with TroubleServer(say(raw)) as server:
        answer = get(server.url, PLENTY_S, attempts_max=1)
    assert answer.body.endswith(b"[]")
    assert answer.skew_s is None


def test_get_reads_no_leftover_when_the_length_was_too_short() -> None:
    with TroubleServer(flood(GOOD, b"HTTP/1.1 200 OK\r\n\r\nleft over", 1), say(GOOD)) as server:
        fetcher = Fetcher(SystemClock())
        assert fetcher.get(server.url, deadline_s=PLENTY_S).body == b"[]"
        time.sleep(0.05)
        assert fetcher.get(server.url, deadline_s=PLENTY_S).body == b"[]"


def test_get_succeeds_when_a_reset_comes_once() -> None:
    with TroubleServer(reset(OK + b"Content-Length: 9\r\n\r\n[]"), say(GOOD)) as server:
        assert get(server.url, PLENTY_S).body == b"[]"
        assert server.connections == 2


def test_get_says_so_when_each_connection_is_reset_in_the_body() -> None:
    act = reset(OK + b"Content-Length: 9\r\n\r\n[]")
    with TroubleServer(act) as server, pytest.raises(Unreachable, match="broke the connection off"):
        get(server.url, PLENTY_S, attempts_max=2)


WAITS: dict[str, tuple[dict[str, str], float]] = {
    "nothing": ({}, 1.0),
    "seconds": ({"Retry-After": "17"}, 17.0),
    "date": ({"Retry-After": "Sat, 21 Nov 2026 07:00:30 GMT", "Date": "Sat, 21 Nov 2026 07:00:00 GMT"}, 30.0),
    "past date": ({"Retry-After": "Sat, 21 Nov 2020 07:00:30 GMT"}, 1.0),
    "negative": ({"Retry-After": "-5"}, 1.0),
    "not a number": ({"Retry-After": "nan"}, 1.0),
    "garbage": ({"Retry-After": "\u00b2 soon; maybe="}, 1.0),
    "for ever": ({"Retry-After": "9" * 5000}, 259_200.0),
}
BODIES = [b'{"error":{"name":"too_many_requests","message":"slow"}}', b"slow down", b"<html>slow</html>", b""]


@pytest.mark.parametrize("name", WAITS)
@pytest.mark.parametrize("body", BODIES)
def test_get_says_how_long_to_wait_when_it_asked_too_often(name: str, body: bytes) -> None:
    headers, wait_s = WAITS[name]
    lines = "".join(f"{header}: {value}\r\n" for header, value in headers.items())
    raw = f"HTTP/1.1 429 Too Many Requests\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body
    clock = ManualClock(time.time())

    def answer(connection: socket.socket, _over: threading.Event) -> None:
        # What is left of the time is less than the shortest wait.
        clock.sleep_s(PLENTY_S - 0.9)
        connection.sendall(raw)

    with TroubleServer(answer) as server, pytest.raises(Unreachable) as caught:
        Fetcher(clock).get(server.url, deadline_s=PLENTY_S)
    assert (caught.value.status, caught.value.wait_s) == (429, wait_s)
    assert server.connections == 1


@pytest.mark.parametrize(
    ("status", "kind", "wait_s", "requests_sent"),
    [
        (400, Refused, None, 1),
        (404, Refused, None, 1),
        (418, Unreachable, 60.0, 1),
        (500, Unreachable, None, 2),
        (503, Unreachable, None, 2),
        (504, Unreachable, None, 2),
    ],
)
def test_get_sorts_the_status_when_it_is_no_answer(
    status: int, kind: type[Unreachable], wait_s: float | None, requests_sent: int
) -> None:
    with LocalServer(lambda _request: Reply(status, b"<html>")) as server, pytest.raises(Unreachable) as caught:
        get(server.url, PLENTY_S, attempts_max=2)
    assert isinstance(caught.value, kind)
    assert isinstance(caught.value, Refused) == (kind is Refused)
    assert (caught.value.status, caught.value.wait_s) == (status, wait_s)
    assert len(server.requests) == requests_sent


@pytest.mark.parametrize("status", [301, 404, 503])
def test_get_reads_no_body_when_it_is_no_answer(status: int) -> None:
    act = drip(f"HTTP/1.1 {status} No\r\nContent-Length: 9999\r\n\r\n".encode(), b"x")
    with TroubleServer(act) as server, pytest.raises(Unreachable, match=f"answered {status}"):
        get(server.url, PLENTY_S, attempts_max=1)


def test_get_uses_one_connection_when_answers_are_whole() -> None:
    def thrice(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(GOOD)
        for answer in (b"HTTP/1.1 304 Not Modified\r\n\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"):
            connection.recv(4096)
            connection.sendall(answer)

    with TroubleServer(thrice) as server:
        fetcher = Fetcher(SystemClock())
        statuses = [fetcher.get(server.url, deadline_s=PLENTY_S).status for _ in range(3)]
        fetcher.close()
    assert (statuses, server.connections) == ([200, 304, 200], 1)


def test_get_opens_a_new_connection_when_the_last_call_ran_out_of_time() -> None:
    with TroubleServer(DRIPS["body"], say(GOOD)) as server:
        fetcher = Fetcher(SystemClock())
        with pytest.raises(Unreachable):
            fetcher.get(server.url, deadline_s=0.3)
        assert fetcher.get(server.url, deadline_s=PLENTY_S).body == b"[]"
