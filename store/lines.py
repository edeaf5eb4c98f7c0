"""A file's lines, forward and backward, in bounded memory whatever the file holds."""

from collections.abc import Iterator
from zlib import crc32

from store.errors import Damaged
from store.line import LINE_BYTES_MAX, Record, decode, plain_ts
from store.segments import Plain, Source, open_segment

_BLOCK_BYTES = 262_144


def blocks(source: Source, offset: int = 0, end: int | None = None) -> Iterator[tuple[int, int, bytes]]:
    """Yield a file in blocks of whole lines: where each starts, where the next one starts, its bytes.

    What comes after the last newline is torn or still being written: it comes last, without a newline. Of a line over
    1 MiB comes just enough to tell that it is.
    """
    size_bytes = _BLOCK_BYTES
    while end is None or offset < end:
        wanted_bytes = size_bytes if end is None else min(size_bytes, end - offset)
        data = source.read(offset, wanted_bytes)
        whole_bytes = data.rfind(b"\n") + 1
        if whole_bytes:
            yield offset, offset + whole_bytes, data[:whole_bytes]
            offset += whole_bytes
            size_bytes = _BLOCK_BYTES
        elif len(data) < size_bytes:
            if data:
                yield offset, offset + len(data), data
            return
        elif size_bytes <= LINE_BYTES_MAX:
            size_bytes *= 2
        else:
            after = _after_newline(source, offset + len(data), end)
            if after < 0:
                yield offset, offset + len(data), data
                return
            yield offset, after, data[: LINE_BYTES_MAX + 1] + b"\n"
            offset = after
            size_bytes = _BLOCK_BYTES


def _after_newline(source: Source, offset: int, end: int | None) -> int:
    """Return the offset after the next newline, -1 if none comes."""
    while data := source.read(offset, _BLOCK_BYTES if end is None else min(_BLOCK_BYTES, end - offset)):
        found = data.find(b"\n")
        if found >= 0:
            return offset + found + 1
        offset += len(data)
    return -1


def forward(source: Source, offset: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
    """Yield offset and bytes, without newline, of each whole line from a line's start on."""
    for start, _, data in blocks(source, offset, end):
        if not data.endswith(b"\n"):
            return
        at = start
        for line in data[:-1].split(b"\n"):
            yield at, line
            at += len(line) + 1


def backward(source: Source) -> Iterator[tuple[int, bytes]]:
    """Yield offset and bytes, without newline, of each whole line from the last one back."""
    start = source.size_bytes
    ended = False  # a newline was seen; what comes after the last one is torn
    rest = b""
    while start > 0:
        end, start = start, max(0, start - source.block_bytes)
        data = source.read(start, end - start)
        cut = len(data)
        while (newline := data.rfind(b"\n", 0, cut)) >= 0:
            if ended:
                yield start + newline + 1, data[newline + 1 : cut] + rest
            ended, rest, cut = True, b"", newline
        if ended:
            rest = (data[:cut] + rest)[: LINE_BYTES_MAX + 1]
    if ended:
        yield 0, rest


def number_at(source: Source, offset: int) -> int:
    """Return the number, from 1, of the line that starts at the offset; reads all before it."""
    return 1 + sum(data.count(b"\n") for _, _, data in blocks(source, 0, offset))


def record_at(source: Source, offset: int, line: bytes) -> Record | None:
    """Return a line's record, None where it is blank.

    Raises: Damaged, after a second look, since a writer may have been blanking the line at the first.
    """
    try:
        return decode(line)
    except Damaged:
        line = source.settled(offset, line)
        return decode(line) if line.strip() else None


def mark(source: Source) -> str:
    """Return what tells a file's content from any other, whatever it is named: its first line, in short.

    Empty while it has no line.
    """
    for _, line in forward(source):
        if line.strip():
            return f"{plain_ts(line).decode(errors='replace') or '-'}/{crc32(line):08x}"
    return ""


def is_same(segment: str, source: Source) -> bool:
    """Tell whether a segment is the file that is open as `source`, renamed or compressed since."""
    try:
        candidate = open_segment(segment)
    except FileNotFoundError:
        return False
    try:
        if isinstance(candidate, Plain) and isinstance(source, Plain):
            return candidate.identity == source.identity
        return mark(candidate) == mark(source) != ""
    finally:
        candidate.close()
