"""An answer's body: received and inflated with a cap on both, so that a bomb costs no more than an honest answer."""

import zlib
from collections.abc import Callable
from typing import Protocol

# What `inflate` understands, and so all that is asked for.
ENCODING = "gzip"
_PIECE_BYTES = 65_536
_GZIP_MAGIC = b"\x1f\x8b"
# Gzip data may be several members one after the other; each costs a copy of the rest.
_MEMBERS_MAX = 16


class Source(Protocol):
    """What a body is read from: urllib3's response, as requests hands it out."""

    def read1(self, amt: int, *, decode_content: bool) -> bytes:
        """Return what there is, waiting for at most one piece; nothing at the end."""


def receive(source: Source, length: str, size_bytes_max: int, check: Callable[[], None], body: bytearray) -> bytes:
    """Read a body to its end, as it comes over the wire.

    Arguments:
        length: its Content-Length, if it has one; a body that is announced as too large is not begun.
        check: called before each read; raises when time is over.
        body: takes what comes; where the rest never does it is the caller's to use.
    Raises: ValueError when it is larger than size_bytes_max.
    """
    if length.isascii() and length.isdecimal() and float(length) > size_bytes_max:
        raise ValueError(f"announces more than {size_bytes_max} bytes")
    while True:
        check()
        piece = source.read1(_PIECE_BYTES, decode_content=False)
        if not piece:
            return bytes(body)
        body += piece
        if len(body) > size_bytes_max:
            raise ValueError(f"sends more than {size_bytes_max} bytes")


def inflate(body: bytes, encoding: str, size_bytes_max: int) -> bytes:
    """Undo a Content-Encoding.

    Raises: ValueError when the encoding is another, the data is broken or cut short, or too much comes out.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity") or not body:
        return body
    if encoding not in (ENCODING, "x-gzip"):
        raise ValueError(f"uses the encoding {encoding[:20]!r}, which was not asked for")
    inflated = bytearray()
    for _ in range(_MEMBERS_MAX):
        stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            # One byte more than is allowed, to tell a full answer from one that is too large.
            inflated += stream.decompress(body, size_bytes_max + 1 - len(inflated))
        except zlib.error:
            raise ValueError("sends gzip data that is broken") from None
        body = stream.unused_data
        if len(inflated) > size_bytes_max:
            raise ValueError(f"sends gzip data that inflates to more than {size_bytes_max} bytes")
        if not stream.eof:
            raise ValueError("sends gzip data that is cut short")
        if not body.startswith(_GZIP_MAGIC):
            return bytes(inflated)
    raise ValueError(f"sends gzip data in more than {_MEMBERS_MAX} parts")
