"""Following a stream: each record once, in order, over rotations, and again from a position that was kept."""

import os
import time
from collections.abc import Callable, Iterator

from store.errors import Damaged
from store.forward import forward, record_at
from store.inflate import Inflated
from store.line import Damage, Record
from store.lines import backward, number_at
from store.position import PositionLost, after, after_at, mark, offset_in
from store.read import OnDamage, PathLike, tell
from store.segments import Source, identity, open_segment, snapshot

_POLL_S = 0.2


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
        if position not in {None, "start"}:
            self._find(str(position))

    @property
    def position(self) -> str:
        """The place after the record that came last, as text to keep; it holds over rotation and compression."""
        place, offset, last = self._kept
        return f"{place}/{offset}/{last}" if place else "start"

    @property
    def is_held_up(self) -> bool:
        """Whether a writer stood still at the last look: what it was appending may come, or not."""
        return self._source is not None and not self._source.is_settled

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
        return record

    def _has_more(self) -> bool:
        """Look once for more lines, here or in the next file; False when there are none yet."""
        source = self._source
        if source and not self._is_final:
            before_bytes = source.size_bytes
            is_there = self._is_live and identity(self._path) == source.identity
            if is_there and os.fstat(source.descriptor).st_size == before_bytes:
                return False
            if not self._is_settled(source):
                source.size_bytes = before_bytes  # what a writer takes back would come again
                return False
            self._is_final = not is_there
            if source.size_bytes < self._offset:
                self._on_damage(Damage(source.path, 0, "was cut short while it was followed"))
                self._offset, self._number = 0, 1
            if source.size_bytes != before_bytes:
                self._lines = forward(source, self._offset)
                return True
            if is_there:
                return False
        return self._goes_on()

    def _is_settled(self, source: Source) -> bool:
        """Look whether a writer is in it; for one that stood still at the last look it does not wait."""
        return (source.is_settled or source.is_free()) and source.settle().is_settled

    def _goes_on(self) -> bool:
        """Open the file that comes next; False where there is none yet."""
        older, live = snapshot(self._path)
        for name in older:
            if name in self._passed:
                continue
            self._passed.add(name)
            if self._source and _is_same(name, self._source):
                if self._has_grown():
                    self._passed.remove(name)
                    if live:
                        live.close()
                    return self._has_more()
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

    def _has_grown(self) -> bool:
        """Tell whether more came after it was taken for final, since its folder was away, and before it was rotated."""
        source = self._source
        if source is None or isinstance(source, Inflated):
            return False
        self._is_final = os.fstat(source.descriptor).st_size == source.size_bytes
        return not self._is_final

    def _open(self, source: Source, offset: int, *, is_live: bool = False) -> None:
        self._leave()
        self._source, self._is_live, self._is_final = source, is_live, isinstance(source, Inflated)
        if not source.is_settled:
            source.size_bytes = offset
        self._lines = forward(source, offset)
        self._offset, self._number, self._place = offset, 0 if offset else 1, ""

    def _leave(self) -> None:
        if not self._source:
            return
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
