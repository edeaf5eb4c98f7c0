"""A compressed segment, read as if it lay there plain: forward, and backward in bounded memory."""

import os
import zlib
from collections.abc import Iterator
from typing import Any

from store.segments import Source

_INPUT_BYTES = 65536
_OUTPUT_BYTES = 262_144
_GZIP = 31
_PLACES_MAX = 32

_Place = tuple[int, int, Any]  # an offset in the content, the one in the file, and the decompressor as it was there


class Inflated(Source):
    """The content of one .gz file.

    Reading forward inflates once. Reading backward first inflates all of it and leaves copies of the decompressor on
    the way, about 40 kB each and at most 32, so that each piece starts at one of them. `size_bytes` is the content's
    after it was read to its end.
    """

    def pieces(self, offset: int = 0, end: int | None = None) -> Iterator[bytes]:
        after = 0
        for (after, _, _), piece in self._inflate((0, 0, zlib.decompressobj(_GZIP))):
            start = after - len(piece)
            if end is not None and start >= end:
                return
            if after > offset:
                yield piece[max(0, offset - start) : None if end is None else end - start]
        self.size_bytes = after

    def pieces_back(self) -> Iterator[tuple[int, bytes]]:
        places: list[_Place] = [(0, 0, zlib.decompressobj(_GZIP))]
        stride_bytes = 2 * _OUTPUT_BYTES
        end = 0
        for place, _ in self._inflate(places[0]):
            end, read_bytes, decompressor = place
            if end - places[-1][0] >= stride_bytes and not decompressor.eof:
                places.append((end, read_bytes, decompressor.copy()))
            if len(places) > _PLACES_MAX:
                del places[1::2]
                stride_bytes *= 2
        for place in reversed(places):
            piece = b""
            for _, more in self._inflate(place):
                piece += more
                if place[0] + len(piece) >= end:
                    break
            yield place[0], piece[: end - place[0]]
            end = place[0]

    def settled(self, offset: int, line: bytes) -> bytes:  # noqa: ARG002 - a Source takes both
        """Return the line itself: nobody writes to a compressed segment."""
        return line

    def _inflate(self, place: _Place) -> Iterator[tuple[_Place, bytes]]:
        """Yield the content from a place on, each piece with the place after it."""
        after, read_bytes, decompressor = place
        decompressor = decompressor.copy()
        while (raw := os.pread(self.descriptor, _INPUT_BYTES, read_bytes)) or not decompressor.eof:
            if decompressor.eof:
                decompressor = zlib.decompressobj(_GZIP)
            try:
                piece = decompressor.decompress(raw, _OUTPUT_BYTES)
            except zlib.error as error:
                self.broken = f"cannot be inflated any further: {error}"
                return
            if not (raw or piece or decompressor.eof):
                self.broken = "the compressed file ends in the middle"
                return
            read_bytes += len(raw) - len(decompressor.unconsumed_tail) - len(decompressor.unused_data)
            after += len(piece)
            if piece:
                yield (after, read_bytes, decompressor), piece
