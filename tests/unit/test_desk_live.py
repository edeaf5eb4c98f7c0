"""New records as visitors get them: at once, each once, from where they were, however slow or many they are."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from store import Record, Store
from tests.desks import RunningDesk, candle, fill_store, rotate, running
from tests.scripts import wait_for

connect: Any = pytest.importorskip("websockets.sync.client", reason="needs the desk's packages").connect


@pytest.fixture
def data(tmp_path: Path) -> Path:
    fill_store(tmp_path / "data", 20)
    return tmp_path / "data"


@pytest.fixture
def desk(data: Path) -> Iterator[RunningDesk]:
    with running(data) as found:
        yield found


@pytest.fixture
def prices(data: Path) -> Iterator[Store]:
    with Store(data / "prices.jsonl", durable=False) as store:
        yield store


class Visitor:
    """A WebSocket, and the position it has."""

    def __init__(self, desk: RunningDesk, after: str = "") -> None:
        address = f"ws://127.0.0.1:{desk.port}/ws{after and '?after=' + after}"
        self._open = ExitStack()
        # One that leaves in the middle has not read the desk's own farewell.
        self._socket = self._open.enter_context(connect(address, proxy=None, close_timeout=0.1))
        self.hello = json.loads(self._socket.recv(60))
        self.position: str = self.hello["id"]

    def take(self, count: int) -> list[Record]:
        messages = [json.loads(self._socket.recv(60)) for _ in range(count)]
        self.position = messages[-1]["id"] if messages else self.position
        return [message["record"] for message in messages]

    def has_nothing(self, wait_s: float = 0.6) -> bool:
        try:
            self._socket.recv(wait_s)
        except TimeoutError:
            return True
        return False

    def leave(self) -> str:
        self._open.close()
        return self.position


def test_record_arrives_within_a_second_of_its_append(desk: RunningDesk, prices: Store) -> None:
    visitor = Visitor(desk)
    delays_s: list[float] = []
    # One that looks less often than that would be late each time; a busy machine is so now and then.
    for minute in range(20, 60):
        if sum(delay_s < 1 for delay_s in delays_s) == 3:
            break
        time.sleep(0.1)
        record, begun_s = candle(minute, 1000), time.monotonic()
        prices.append(record)
        assert visitor.take(1) == [record]
        delays_s.append(time.monotonic() - begun_s)
    visitor.leave()
    assert sorted(delays_s)[2] < 1, delays_s


def test_visitor_who_comes_again_gets_what_it_missed_once(desk: RunningDesk, prices: Store, data: Path) -> None:
    position = Visitor(desk).leave()
    missed = [candle(minute, 1000 + minute) for minute in range(20, 320)]
    prices.append_many(missed[:100])
    rotate(data, "prices", 1_795_248_000, gzipped=True)
    prices.append_many(missed[100:])
    first = Visitor(desk, position)
    assert first.hello == {"id": position, "hello": True}
    assert first.take(120) == missed[:120]
    second = Visitor(desk, first.leave())
    assert second.take(180) == missed[120:]
    more = candle(320, 1)
    prices.append(more)
    assert second.take(1) == [more]
    assert second.has_nothing()
    second.leave()


def test_visitor_goes_on_where_it_was_when_the_desk_was_started_anew(data: Path, prices: Store) -> None:
    with running(data) as desk:
        visitor = Visitor(desk)
        prices.append(candle(20, 1))
        visitor.take(1)
        position = visitor.leave()
    prices.append(candle(21, 2))
    with running(data) as desk:
        visitor = Visitor(desk, position)
        prices.append(candle(22, 3))
        assert [record["close"] for record in visitor.take(2)] == [2, 3]
        visitor.leave()


def test_visitor_is_told_when_its_position_is_gone(desk: RunningDesk, prices: Store, data: Path) -> None:
    position = Visitor(desk).leave()
    wait_for(lambda: not open_files(desk))
    (data / "prices.jsonl").unlink()
    prices.append(candle(20, 1))
    visitor = Visitor(desk, position)
    assert visitor.hello["lost"] is True
    prices.append(candle(21, 2))
    assert [record["close"] for record in visitor.take(1)] == [2]
    visitor.leave()


def test_position_that_is_none_is_refused(desk: RunningDesk) -> None:
    for after in ("x", "!!", "A" * 3000, "cHJpY2Vz", "cHJpY2VzPS4uLy4uL2V0Yy9wYXNzd2Q", "%00"):
        assert desk.get(f"/api/stream?after={after}").status == 400
        with pytest.raises(Exception, match="400"):
            Visitor(desk, after)


def test_events_are_the_same_messages_and_go_on_after_the_last_one(desk: RunningDesk, prices: Store) -> None:
    position = Visitor(desk).leave()
    missed = [candle(minute, minute) for minute in range(20, 24)]
    prices.append_many(missed)
    with socket.create_connection(("127.0.0.1", desk.port), timeout=60) as connection:
        head = f"GET /api/stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: {position}\r\n\r\n"
        connection.sendall(head.encode())
        text = b""
        while text.count(b"\ndata: ") < 5:
            text += connection.recv(65536)
    assert b"text/event-stream" in text
    messages = [json.loads(line[6:]) for line in text.splitlines() if line.startswith(b"data: ")]
    ids = [line[4:].decode() for line in text.splitlines() if line.startswith(b"id: ")]
    assert [message["id"] for message in messages] == ids
    assert [message["record"] for message in messages[1:]] == missed
    assert {message["stream"] for message in messages[1:]} == {"prices"}


def test_many_visitors_cost_one_follower(desk: RunningDesk, prices: Store) -> None:
    visitors = [Visitor(desk) for _ in range(50)]
    opened = [path.readlink() for path in Path(f"/proc/{desk.process.pid}/fd").iterdir() if path.is_symlink()]
    assert sum(path.name == "prices.jsonl" for path in opened) == 1
    records = [candle(minute, minute) for minute in range(20, 120)]
    prices.append_many(records)
    for visitor in visitors:
        assert visitor.take(100) == records
        visitor.leave()


def test_visitor_too_slow_is_let_go_and_misses_nothing(desk: RunningDesk, prices: Store) -> None:
    """One that reads nothing while megabytes come must not hold up the other."""
    quick = Visitor(desk)
    records = [{**candle(minute, minute), "note": "x" * 9000} for minute in range(20, 1770)]
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        slow.settimeout(60)
        slow.connect(("127.0.0.1", desk.port))
        slow.sendall(b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        text = slow.recv(65536)
        while b"hello" not in text:
            text += slow.recv(65536)
        for at in range(0, len(records), 250):
            prices.append_many(records[at : at + 250])
            assert quick.take(250) == records[at : at + 250]
        quick.leave()
        while piece := slow.recv(1_000_000):
            text += piece
    whole = [line[6:] for line in text.split(b"\n\n")[:-1] for line in line.split(b"\n") if line.startswith(b"data: ")]
    messages = [json.loads(line) for line in whole]
    got = [message["record"] for message in messages[1:]]
    assert got == records[: len(got)]
    assert len(got) < len(records), "it was never let go, so nothing was tried"
    again = Visitor(desk, messages[-1]["id"])
    assert again.take(len(records) - len(got)) == records[len(got) :]
    again.leave()


def test_visitors_who_vanish_leave_nothing_open(desk: RunningDesk, prices: Store) -> None:
    for _ in range(30):
        with socket.create_connection(("127.0.0.1", desk.port), timeout=60) as gone:
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            gone.sendall(b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            gone.recv(10)
    prices.append(candle(20, 1))
    wait_for(lambda: not open_files(desk), 60)
    # The control: somebody who stays.
    visitor = Visitor(desk)
    wait_for(lambda: bool(open_files(desk)), 60)
    visitor.leave()


def open_files(desk: RunningDesk) -> list[str]:
    """Return the streams that the desk has open."""
    names = []
    for link in Path(f"/proc/{desk.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            names.append(link.readlink().name)
    return [name for name in names if ".jsonl" in name]


def test_five_hundred_idle_sockets_hold_up_nobody(desk: RunningDesk) -> None:
    idle = [socket.create_connection(("127.0.0.1", desk.port), timeout=60) for _ in range(500)]
    try:
        assert desk.get("/api/status").status == 200
        visitor = Visitor(desk)
        visitor.leave()
    finally:
        for each in idle:
            each.close()
