"""A compressed segment, read as if it lay there plain: forward, and backward in bounded memory."""

import os
import zlib
from collections.abc import Iterator
from typing import Any

from store.segments import Source

_INPUT_BYTES = 65536
_OUTPUT_BYTES = 262_144
_STRIDE_BYTES = 2 * _OUTPUT_BYTES
_GZIP = 31
_PLACES_MAX = 32
_ALL = 1 << 62

# An offset in the content, the one in the file, and the decompressor as it was there, None between two members.
_Place = tuple[int, int, Any]
_BEGIN: _Place = (0, 0, zlib.decompressobj(_GZIP))


class Inflated(Source):
    """The content of one .gz file.

    Reading forward inflates once. Reading backward inflates all of it and leaves copies of the decompressor on the way,
    about 40 kB each and at most 32, so that each piece starts at one of them; what lies between two is read in the same
    way where it is long, so that a segment of a gigabyte needs three times the copies, and no long piece.
    `size_bytes` is the content's after it was read to its end.
    """

    def pieces(self, offset: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the content from an offset on; what lies before it is inflated too."""
        end = _ALL if end is None else end
        start = self.size_bytes = 0
        for (after, _, _), piece in self._inflate(_BEGIN, end):
            self.size_bytes = after
            if after > offset:
                yield piece[max(0, offset - start) : end - start]
            # Not from `size_bytes`: whoever takes the pieces may begin to read the file anew in between.
            start = after

    def pieces_back(self) -> Iterator[tuple[int, bytes]]:
        return self._back(_BEGIN, _ALL)

    def _back(self, begin: _Place, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield what lies between a place and an offset, from there back."""
        places, stride_bytes, after = [begin], _STRIDE_BYTES, begin[0]
        for place, _ in self._inflate(begin, end):
            after = place[0]
            if after - places[-1][0] >= stride_bytes:
                places.append((*place[:2], place[2] and place[2].copy()))
            if len(places) > _PLACES_MAX:
                del places[1::2]
                stride_bytes *= 2
        end = min(after, end)
        for place in reversed(places):
            if end - place[0] > 2 * _STRIDE_BYTES:
                yield from self._back(place, end)
            else:
                yield place[0], b"".join(piece for _, piece in self._inflate(place, end))[: end - place[0]]
            end = place[0]

    def _inflate(self, place: _Place, end: int) -> Iterator[tuple[_Place, bytes]]:
        """Yield the content from a place on, up to the piece that reaches the end, each with the place after it."""
        after, read_bytes, decompressor = place
        decompressor = decompressor and decompressor.copy()
        while after < end and ((raw := os.pread(self.descriptor, _INPUT_BYTES, read_bytes)) or decompressor):
            decompressor = decompressor or zlib.decompressobj(_GZIP)
            try:
                piece = decompressor.decompress(raw, _OUTPUT_BYTES)
            except zlib.error as error:
                self.broken = f"cannot be inflated any further: {error}"
                return
            if not (raw or piece or decompressor.eof):
                self.broken = "the compressed file ends in the middle"
                return
            # At a member's end, what is left over is in both of these.
            left = decompressor.unused_data if decompressor.eof else decompressor.unconsumed_tail
            read_bytes += len(raw) - len(left)
            after += len(piece)
            decompressor = None if decompressor.eof else decompressor
            if piece:
                yield (after, read_bytes, decompressor), piece
