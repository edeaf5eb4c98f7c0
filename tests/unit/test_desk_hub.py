"""The hub and the connection from inside: limits that take too long to reach from outside."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from agent.folder import DataFolder
from store import Store
from tests.desks import candle

pytest.importorskip("uvicorn", reason="needs the desk's packages")

from desk.dashboard import connection, hub
from desk.dashboard.application import Desk
from desk.dashboard.hub import Busy, Hub
from desk.dashboard.records import Records
from desk.dashboard.serve import DeskServer, Visit


@pytest.fixture
def prices(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "prices.jsonl", durable=False) as store:
        store.append(candle(0, 0))
        yield store


async def take(messages: Any, count: int) -> list[dict[str, Any]]:  # noqa: ANN401 - an asynchronous generator
    return [json.loads((await anext(messages)).text) for _ in range(count)]


def test_visitor_is_told_when_it_missed_more_than_can_be_made_up_for(
    tmp_path: Path, prices: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "_CATCH_UP_MAX", 500)

    async def look() -> None:
        desk = Hub(Records(DataFolder(tmp_path)))
        async with aclosing(desk.messages(None)) as messages:
            (hello,) = await take(messages, 1)
        prices.append_many([candle(minute, minute) for minute in range(1, 1000)])
        async with aclosing(desk.messages(hello["id"])) as messages:
            got = await take(messages, 502)
            assert "lost" not in got[0]
            assert [each["record"]["close"] for each in got[1:501]] == list(range(1, 501))
            assert got[501]["lost"] is True
            prices.append(candle(1000, 1000))
            # From then on it is with the others, who have been told of none of these yet.
            (after,) = await take(messages, 1)
            assert after["record"]["close"] == 1000
        desk.close()

    asyncio.run(look())


def test_one_visitor_too_many_comes_again_later(tmp_path: Path) -> None:
    async def look() -> None:
        desk = Hub(Records(DataFolder(tmp_path)), visitors_max=1)
        async with aclosing(desk.messages(None)) as messages:
            await take(messages, 1)
            assert desk.is_full
            with pytest.raises(Busy):
                await anext(desk.messages(None))
        async with aclosing(desk.messages(None)) as messages:
            await take(messages, 1)
        assert desk.visitors == 0
        desk.close()

    asyncio.run(look())


def test_connection_on_which_nothing_is_asked_is_let_go_and_a_socket_in_use_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_S_MAX", 0.3)

    async def look() -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        place = listening.getsockname()
        server = DeskServer(Desk(DataFolder(tmp_path), lambda: 0.0), Visit(), 0)
        running = asyncio.create_task(server.serve([listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        idle, _ = await asyncio.open_connection(*place)
        half, half_out = await asyncio.open_connection(*place)
        half_out.write(b"GET /api/status HT")
        live, live_out = await asyncio.open_connection(*place)
        live_out.write(
            b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
        )
        assert await asyncio.wait_for(idle.read(), 60) == b""
        assert await asyncio.wait_for(half.read(), 60) == b""
        assert b"101" in await live.readline()
        assert b"hello" in await live.readuntil(b"hello")
        await asyncio.sleep(0.6)
        assert not live.at_eof()
        for each in (half_out, live_out):
            each.close()
        server.should_exit = True
        await running

    asyncio.run(look())


def test_visitor_who_was_there_before_the_desk_is_let_in_however_long_the_start_took(tmp_path: Path) -> None:
    visit = Visit()
    server = DeskServer(Desk(DataFolder(tmp_path), lambda: 0.0, visited=visit.note), visit, 1)
    visit.last_s -= 60
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname(), timeout=60) as visitor,
    ):
        visitor.sendall(b"GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
        asyncio.run(server.serve([listening]))
        assert visitor.recv(12) == b"HTTP/1.1 200"
