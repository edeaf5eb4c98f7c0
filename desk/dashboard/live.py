"""New records as they come: the same messages over a WebSocket and as server-sent events."""

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing, suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from desk.dashboard.answer import refuse
from desk.dashboard.followers import Message
from desk.dashboard.hub import Busy, Hub
from desk.dashboard.position import places_of

_SEND_S_MAX = 20.0
_TRY_AGAIN_LATER = 1013
_BAD_POSITION = "this is no position that a message had as its id"
_FULL = "there are as many visitors as there may be; try again later"


async def socket(websocket: WebSocket) -> None:
    """Send a visitor all that comes, until it goes or is too slow."""
    hub: Hub = websocket.app.state.hub
    after = websocket.query_params.get("after")
    try:
        places_of(after or "-")
    except ValueError:
        await websocket.send_denial_response(refuse(400, _BAD_POSITION))
        return
    if hub.is_full:
        await websocket.send_denial_response(refuse(503, _FULL, {"Retry-After": "10"}))
        return
    await websocket.accept()
    await _while_there(_send_all(websocket, hub, after), websocket.receive)
    with suppress(RuntimeError, WebSocketDisconnect):
        # Too slow, or the desk ends: whoever comes again goes on after the last message.
        await websocket.close(_TRY_AGAIN_LATER)


async def _send_all(websocket: WebSocket, hub: Hub, after: str | None) -> None:
    with suppress(TimeoutError, WebSocketDisconnect, Busy):
        async with aclosing(hub.messages(after)) as messages:
            async for message in messages:
                if message:
                    async with asyncio.timeout(_SEND_S_MAX):
                        await websocket.send_text(message.text)


async def stream(request: Request) -> Response:
    """Answer with events that go on for as long as the visitor stays."""
    hub: Hub = request.app.state.hub
    after = request.headers.get("last-event-id") or request.query_params.get("after")
    try:
        places_of(after or "-")
    except ValueError:
        return refuse(400, _BAD_POSITION)
    if hub.is_full:
        return refuse(503, _FULL, {"Retry-After": "10"})
    return EventStream(hub, after)


class EventStream(Response):
    """The answer that has no end of its own."""

    def __init__(self, hub: Hub, after: str | None) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Connection": "close"}
        super().__init__(headers=headers, media_type="text/event-stream")
        del self.headers["content-length"]
        self._hub = hub
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        await _while_there(self._send_all(send), receive)
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await send({"type": "http.response.body", "body": b""})

    async def _send_all(self, send: Send) -> None:
        async def put(text: bytes) -> None:
            # Not wait_for: where both end at once, Python 3.11's forgets that it was cancelled.
            async with asyncio.timeout(_SEND_S_MAX):
                await send({"type": "http.response.body", "body": text, "more_body": True})

        with suppress(TimeoutError, Busy):
            await put(b"retry: 2000\n\n")
            async with aclosing(self._hub.messages(self._after)) as messages:
                async for message in messages:
                    await put(_event(message))


async def _while_there(work: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Do the work until it is done or the visitor leaves; what it says meanwhile is not listened to."""

    async def until_gone() -> None:
        while not (await receive())["type"].endswith(".disconnect"):
            pass

    tasks = asyncio.create_task(work), asyncio.create_task(until_gone())
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _event(message: Message | None) -> bytes:
    # JSON holds no line's end, so one line of data is enough.
    return f"id: {message.position}\ndata: {message.text}\n\n".encode() if message else b": still here\n\n"
