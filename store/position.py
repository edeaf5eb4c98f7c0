"""A place in a stream, as text that a reader keeps: it holds over rotation and compression, and for no other content.

It is `TS/FIRST/OFFSET/LAST`: time and checksum of a file's first line, where the next line starts, and the checksum of
how the line before ends. A place of an earlier version has no LAST.
"""

from zlib import crc32

from store.errors import StoreError
from store.forward import forward, plain_ts
from store.segments import Source

# A line's own checksum is among them.
_ENDING_BYTES = 64
BLANK = "-"


class PositionLost(StoreError):
    """The place a follower wants to go on from exists no more: its owner starts again from "start" or "end"."""

    def __init__(self, path: str, position: str) -> None:
        super().__init__(f"{path} has no position {position!r} (any more): follow from start or from end")


def mark(source: Source) -> str:
    """Return what tells a file's content from any other, whatever it is named: its first line, in short.

    Empty while it has no line.
    """
    for _, line in forward(source):
        if line.strip():
            return f"{plain_ts(line).decode(errors='replace') or '-'}/{crc32(line):08x}"
    return ""


def after(line: bytes) -> str:
    """Return what a place keeps of the line before it."""
    return f"{crc32(line[-_ENDING_BYTES:]):08x}"


def after_at(source: Source, offset: int) -> str:
    """Return the same of the line that ends at an offset: `BLANK` where it was taken back, empty where none ends."""
    window = b"".join(source.pieces(max(0, offset - _ENDING_BYTES - 1), offset))
    line = window[:-1].rpartition(b"\n")[2]
    return (after(line) if line.strip() else BLANK) if window[-1:] == b"\n" else ""


def offset_in(source: Source, position: str) -> int | None:
    """Return the offset of a kept position if it is one in this file, else None."""
    ts, _, rest = position.partition("/")
    first, _, rest = rest.partition("/")
    digits, _, last = rest.partition("/")
    if not digits.isdecimal() or f"{ts}/{first}" != mark(source):
        return None
    offset = int(digits)
    return offset if last in {"", BLANK} or after_at(source, offset) in {last, BLANK} else None
