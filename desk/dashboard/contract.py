"""The addresses of the desk: what each takes and gives; requests are checked by it, and the OpenAPI page made of it."""

from collections.abc import Mapping
from html import escape
from typing import Any, NamedTuple

from desk.dashboard.query import PARAMETERS

_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}
_MAYBE_NUMBER = {"type": ["number", "null"]}
_MAYBE_TEXT = {"type": ["string", "null"]}
_NUMBERS = {"type": "array", "items": _NUMBER}
_RECORD = {
    "type": "object",
    "required": ["ts", "kind"],
    "properties": {"ts": _TEXT, "kind": _TEXT},
    "description": "as it is stored; see docs/data_format.md",
}


def _object(**properties: Any) -> dict[str, Any]:  # noqa: ANN401 - a schema is any JSON
    return {"type": "object", "required": list(properties), "properties": properties}


_LIST = _object(items={"type": "array", "items": _RECORD}, next=_MAYBE_TEXT)
_COLUMNS = dict.fromkeys(("time", "open", "high", "low", "close", "volume"), _NUMBERS)
_SERIES = _object(
    symbol=_MAYBE_TEXT,
    source=_MAYBE_TEXT,
    since=_NUMBER,
    until=_NUMBER,
    bucket_s=_NUMBER,
    **_COLUMNS,
    sma_time=_NUMBERS,
    sma_fast=_NUMBERS,
    sma_slow=_NUMBERS,
    signals={"type": "array", "items": _object(time=_NUMBER, price=_NUMBER, signal=_TEXT, reason=_TEXT)},
    gaps={"type": "array", "items": _NUMBERS},
    sentiment={"type": "object", "additionalProperties": _object(time=_NUMBERS, score=_NUMBERS, count=_NUMBERS)},
)
_PERFORMANCE = _object(
    symbol=_MAYBE_TEXT,
    symbols={"type": "array", "items": _TEXT},
    bucket_s=_MAYBE_NUMBER,
    return_rate=_MAYBE_NUMBER,
    hold_return_rate=_MAYBE_NUMBER,
    trades=_NUMBER,
    sells=_NUMBER,
    win_rate=_MAYBE_NUMBER,
    drawdown_rate=_MAYBE_NUMBER,
    fees=_NUMBER,
    time=_NUMBERS,
    equity=_NUMBERS,
    hold=_NUMBERS,
)
_PORTFOLIO = _object(ts=_MAYBE_TEXT, cash=_MAYBE_TEXT, positions={"type": "object"}, equity=_MAYBE_TEXT)
_HEALTH = _object(alive={"type": "boolean"}, reason=_TEXT, last={"type": "object"})
_STATUS = _object(state=_TEXT, alive={"type": "boolean"}, reason=_TEXT, streams={"type": "object"})
_ERROR = _object(error=_TEXT)


class Endpoint(NamedTuple):
    """One address: what it is for, which parameters it knows, the schema of what it gives."""

    path: str
    text: str
    parameters: tuple[str, ...]
    schema: Mapping[str, Any]
    statuses: tuple[int, ...] = (200,)


_PAGED = ("since", "until", "limit", "cursor", "order")
_DRAWN = ("since", "until", "points")

# The address of each list, the stream it reads, and what it may be narrowed by.
LISTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "/api/prices": ("prices", ("symbol", "source")),
    "/api/analysis": ("signals", ("symbol", "source", "signal")),
    "/api/trades": ("ledger", ("symbol", "kind")),
    "/api/sentiment": ("sentiment", ("source", "kind")),
    "/api/events": ("events", ("symbol", "source", "kind")),
}
ENDPOINTS = (
    *(
        Endpoint(path, f"the records of {stream}, newest first", (*_PAGED, *filters), _LIST)
        for path, (stream, filters) in LISTS.items()
    ),
    Endpoint("/api/series", "what the chart draws", (*_DRAWN, "symbol"), _SERIES),
    Endpoint("/api/performance", "paper equity beside buy and hold of the same money", _DRAWN, _PERFORMANCE),
    Endpoint("/api/portfolio", "what is owned now", (), _PORTFOLIO),
    Endpoint("/api/status", "what `bot.py status --json` says, and when each stream was last written to", (), _STATUS),
    Endpoint("/health", "200 while the bot works, else 503", (), _HEALTH, (200, 503)),
)


def openapi() -> dict[str, Any]:
    """Return the description that tools read."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "moss, the desk",
            "version": "1",
            "description": "Reads the records of one box; changes nothing. /ws (WebSocket) and /api/stream "
            "(server-sent events) push each new record; docs/desk.md tells how.",
        },
        "paths": {each.path: {"get": _operation(each)} for each in ENDPOINTS},
    }


def _operation(each: Endpoint) -> dict[str, Any]:
    responses: dict[str, Any] = {
        str(status): {"description": "the answer", "content": _content(each.schema)} for status in each.statuses
    }
    for status, text in ((400, "the request is wrong; `error` says how"), (401, "a token is needed")):
        responses[str(status)] = {"description": text, "content": _content(_ERROR)}
    parameters = [
        {
            "name": name,
            "in": "query",
            "required": False,
            "schema": PARAMETERS[name].schema,
            "description": PARAMETERS[name].text,
        }
        for name in each.parameters
    ]
    return {"summary": each.text, "parameters": parameters, "responses": responses}


def _content(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def page() -> str:
    """Return the same for people, as plain HTML."""
    sections = "".join(_section(each) for each in ENDPOINTS)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>moss, the desk: API</title></head><body>'
        '<h1>moss, the desk: API</h1><p>For tools: <a href="/openapi.json">/openapi.json</a>. New records as they '
        "come: WebSocket <code>/ws?after=ID</code>, server-sent events <code>/api/stream?after=ID</code>.</p>"
        f"{sections}</body></html>"
    )


def _section(each: Endpoint) -> str:
    items = "".join(f"<li><code>{name}</code>: {escape(PARAMETERS[name].text)}</li>" for name in each.parameters)
    listed = f"<ul>{items}</ul>" if items else ""
    return f'<h2><a href="{each.path}">GET {each.path}</a></h2><p>{escape(each.text)}</p>{listed}'
