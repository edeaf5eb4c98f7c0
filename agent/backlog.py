"""What is still to be told to one receiver, read back from the store: nothing is told twice, nothing forgotten.

What was told is a record of `messages.jsonl` with a mark for each stream: the last record of it that was told, and all
before that are settled.
"""

import json
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, NamedTuple
from zlib import crc32

from agent.clock import DAY_S, HOUR_S, seconds, timestamp
from agent.folder import DataFolder
from store import Record, newest

WAITING_MAX = 50
# Records that are looked at and never told again; the oldest of so many are forgotten.
_KNOWN_MAX = 5_000
# Not each of these is told: they are counted, and the next message says how many there were.
ROLLED_UP = ("error", "breaker", "source")
TOLD_STREAMS = ("events", "ledger")


class Parcel(NamedTuple):
    """One record that is to be told, and the stream it is of."""

    stream: str
    key: str
    record: Record


def key_of(record: Record) -> str:
    """Return what tells this record from every other one: its moment, and a checksum of all of it."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"))
    return f"{record['ts']}/{crc32(text.encode()):08x}"


class Backlog:
    """One receiver's parcels, oldest first: at most 50, at most a day old; what is let go is counted.

    Arguments:
        name: the receiver's.
        is_wanted: tells which records it is told.
        folder: where the records are.
        now_s: the moment.
    Cost: reads back a day of events.
    """

    def __init__(self, name: str, is_wanted: Callable[[Record], bool], folder: DataFolder, now_s: float) -> None:
        self.parcels: deque[Parcel] = deque()
        self.rolled_up: Counter[str] = Counter()
        self.dropped = 0
        self.is_alerted = False
        """Whether an alert of this very receiver has not ended."""
        self._name = name
        self._is_wanted = is_wanted
        self._known: dict[str, None] = {}
        self._read_until = self._start_ts = ""
        self.marks, self.is_first = _marks(name, folder)
        for stream in TOLD_STREAMS:
            self._read_back(stream, folder, timestamp(now_s - DAY_S))

    def add(self, stream: str, record: Record, now_s: float) -> None:
        """Take a new record, unless it is known, none of its business, or older than a day."""
        if record["kind"] in ROLLED_UP and record["ts"] > self._read_until:
            self.rolled_up[record["kind"]] += 1
        if not self._is_wanted(record) or record["ts"] < timestamp(now_s - DAY_S):
            return
        key = key_of(record)
        if key in self._known:
            return
        self._know(key)
        if record["kind"] == "start":
            before_ts, self._start_ts = self._start_ts, record["ts"]
            if _is_repeat(record, before_ts):
                self.rolled_up["start"] += 1
                return
        self._push(Parcel(stream, key, record))

    def expire(self, now_s: float) -> None:
        """Let go of what is older than a day."""
        oldest_ts = timestamp(now_s - DAY_S)
        while self.parcels and self.parcels[0].record["ts"] < oldest_ts:
            self.parcels.popleft()
            self.dropped += 1

    def settle(self, count: int) -> dict[str, Any]:
        """Take out the first parcels, which were told; returns what the store is to hold of that."""
        told = {"channel": self._name, "count": count, "dropped": self.dropped}
        for _ in range(count):
            parcel = self.parcels.popleft()
            self.marks[parcel.stream] = parcel.key
        self.dropped = 0
        self.rolled_up.clear()
        return {**told, "marks": dict(self.marks)}

    def _push(self, parcel: Parcel) -> None:
        self.parcels.append(parcel)
        if len(self.parcels) > WAITING_MAX:
            self.parcels.popleft()
            self.dropped += 1

    def _know(self, key: str) -> None:
        self._known[key] = None
        if len(self._known) > _KNOWN_MAX:
            self._known.pop(next(iter(self._known)))

    def _read_back(self, stream: str, folder: DataFolder, oldest_ts: str) -> None:
        mark = self.marks.get(stream, "")
        fresh: deque[Parcel] = deque()
        keys: list[str] = []
        is_new, is_settled = True, False
        repeats = self._repeats(folder, oldest_ts) if stream == "events" else set()
        for record in newest(folder.stream(stream)):
            if record["ts"] < oldest_ts:
                break
            self._read_until = max(self._read_until, record["ts"])
            if not is_settled and record["kind"] in ("alert", "alert_end") and record.get("what") == self._name:
                self.is_alerted, is_settled = record["kind"] == "alert", True
            is_wanted = self._is_wanted(record)
            key = key_of(record) if is_wanted or mark.startswith(record["ts"]) else ""
            is_new = is_new and not (key and key == mark)
            if is_wanted and len(keys) < _KNOWN_MAX:
                keys.append(key)
            if is_new and (record["kind"] in ROLLED_UP or key in repeats):
                self.rolled_up[record["kind"]] += 1
            elif is_new and is_wanted and len(fresh) < WAITING_MAX:
                fresh.appendleft(Parcel(stream, key, record))
            else:
                self.dropped += is_new and is_wanted
        for key in reversed(keys):
            self._know(key)
        for parcel in fresh:
            self._push(parcel)

    def _repeats(self, folder: DataFolder, oldest_ts: str) -> set[str]:
        """Return the keys of starts that came within an hour of another that was worth telling."""
        repeats: set[str] = set()
        later: Record | None = None
        for record in newest(folder.stream("events")):
            if record["ts"] < oldest_ts:
                break
            if record["kind"] == "start" and self._is_wanted(record):
                if later and _is_repeat(later, record["ts"]):
                    repeats.add(key_of(later))
                self._start_ts = self._start_ts or record["ts"]
                later = record
        return repeats


def _is_repeat(start: Record, before_ts: str) -> bool:
    """Tell whether a start is more of the same trouble; a process that dies each minute is told of once."""
    return bool(before_ts) and seconds(start["ts"]) - seconds(before_ts) < HOUR_S


def _marks(name: str, folder: DataFolder) -> tuple[dict[str, str], bool]:
    """Return up to where this receiver was told, and whether it never was any; what was before that is not told."""
    for record in newest(folder.stream("messages")):
        if record.get("channel") == name:
            return dict(record["marks"]), False
    marks = {}
    for stream in TOLD_STREAMS:
        for record in newest(folder.stream(stream)):
            # Of the run that is beginning all is told, whatever comes first: its start or this receiver.
            if stream != "events" or record["kind"] in ("start", "reload"):
                marks[stream] = key_of(record)
                break
    return marks, True
