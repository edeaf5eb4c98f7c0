"""The files of one stream: the live one, and the segments that rotation made of it, plain or compressed."""

# ruff: noqa: PTH116, PTH118, PTH208 - pathlib would cost a writer 2 MiB
import fcntl
import os
import re
import time
from collections.abc import Iterator

_PIECE_BYTES = 65536
_SETTLE_S_MAX = 1.0
_PAUSE_S = 0.0005


class Source:
    """A file as it lies, up to the size it had when it was opened or last measured.

    Arguments:
        path: its name when it was opened; rotation may rename it.
        descriptor: open for reading; closed by `close`.
    """

    broken = ""
    """Why the content ends before its time; known once that place was read."""
    is_torn = False
    """Whether it ends in the middle of a line; known once it was read to its end."""
    is_settled = True
    """Whether what was noted of it stays as it is, as far as is known."""

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor
        self.measure()

    def measure(self) -> None:
        """Take note of what was appended since."""
        found = os.fstat(self.descriptor)
        self.size_bytes, self.identity = found.st_size, (found.st_dev, found.st_ino)

    def pieces(self, offset: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the content from an offset on."""
        end = self.size_bytes if end is None else min(end, self.size_bytes)
        while piece := os.pread(self.descriptor, max(0, min(_PIECE_BYTES, end - offset)), offset):
            yield piece
            offset += len(piece)

    def pieces_back(self) -> Iterator[tuple[int, bytes]]:
        """Yield the content from its end back: where each piece starts, and its bytes."""
        start = self.size_bytes
        while start > 0:
            start, end = max(0, start - _PIECE_BYTES), start
            yield start, os.pread(self.descriptor, end - start, start)

    def settle(self) -> "Source":
        """Take note of what was appended since, once no writer can take back any of it any more; return itself.

        Where a writer stands still in the middle of an append for a second, it is not settled.
        """
        self.measure()
        end_s = time.monotonic() + _SETTLE_S_MAX
        # A writer who was in it when it was measured is not, once the lock was had.
        while not (is_settled := self.is_free()) and time.monotonic() < end_s:
            time.sleep(_PAUSE_S)
        self.is_settled = is_settled
        return self

    def is_free(self) -> bool:
        """Tell whether no writer is in the middle of an append."""
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            # At once: writers who want it wait meanwhile.
            fcntl.flock(self.descriptor, fcntl.LOCK_UN)
        return True

    def close(self) -> None:
        """Close the file."""
        os.close(self.descriptor)


def identity(path: str | int) -> tuple[int, int] | None:
    """Return what tells the file at the path, or behind a descriptor, from any other; None where there is none."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def segments(path: str) -> list[str]:
    """Return the stream's rotated segments, oldest first, each named as if it were not compressed."""
    folder, name = os.path.split(path)
    found = _listing(folder, name)
    # A listing is not one moment's: a segment that is compressed during it may be in it under neither name.
    while found != (again := _listing(folder, name)):
        found = again
    # No name holds a slash, so all are matched at once: a store may have thousands.
    named = re.findall(rf"/({re.escape(name)}-\d{{8}}-(\d+))(?:\.gz)?(?=/)", f"/{'/'.join(found)}/")
    epochs = sorted({(int(epoch), segment) for segment, epoch in named})
    return [os.path.join(folder, segment) for _, segment in epochs]


def _listing(folder: str, name: str) -> set[str]:
    try:
        return {entry for entry in os.listdir(folder or ".") if entry.startswith(name)}
    except (FileNotFoundError, NotADirectoryError):
        return set()


def open_segment(path: str) -> Source:
    """Open one segment, plain where it still is, since a compressed one beside it may be half written.

    A writer may still be in it, which opened it before it was rotated.

    Raises: FileNotFoundError when it is there under neither name.
    """
    try:
        return Source(path, os.open(path, os.O_RDONLY | os.O_CLOEXEC)).settle()
    except FileNotFoundError:
        from store.inflate import Inflated  # only who reads compressed segments pays for it

        return Inflated(path + ".gz", os.open(path + ".gz", os.O_RDONLY | os.O_CLOEXEC))


def snapshot(path: str) -> tuple[list[str], Source | None]:
    """Return the stream's segments, and its live file, opened, as they were in one moment."""
    while True:
        try:
            live = Source(path, os.open(path, os.O_RDONLY | os.O_CLOEXEC)).settle()
        except (FileNotFoundError, NotADirectoryError):
            live = None
        older = segments(path)
        if identity(path) == (live.identity if live else None):
            return older, live
        if live:
            live.close()
