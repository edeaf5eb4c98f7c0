"""Answers as they go out: JSON, compressed where the visitor takes it, and not at all where it has them already."""

import gzip
import json
from collections import OrderedDict
from hashlib import blake2b
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

_COMPRESSED_FROM_BYTES = 1024
_GZIP_LEVEL = 5
_KEPT_BYTES_MAX = 4_000_000


class Body(NamedTuple):
    """What an address answers, in both forms; made once and sent to whoever asks until the records change."""

    media_type: str
    plain: bytes
    compressed: bytes | None
    etag: str
    status: int

    @property
    def size_bytes(self) -> int:
        """What keeping both forms takes."""
        return len(self.plain) + len(self.compressed or b"")


def body(content: bytes, media_type: str = "application/json", status: int = 200) -> Body:
    """Compress and name a content; done outside the event loop, since it takes milliseconds."""
    compressed = gzip.compress(content, _GZIP_LEVEL, mtime=0) if len(content) >= _COMPRESSED_FROM_BYTES else None
    # Weak, since both forms have it.
    return Body(media_type, content, compressed, f'W/"{blake2b(content, digest_size=12).hexdigest()}"', status)


def as_json(value: Any) -> bytes:  # noqa: ANN401 - whatever JSON knows
    """Write a value as compact JSON; raises ValueError for NaN."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def respond(request: Request, found: Body) -> Response:
    """Send a body in the form that the visitor takes, or word that what it has still holds."""
    headers = {"ETag": found.etag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
    if found.status == 200 and _has(request, found.etag):
        return Response(status_code=304, headers=headers)
    content = found.plain
    if found.compressed is not None and _takes_gzip(request):
        headers["Content-Encoding"] = "gzip"
        content = found.compressed
    return Response(content, found.status, headers, media_type=found.media_type)


def refuse(status: int, why: str, headers: dict[str, str] | None = None) -> Response:
    """Return an error as all are told: one sentence, as JSON."""
    return Response(as_json({"error": why}), status, headers, media_type="application/json")


def _has(request: Request, etag: str) -> bool:
    given = request.headers.get("if-none-match", "")
    return given.strip() == "*" or etag in (each.strip() for each in given.split(","))


def _takes_gzip(request: Request) -> bool:
    for each in request.headers.get("accept-encoding", "").split(","):
        name, _, quality = each.replace(" ", "").lower().partition(";")
        if name in ("gzip", "*"):
            return quality.rstrip("0.") != "q="
    return False


class Shelf:
    """The newest bodies, up to a size: many visitors who ask the same cost one reading."""

    def __init__(self) -> None:
        self._bodies: OrderedDict[object, Body] = OrderedDict()
        self._size_bytes = 0

    def get(self, key: object) -> Body | None:
        """Return what was put there, None where there is nothing (any more)."""
        if key in self._bodies:
            self._bodies.move_to_end(key)
        return self._bodies.get(key)

    def put(self, key: object, found: Body) -> None:
        """Keep a body; the one not asked for longest goes first."""
        if key in self._bodies:
            self._size_bytes -= self._bodies.pop(key).size_bytes
        self._bodies[key] = found
        self._size_bytes += found.size_bytes
        while self._size_bytes > _KEPT_BYTES_MAX and len(self._bodies) > 1:
            self._size_bytes -= self._bodies.popitem(last=False)[1].size_bytes
