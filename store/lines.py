"""A file's lines from its end back, in bounded memory whatever the file holds."""

from collections.abc import Iterator

from store.line import LINE_BYTES_MAX
from store.segments import Source


def backward(source: Source) -> Iterator[tuple[int, bytes]]:
    """Yield offset and bytes of each line from the end back; first what follows the last newline, torn or empty."""
    rest = b""
    for start, piece in source.pieces_back():
        cut = len(piece)
        while (newline := piece.rfind(b"\n", 0, cut)) >= 0:
            yield start + newline + 1, piece[newline + 1 : cut] + rest
            rest, cut = b"", newline
        rest = (piece[:cut] + rest)[: LINE_BYTES_MAX + 1]
    yield 0, rest


def sound_end(source: Source) -> int:
    """Return the offset after the last line that was written whole; what follows, a kill or a power cut left there.

    A power cut leaves zeros where a sector was not written, with a newline after them or without.
    """
    end = 0
    for count, (offset, line) in enumerate(backward(source)):
        if count and b"\0" not in line:
            break
        end = offset
    return end


def number_at(source: Source, offset: int) -> int:
    """Return the number, from 1, of the line that starts at the offset; reads all before it."""
    return 1 + sum(piece.count(b"\n") for piece in source.pieces(0, offset))
