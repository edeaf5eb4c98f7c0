"""Appending so that what was acknowledged stays: through kill -9, rotation, other writers, full disks, power cuts."""

# ruff: noqa: PTH120 - pathlib would cost a writer 2 MiB
# ruff: noqa: FBT001, FBT002 - the contract's signature
import fcntl
import os
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress

from store.errors import NotStored
from store.line import Record, encode, encode_many
from store.lines import sound_end
from store.segments import Source, identity

_ASIDE_BYTES_MAX = 65536
_PAGE_BYTES = 4096
_PAUSE_S = 0.0005
_TICK_NS_MAX = 50_000_000
_BURST_S = 0.001


class Store(AbstractContextManager["Store"]):
    """One stream, open for appending; any number of processes may append to it, each with its own Store.

    It belongs to one thread. The file is made at the first append, its folder never: a data folder that is not
    mounted must not be written beneath. After `close` a further append opens it again.

    Arguments:
        path: the stream's file, NAME.jsonl.
        durable: flush to disk before `append` returns; without it a power cut may take the last seconds, a kill
            nothing. Costs one fdatasync an append, about ten times all the rest.
        checksum: end each line with a CRC-32, which finds what JSON's grammar does not. Costs about 1 µs and
            17 bytes.
    """

    lock_wait_s_max = 1.0
    """How long an append waits for another writer, seconds; one that was asked to stop may lower it."""

    def __init__(self, path: str | os.PathLike[str], durable: bool = True, checksum: bool = True) -> None:
        self._path, self._durable, self._checksum = os.fspath(path), durable, checksum
        self._descriptor, self._folder, self._believed_until_s = -1, -1, 0.0

    def append(self, record: Record) -> None:
        """Store one record; it is safe when this returns.

        Raises: BadRecord (a ValueError) when it is no record, NotStored when it could not be made safe.
        """
        self._keep(encode(record, checksum=self._checksum))

    def append_many(self, records: Iterable[Record]) -> None:
        """Store records with one write and one flush; all are safe when this returns.

        A reader that comes after a kill may see the first few of them, each whole.

        Raises: BadRecord and nothing is written, or NotStored, as for `append`.
        Cost: little more a record than encoding it, where they come by the hundred; their bytes are in memory at once.
        """
        if data := encode_many(list(records), checksum=self._checksum):
            self._keep(data)

    def close(self) -> None:
        """Let go of the file; every acknowledged record is safe without it."""
        descriptors = self._descriptor, self._folder
        self._descriptor = self._folder = -1
        for descriptor in descriptors:
            # One that fails to close is gone all the same, and what was acknowledged was flushed.
            with suppress(OSError):
                os.close(descriptor)

    def __exit__(self, *_: object) -> None:
        self.close()

    def _keep(self, data: bytes) -> None:
        try:
            while not self._write(data):
                self.close()
            if self._durable:
                # After the lock is gone, so that two writers share a flush.
                os.fdatasync(self._descriptor)
        except BaseException as error:
            # A failed flush may have marked the lost pages clean, so this descriptor is never flushed again; and if it
            # was a signal's handler that raised, nothing is known of the file any more.
            self.close()
            if isinstance(error, OSError):
                raise NotStored(self._path, error) from error
            raise

    def _write(self, data: bytes) -> bool:
        """Write whole lines; False when a rotation came in between and they were taken back."""
        self._lock()
        start, written, is_kept = self._healed_end(), 0, False
        try:
            # A short write goes on until it is whole, or the system says what is in the way.
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
            self._size_bytes = start + written
            is_kept = self._stays()
        finally:
            if not is_kept and (end := os.lseek(self._descriptor, 0, os.SEEK_END)) > start:
                self._blank(start, end)
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        return is_kept

    def _stays(self) -> bool:
        """Look a second time: a line in a file that was rotated meanwhile may be missed by what compresses it."""
        return self._is_at_path()

    def _lock(self) -> None:
        """Open the file at the path, and lock it against other writers.

        The lock is the data file's own: it ends with the process, needs no file beside, and `lockgz` can wait for it.
        """
        begun_s = time.monotonic()
        while True:
            # In a burst, one append's second look serves the next one as its first.
            if self._descriptor < 0 or not (begun_s < self._believed_until_s or self._is_at_path()):
                self.close()
                self._open()
            try:
                return fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._believed_until_s = 0.0
                if time.monotonic() - begun_s > self.lock_wait_s_max:
                    raise TimeoutError(None, f"another writer did not let go in {self.lock_wait_s_max} s") from None
                time.sleep(_PAUSE_S)

    def _open(self) -> None:
        self._folder = os.open(os.path.dirname(self._path) or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._identity = identity(self._descriptor)
        self._size_bytes, self._changed_ns, self._look_again_s = -1, 0, 0.0
        if self._durable:
            # Whoever made the file may have died before its name was safe.
            os.fsync(self._folder)

    def _is_at_path(self) -> bool:
        """Tell whether the path leads to the open file.

        A folder that has not changed since the path was looked at still holds the file there. To ask it costs half as
        much, and a file whose times nobody asks for is written to faster. Once a second the path itself is looked at,
        for what may happen above the folder.
        """
        now_s, changed_ns = time.monotonic(), os.fstat(self._folder).st_ctime_ns
        self._believed_until_s = now_s + _BURST_S
        if changed_ns == self._changed_ns and now_s < self._look_again_s:
            return True
        is_there = identity(self._path) == self._identity
        # Two changes in one tick of the kernel's clock look like one, so what changed just now is not relied on.
        is_settled = abs(time.time_ns() - changed_ns) > _TICK_NS_MAX
        self._changed_ns, self._look_again_s = changed_ns if is_there and is_settled else 0, now_s + 1
        return is_there

    def _healed_end(self) -> int:
        """Return where the next line starts, in bytes, after blanking what a kill or a power cut left unfinished."""
        size_bytes = os.lseek(self._descriptor, 0, os.SEEK_END)
        # Zeros before a newline come of a power cut only, so to look for them once is enough.
        if size_bytes not in (self._size_bytes, 0) and (
            self._size_bytes < 0 or os.pread(self._descriptor, 1, size_bytes - 1) != b"\n"
        ):
            start = sound_end(Source(self._path, self._descriptor))
            if start < size_bytes:
                self._keep_aside(start, size_bytes)
                self._blank(start, size_bytes)
        return size_bytes

    def _keep_aside(self, start: int, end: int) -> None:
        """Copy torn bytes to NAME.jsonl.torn for the curious; they were never acknowledged, so failing is no loss."""
        with suppress(OSError), open(self._path + ".torn", "ab", 0, opener=_private) as aside:
            os.write(aside.fileno(), os.pread(self._descriptor, min(end - start, _ASIDE_BYTES_MAX), start) + b"\n")

    def _blank(self, start: int, end: int) -> None:
        """Overwrite a range with spaces and a newline: no reader sees it, and `tail -F` keeps its place.

        It goes backward in pages, which a kill does not tear, and the newline comes last: whenever it is killed, whole
        lines are whole, and what follows the last newline is no record.
        """
        # Linux ignores the offset of a pwrite while O_APPEND is set.
        fcntl.fcntl(self._descriptor, fcntl.F_SETFL, 0)
        for page in range((end - 1) // _PAGE_BYTES * _PAGE_BYTES, start - _PAGE_BYTES, -_PAGE_BYTES):
            begin, after = max(start, page), min(end, page + _PAGE_BYTES)
            os.pwrite(self._descriptor, b" " * (after - begin), begin)
        if self._durable:
            # Should the power go now, the newline must not be on disk before the spaces are.
            os.fdatasync(self._descriptor)
        os.pwrite(self._descriptor, b"\n", end - 1)
        fcntl.fcntl(self._descriptor, fcntl.F_SETFL, os.O_APPEND)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o640)
