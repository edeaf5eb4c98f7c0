"""A compressed segment, read at any offset of its content in bounded memory, forward and backward."""

import os
import zlib

_INPUT_BYTES = 65536
_OUTPUT_BYTES = 262_144
_GZIP = 31
_WAYPOINTS_MAX = 32


class Inflated:
    """The content of one .gz file, as if it lay there plain.

    Reading forward inflates once. The first look at `size_bytes` inflates all of it and leaves waypoints (copies of
    the decompressor, about 40 kB each, at most 32), so that reading backward starts at the nearest one.

    Arguments:
        path: the file, for messages.
        descriptor: open for reading; closed by `close`.
    """

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self.broken = ""
        """Why the content ends before its time; known once that place was read."""
        self._descriptor = descriptor
        self._size_bytes = -1
        self._stride_bytes = 2 * _OUTPUT_BYTES
        self._waypoints = [(0, 0, zlib.decompressobj(_GZIP))]
        self._window = b""
        self._go_to(0)

    @property
    def size_bytes(self) -> int:
        """The size of the content; where it is broken, of what comes before."""
        if self._size_bytes < 0:
            self._go_to(0)
            while piece := self._inflate():
                self._output_bytes += len(piece)
                self._leave_waypoint()
            self._size_bytes = self._output_bytes
            self._go_to(0)
        return self._size_bytes

    @property
    def block_bytes(self) -> int:
        """How much to read at a time going backward."""
        return self._stride_bytes

    def read(self, offset: int, size_bytes: int) -> bytes:
        """Return that many bytes of the content; less at its end, or where it is broken."""
        start = self._output_bytes - len(self._window)
        if not start <= offset <= self._output_bytes:
            self._go_to(offset)
            start = self._output_bytes
        pieces = [self._window[offset - start :]] if self._window else []
        have_bytes = self._output_bytes - max(offset, start)
        while have_bytes < size_bytes and (piece := self._inflate()):
            skipped = max(0, offset - self._output_bytes)
            self._output_bytes += len(piece)
            pieces.append(piece[skipped:])
            have_bytes += max(0, len(piece) - skipped)
        self._window = b"".join(pieces)
        return self._window[:size_bytes]

    def settled(self, offset: int, line: bytes) -> bytes:  # noqa: ARG002 - a Source takes both
        """Return the line itself: nobody writes to a compressed segment."""
        return line

    def close(self) -> None:
        os.close(self._descriptor)

    def _go_to(self, offset: int) -> None:
        at, self._input_bytes, waypoint = max((w for w in self._waypoints if w[0] <= offset), key=lambda w: w[0])
        self._decompressor = waypoint.copy()
        self._output_bytes = at
        self._window = b""

    def _leave_waypoint(self) -> None:
        if self._output_bytes - self._waypoints[-1][0] < self._stride_bytes or self._decompressor.eof:
            return
        self._waypoints.append((self._output_bytes, self._input_bytes, self._decompressor.copy()))
        if len(self._waypoints) > _WAYPOINTS_MAX:
            del self._waypoints[1::2]
            self._stride_bytes *= 2

    def _inflate(self) -> bytes:
        """Return the next piece of content, empty at its end."""
        while True:
            raw = os.pread(self._descriptor, _INPUT_BYTES, self._input_bytes)
            if self._decompressor.eof:
                if not raw:
                    return b""
                self._decompressor = zlib.decompressobj(_GZIP)
            try:
                piece = self._decompressor.decompress(raw, _OUTPUT_BYTES)
            except zlib.error as error:
                self.broken = f"cannot be inflated any further: {error}"
                return b""
            left_bytes = len(self._decompressor.unconsumed_tail) + len(self._decompressor.unused_data)
            self._input_bytes += len(raw) - left_bytes
            if piece:
                return piece
            if not raw and not self._decompressor.eof:
                self.broken = "the compressed file ends in the middle"
                return b""
