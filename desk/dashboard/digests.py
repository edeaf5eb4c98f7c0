"""What was folded of each file of a stream, kept as long as there is room: a rotated file never changes again."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar
from zlib import crc32

from agent.clock import timestamp
from desk.dashboard.backfills import Backfills
from desk.dashboard.cells import Cells
from desk.dashboard.records import Records
from store import Damage, Record
from store.errors import Damaged
from store.forward import record_at, stretches
from store.inflate import Inflated
from store.read import opened
from store.search import SLACK_S, bound, first_needed
from store.segments import Source, snapshot

_HEAD_BYTES = 64

Kind = TypeVar("Kind", bound=Cells)


class Digest(Generic[Kind]):
    """One file: its cells, and how far it was read."""

    def __init__(self, cells: Kind) -> None:
        self.cells = cells
        self.read_bytes = 0


class Digests(Generic[Kind]):
    """The digests of one stream.

    Arguments:
        make: gives empty cells, for a width in seconds or for quarter hours.
        numbers_max: how many numbers are kept in all, eight bytes each; what was not needed longest is read again.
    """

    def __init__(self, records: Records, stream: str, make: Callable[..., Kind], numbers_max: int) -> None:
        self._records = records
        self._stream = stream
        self._make = make
        self._numbers_max = numbers_max
        self._kept: OrderedDict[object, Digest[Kind]] = OrderedDict()
        self._backfills = Backfills()

    def from_moment(self, begin_s: float, end_s: float, cell_s: int | None = None) -> list[Kind]:
        """Return the cells of all files that hold something of a time.

        Arguments:
            cell_s: how wide the cells are to be, where quarter hours are too wide: those files are read again.
        Cost: the first time, reading all files from that moment on; later those that grew.
        """
        found = []
        for source in self._sources(begin_s):
            digest = self._digest(source)
            if digest.cells.last_s < begin_s or digest.cells.first_s >= end_s:
                continue
            if cell_s is None:
                found.append(digest.cells)
            else:
                fine = Digest(self._make(cell_s))
                self._read(source, fine)
                found.append(fine.cells)
        self._make_room()
        return found

    def _sources(self, begin_s: float) -> Iterator[Source]:
        older, live = snapshot(self._records.path(self._stream))
        try:
            # A candle is written when it has ended, or later, so no file before can hold it but a backfill's.
            needed = first_needed(older, live, _bound(begin_s)) if begin_s > SLACK_S else 0
            for name in (*self._backfills.younger(older, live, needed), *older[needed:]):
                yield from opened(name, self._records.tell)
            if live:
                yield live
        finally:
            if live:
                live.close()

    def _digest(self, source: Source) -> Digest[Kind]:
        key = _key(source)
        digest = self._kept.pop(key, None) or Digest(self._make())
        if not (isinstance(source, Inflated) and digest.read_bytes):
            self._read(source, digest)
        if source.is_settled:  # what a writer takes back would be counted twice
            self._kept[key] = digest
        return digest

    def _read(self, source: Source, digest: Digest[Kind]) -> None:
        for begin, block in stretches(source, digest.read_bytes):
            for offset, line in digest.cells.take(block):
                record = self._record(source, begin + offset, line)
                if record is not None:
                    self._add(source, digest.cells, record)
            digest.read_bytes = begin + len(block) + 1

    def _add(self, source: Source, cells: Kind, record: Record) -> None:
        try:
            cells.add(record)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            self._records.tell(Damage(source.path, 0, f"a record of another form: {error}"))

    def _record(self, source: Source, offset: int, line: bytes) -> Record | None:
        try:
            return record_at(source, offset, line)
        except Damaged as error:
            self._records.tell(Damage(source.path, 0, f"at byte {offset}: {error}"))
            return None

    def _make_room(self) -> None:
        sizes = sum(digest.cells.size() for digest in self._kept.values())
        while sizes > self._numbers_max and self._kept:
            sizes -= self._kept.popitem(last=False)[1].cells.size()


def _bound(begin_s: float) -> str:
    """Return a moment as records write it, a little earlier, as far as writers may be out of order."""
    return bound(timestamp(begin_s), -SLACK_S)


def _key(source: Source) -> object:
    """Return what tells a file's content from any other's: an inode's number may be used again."""
    if isinstance(source, Inflated):
        return source.identity, source.size_bytes
    head = next(source.pieces(0, _HEAD_BYTES), b"")
    return source.identity, crc32(head)
