"""Following a stream: each record once, in order, over rotations, and again from a position that was kept."""

import fcntl
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator

from store.errors import Damaged
from store.forward import forward
from store.inflate import Inflated
from store.line import Damage, Record
from store.lines import backward, number_at, record_at
from store.position import PositionLost, after, after_at, mark, offset_in
from store.read import OnDamage, PathLike, tell
from store.segments import Source, identity, open_segment, snapshot

_POLL_S = 0.2
_RECENT_LINES = 4096


class Follower:
    """An iterator over all records from a position on, that waits for more.

    Arguments:
        path: the stream's file; it need not exist yet.
        position: "start", "end", or a kept `position`; None is the start.
        on_damage: told of each damaged line, which is passed over.
        wait: sleeps that many seconds between two looks; the iteration ends when it returns something true, as the
            `wait` of a set Event does.
    Raises: PositionLost when the position's segment is gone.
    Cost: two system calls every 0.2 s while nothing comes; bounded memory.
    """

    def __init__(
        self,
        path: PathLike,
        position: str | None = None,
        *,
        on_damage: OnDamage = tell,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._path = os.fspath(path)
        self._on_damage = on_damage
        self._wait = wait
        self._source: Source | None = None
        self._is_closed = False
        self._is_live = False
        self._is_final = False  # nobody writes to the source any more
        self._lines: Iterator[tuple[int, bytes]] = iter(())
        self._offset = 0  # where the next line starts
        self._number = 0  # of the next line; 0 where nobody counted
        self._place = ""  # the source's mark, once it was needed
        self._kept = ("", 0, "")
        self._passed: set[str] = set()  # segments that were read or come before
        self._recent: deque[tuple[int, int, int]] = deque(maxlen=_RECENT_LINES)
        self._taken_back: Counter[int] = Counter()
        if position not in {None, "start"}:
            self._find(str(position))

    @property
    def position(self) -> str:
        """The place after the record that came last, as text to keep; it holds over rotation and compression."""
        place, offset, last = self._kept
        return f"{place}/{offset}/{last}" if place else "start"

    def close(self) -> None:
        """End the iteration and let go of the file."""
        if self._source:
            self._source.close()
        self._source, self._lines, self._is_closed = None, iter(()), True

    def __iter__(self) -> "Follower":
        return self

    def __next__(self) -> Record:
        while True:
            for offset, line in self._lines:
                record = self._record(offset, line)
                if record is not None:
                    return record
            if self._is_closed or (not self._has_more() and self._wait(_POLL_S)):
                raise StopIteration

    def _record(self, offset: int, line: bytes) -> Record | None:
        source = self._source
        assert source is not None  # noqa: S101 - lines come from a source
        self._offset = offset + len(line) + 1
        number, self._number = self._number, self._number + bool(self._number)
        try:
            record = record_at(source, offset, line)
        except Damaged as error:
            number = number or number_at(source, offset)
            self._number = number + 1
            self._on_damage(Damage(source.path, number, str(error)))
            return None
        if record is None:
            return None
        self._place = self._place or mark(source)
        self._kept = (self._place, self._offset, after(line))
        digest = hash(line)
        if not isinstance(source, Inflated):
            self._recent.append((offset, len(line), digest))  # one that came before too: it may be taken back again
        if digest in self._taken_back:
            self._taken_back -= Counter((digest,))
            return None
        return record

    def _has_more(self) -> bool:
        """Look once for more lines, here or in the next file; False when there are none yet."""
        source = self._source
        if source and not self._is_final:
            before_bytes = source.size_bytes
            if self._is_live and identity(self._path) == source.identity:
                source.measure()
            elif not self._is_settled(source):
                return False
            if source.size_bytes < self._offset:
                self._on_damage(Damage(source.path, 0, "was cut short while it was followed"))
                self._offset, self._number = 0, 1
            if source.size_bytes != before_bytes:
                self._lines = forward(source, self._offset)
                return True
            if not self._is_final:
                return False
        return self._goes_on()

    def _is_settled(self, source: Source) -> bool:
        """Tell whether no writer is in the middle of appending to a rotated file, whose size is final then."""
        try:
            fcntl.flock(source.descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        source.measure()
        fcntl.flock(source.descriptor, fcntl.LOCK_UN)
        self._is_final = True
        return True

    def _goes_on(self) -> bool:
        """Open the file that comes next; False where there is none yet."""
        older, live = snapshot(self._path)
        for name in older:
            if name in self._passed:
                continue
            self._passed.add(name)
            if self._source and _is_same(name, self._source):
                continue
            try:
                following = open_segment(name)
            except FileNotFoundError:
                self._on_damage(Damage(name, 0, "removed before it was read"))
                continue
            if live:
                live.close()
            self._open(following, 0)
            return True
        if live is None:
            return False
        if self._source and live.identity == self._source.identity:
            live.close()
            self._is_final = False  # its folder was away for a while
            return False
        self._open(live, 0, is_live=True)
        return True

    def _open(self, source: Source, offset: int, *, is_live: bool = False) -> None:
        self._leave()
        self._source, self._is_live, self._is_final = source, is_live, isinstance(source, Inflated)
        self._lines = forward(source, offset)
        self._offset, self._number, self._place = offset, 0 if offset else 1, ""

    def _leave(self) -> None:
        """Remember which lines a writer took back as the file was rotated: they come again in the next one."""
        if not self._source:
            return
        if len(self._taken_back) > _RECENT_LINES:
            self._taken_back.clear()  # from writers that died before they wrote them again
        while self._recent:
            offset, size_bytes, digest = self._recent.pop()
            if os.pread(self._source.descriptor, size_bytes, offset).strip():
                break
            self._taken_back[digest] += 1
        self._recent.clear()
        if self._source.broken:
            self._on_damage(Damage(self._source.path, self._number, self._source.broken))
        self._source.close()

    def _find(self, position: str) -> None:
        older, live = snapshot(self._path)
        for index in range(len(older), -1, -1):
            source = live if index == len(older) else open_segment(older[index])
            if source is None:
                continue
            if position == "end":
                offset = next(backward(source))[0] if mark(source) else None
            else:
                offset = offset_in(source, position)
            if offset is not None:
                self._passed.update(older[: index + 1])
                self._kept = (mark(source), offset, after_at(source, offset))
                self._open(source, offset, is_live=index == len(older))
                return
            source.close()
        if position != "end":
            raise PositionLost(self._path, position)


def _is_same(segment: str, source: Source) -> bool:
    """Tell whether a segment is the file that is open as `source`, renamed or compressed since."""
    try:
        candidate = open_segment(segment)
    except FileNotFoundError:
        return False
    try:
        return candidate.identity == source.identity or mark(candidate) == mark(source) != ""
    finally:
        candidate.close()


follow = Follower
"""How it reads where it is called: `for record in follow(path): ...`"""
