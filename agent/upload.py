"""Sending a file off the box: one PUT, from the disk as it goes, within a deadline."""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from agent.fetch import Ask, Fetcher
from agent.trouble import refusal

NAME = "{name}"
_ANSWER_BYTES_MAX = _PIECE_BYTES = 65_536
_DONE = (200, 201, 204)
_ATTEMPTS_MAX = 3


class Part:
    """The first bytes of an open file, to be sent; what is appended meanwhile is not among them.

    Arguments:
        descriptor: the file, open for reading; its own place in it is neither used nor moved.
        size_bytes: how much of it.
    """

    def __init__(self, descriptor: int, size_bytes: int) -> None:
        self._descriptor = descriptor
        self._size_bytes = size_bytes
        self._at = 0

    def __len__(self) -> int:
        return self._size_bytes

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces; requests takes for a stream what has this, and then reads it."""
        return iter(lambda: self.read(_PIECE_BYTES), b"")

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most that many; nothing at the end."""
        left_bytes = self._size_bytes - self._at
        piece = os.pread(self._descriptor, left_bytes if size < 0 else min(size, left_bytes), self._at)
        self._at += len(piece)
        return piece


class Uploader(Fetcher):
    """The network door, for what is larger than memory should hold."""

    def put(self, url: str, descriptor: int, size_bytes: int, *, deadline_s: float, name: str) -> None:
        """Store the first bytes of an open file at an address; again where that may help.

        Arguments:
            url: it may hold a secret, so nothing says it: messages have `name` instead.
            deadline_s: real seconds for everything; half of it is the longest silence.
        Raises: Unreachable, Refused, Unusable, Stopped, as for `get`.
        """
        parts = urlsplit(url)
        place = parts.netloc.rpartition("@")[2]
        host = self._hosts.setdefault(place, self._new_host(place))
        headers = {"Content-Type": "application/octet-stream"}
        if parts.hostname and parts.hostname.endswith(".blob.core.windows.net"):
            headers["x-ms-blob-type"] = "BlockBlob"

        def send() -> Any:  # noqa: ANN401 - what requests answers with
            response = self._session.request(
                "PUT", url, data=Part(descriptor, size_bytes), headers=headers, timeout=deadline_s / 2
            )
            if response.status_code not in _DONE:
                response.close()
                raise refusal(name, response.status_code, None, 1)
            return response

        ask = Ask(send, name, host, _ANSWER_BYTES_MAX, 0.0, has_body=True, keep=lambda _: bytearray())
        self._within_deadline(ask, deadline_s, _ATTEMPTS_MAX)


def address(base: str, name: str) -> str:
    """Return where an object goes: in the place of `{name}` in the address, else at its path's end, the query kept."""
    name = quote(name)
    if NAME in base:
        return base.replace(NAME, name)
    parts = urlsplit(base)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))
