"""The desk as an ASGI application: addresses to readings, readings to answers."""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from agent.folder import DataFolder
from desk.dashboard import contract, live
from desk.dashboard.answer import Body, Shelf, as_json, body, refuse, respond
from desk.dashboard.assets import STATIC, VENDOR, Assets
from desk.dashboard.guard import Guard
from desk.dashboard.hub import Hub
from desk.dashboard.query import BadRequest, Query
from desk.dashboard.readings import Readings
from desk.dashboard.records import Records

_READERS = 2
_HEALTH_S = 5


class Desk:
    """One data folder as it is seen from outside.

    Arguments:
        folder: where the records are.
        now_s: the machine's clock.
        names: what visitors may call this host beside localhost.
        token: what they have to show, "" for nothing.
        visited: called at each visit.
        static: the folder of the page.
    """

    def __init__(
        self,
        folder: DataFolder,
        now_s: Callable[[], float],
        names: Collection[str] = (),
        token: str = "",
        visited: Callable[[], object] = lambda: None,
        static: Path = STATIC,
    ) -> None:
        self._records = Records(folder)
        self._readings = Readings(self._records, now_s)
        self._now_s = now_s
        self._assets = Assets(static, VENDOR)
        self._shelf = Shelf()
        self._making: dict[object, asyncio.Future[Body]] = {}
        self._readers = ThreadPoolExecutor(_READERS, "read")
        self.hub = Hub(self._records)
        routes = [Route(each.path, self._api(each), methods=["GET"]) for each in contract.ENDPOINTS]
        routes += [
            Route("/", self._index, methods=["GET"]),
            Route("/static/{name:path}", self._asset, methods=["GET"]),
            Route("/openapi.json", self._openapi, methods=["GET"]),
            Route("/docs", self._docs, methods=["GET"]),
            Route("/api/stream", live.stream, methods=["GET"]),
        ]
        handlers: Any = {HTTPException: _told, BadRequest: _wrong, Exception: _failed}
        inner = Starlette(routes=[*routes, WebSocketRoute("/ws", live.socket)], exception_handlers=handlers)
        inner.router.redirect_slashes = False
        inner.state.hub = self.hub
        self.app: ASGIApp = Guard(inner, names, token, visited)

    def _api(self, endpoint: contract.Endpoint) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            query = Query(request.query_params.multi_items(), endpoint.parameters)
            moment = self._now_s() // _HEALTH_S if endpoint.path in ("/health", "/api/status") else 0
            key = (endpoint.path, query.key, self._records.state(), moment)

            def make() -> Body:
                content, status = self._readings.read(endpoint.path, query)
                return body(content, status=status)

            return respond(request, await self._made(key, make))

        return answer

    async def _made(self, key: object, make: Callable[[], Body]) -> Body:
        """Return a body that is kept, or being made for somebody else, or make it outside the event loop."""
        found = self._shelf.get(key)
        if found:
            return found
        making = self._making.get(key)
        if making is None:
            making = asyncio.get_running_loop().run_in_executor(self._readers, make)
            self._making[key] = making
            making.add_done_callback(lambda done: self._keep(key, done))
        return await asyncio.shield(making)

    def _keep(self, key: object, done: "asyncio.Future[Body]") -> None:
        self._making.pop(key, None)
        if not done.cancelled() and done.exception() is None:
            self._shelf.put(key, done.result())

    async def _index(self, request: Request) -> Response:
        return await self._file(request, "index.html")

    async def _asset(self, request: Request) -> Response:
        return await self._file(request, request.path_params["name"])

    async def _file(self, request: Request, name: str) -> Response:
        def make() -> Body:
            found = self._assets.find(name)
            if found is None:
                raise HTTPException(404)
            return body(*found)

        return respond(request, await self._made(("file", name, self._assets.stamp(name)), make))

    async def _openapi(self, request: Request) -> Response:
        return respond(request, await self._made("openapi", lambda: body(as_json(contract.openapi()))))

    async def _docs(self, request: Request) -> Response:
        html = "text/html; charset=utf-8"
        return respond(request, await self._made("docs", lambda: body(contract.page().encode(), html)))


async def _told(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    words = {404: "there is nothing at this address; /docs has those there are", 405: "only GET: the desk only reads"}
    headers = dict(error.headers) if error.headers else None
    return refuse(error.status_code, words.get(error.status_code, error.detail), headers)


async def _wrong(_: Request, error: Exception) -> Response:
    return refuse(400, str(error))


async def _failed(_: Request, error: Exception) -> Response:
    return refuse(500, f"this could not be read: {type(error).__name__}; the desk's own messages say more")
