"""Checking every line of a stream, much faster than by parsing it: what carries a checksum is not parsed."""

import os
from zlib import crc32

from store.errors import Damaged
from store.line import MARK, Damage, is_checked
from store.lines import blocks, record_at
from store.read import PathLike, opened
from store.search import bound, placed
from store.segments import Source, snapshot

_OVERLAP_S = 1


class Verdict:
    """What a stream holds, and what is wrong with it."""

    def __init__(self) -> None:
        self.records = 0
        self.bytes = 0
        """Of content, as it is uncompressed."""
        self.segments = 0
        """Files, the live one included."""
        self.torn = 0
        """Files that end in the middle of a line. It was never acknowledged, and is blanked by the next append."""
        self.unchecked = 0
        """Records without a checksum."""
        self.damaged: list[Damage] = []
        self.set_back: list[Damage] = []
        """Where `ts` falls by over a second: there the clock was set back. No damage, but a range may miss."""
        self.first_ts: str | None = None
        self.last_ts: str | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing is damaged."""
        return not self.damaged

    def add(self, source: Source) -> None:
        """Check one more file, newer than those before."""
        self.segments += 1
        number = 0
        for start, after, data in blocks(source):
            self.bytes += after - start
            if not data.endswith(b"\n"):
                self.torn += 1
                break
            number = self._add_lines(source, start, number, data)
        if source.broken:
            self.damaged.append(Damage(source.path, number + 1, source.broken))

    def _add_lines(self, source: Source, offset: int, number: int, data: bytes) -> int:
        last = (self.last_ts or "").encode()
        first = b""
        for line in data[:-1].split(b"\n"):
            number += 1
            # What most lines are, without a call; _ts looks at the others again.
            if (
                line[-10:-2] == b"%08x" % crc32(line[:-17])
                and line[-17:-10] == MARK
                and line[-2:] == b'"}'
                and line[30:32] == b'Z"'
            ):
                self.records += 1
                ts = line[7:31]
            else:
                ts = self._ts(source, offset, number, line)
            offset += len(line) + 1
            if ts < last:
                if not ts:
                    continue
                self._fell(source, number, last, ts)
            first = first or ts
            last = ts or last
        if last:
            self.first_ts = self.first_ts or first.decode()
            self.last_ts = last.decode()
        return number

    def _ts(self, source: Source, offset: int, number: int, line: bytes) -> bytes:
        """Count any other line; return its record's time, empty where there is none to compare."""
        try:
            record = record_at(source, offset, line)
            if record is None:
                return b""
            self.unchecked += not is_checked(line)
        except Damaged as error:
            self.damaged.append(Damage(source.path, number, str(error)))
            return b""
        self.records += 1
        try:
            return placed(record["ts"]).encode()
        except Damaged:
            return b""

    def _fell(self, source: Source, number: int, last: bytes, ts: bytes) -> None:
        try:
            lowest = bound(last.decode(), -_OVERLAP_S)
        except (ValueError, OverflowError):
            return
        if ts.decode() < lowest:
            self.set_back.append(Damage(source.path, number, f"`ts` falls from {last.decode()} to {ts.decode()}"))


def verify(path: PathLike) -> Verdict:
    """Check every line of a stream over all its segments.

    Cost: about a sixth of reading it where lines carry checksums.
    """
    verdict = Verdict()
    older, live = snapshot(os.fspath(path))
    try:
        for name in older:
            for source in opened(name, verdict.damaged.append):
                verdict.add(source)
        if live:
            verdict.add(live)
    finally:
        if live:
            live.close()
    return verdict
