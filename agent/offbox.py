"""Off the box: every closed segment sent once, every live file sealed each time, and an index that makes it a backup.

What lies at the address is a backup as `python -m store restore` takes it: `manifest.json` names the files, and is sent
last. A live file goes to one of two names in turn, never to the one that the index has, so that whatever breaks off
leaves the index true. What was sent is known from the stream `offbox`. A backup knows only what was sent before it was
made, so a folder that was brought back is a new box, and what lies under the old name is never written to again. So is
one whose address was changed: nothing of it lies there yet.
"""

import os
import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zlib import crc32

from agent.clock import Clock, timestamp
from agent.errors import ConfigError, FolderError, Unreachable
from agent.folder import DataFolder
from agent.settings import Config
from agent.upload import Uploader, address
from store import newest, scan
from store.content import File, files
from store.line import encode
from store.manifest import NAME, RESTORED, Entry, Manifest
from store.streams import is_segment

STREAM = "offbox"
_DEADLINE_S_MIN = 30.0
_BYTES_A_SECOND_MIN = 50_000
_TURNS = (".a", ".b")
_LOOKS_MAX = 3


class Sent(NamedTuple):
    """What one run did."""

    to: str
    files: int
    bytes: int


class Known(NamedTuple):
    """What the stream says of the runs before."""

    box: str
    entries: dict[str, Entry]
    live: dict[str, str]
    """By which name the index has each live file."""
    last: str
    """The kind of the newest record: `index` where the address has an index of all that was sent."""


class Offbox:
    """One run on one data folder.

    Arguments:
        base: the secret address, checked by `checked`.
        clock: what tells the time.
        end_s: when, in the clock's monotonic seconds, all has to be over.
    """

    def __init__(
        self, config: Config, folder: DataFolder, clock: Clock, uploader: Uploader, base: str, end_s: float
    ) -> None:
        self._config, self._folder, self._clock = config, folder, clock
        self._uploader, self._base, self._end_s = uploader, base, end_s
        parts = urlsplit(base)
        # Tells addresses apart without telling one; name, password and query are keys, which may be changed.
        self._place = f"{crc32(f'{parts.hostname}:{parts.port}{parts.path}'.encode()):08x}"
        self._bytes = self._files = 0

    def run(self) -> Sent:
        """Send what is new, then the index.

        Raises: Unreachable, Refused, Unusable, Stopped; NotStored, OSError. What was sent before counts as sent.
        """
        known = self._known()
        entries = {name: entry for name, entry in known.entries.items() if is_segment(name)}
        if known.last == "indexing":
            # Whether that index came is not known, so which names are free is not either: it is sent again.
            self._send_index(known.box, entries | {name: known.entries[name] for name in known.live})
        entries |= self._send(known, is_own=False)
        if self._files or known.last == "sent":
            # Last, and only then: each run adds to its own stream, which alone is no reason for a run.
            entries |= self._send(known, is_own=True)
            self._send_index(known.box, entries)
        return Sent(known.box, self._files, self._bytes)

    def _send(self, known: Known, *, is_own: bool) -> dict[str, Entry]:
        """Send what is new of this module's own stream, or of all else; return what is there now."""
        entries = {}
        for name, file in files(self._folder.path, self._config.path):
            if name.startswith(f"{STREAM}.jsonl") == is_own and (entry := self._sent(name, file, known)):
                entries[name] = entry
        return entries

    def _known(self) -> Known:
        path = self._folder.stream(STREAM)
        restored = self._folder.path / RESTORED
        latest = next(newest(path), None)
        if restored.exists() or (latest and latest.get("place", self._place) != self._place):
            box = f"{self._new_box()}-{re.sub('[-:.]', '', timestamp(self._clock.now_s()))}"
            self._note("begun", box, live={})
            # Only now, and before anything is sent: killed in between, yet another one begins, still empty.
            restored.unlink(missing_ok=True)
        box = next((record["box"] for record in newest(path)), "") or self._new_box()
        entries: dict[str, Entry] = {}
        live: dict[str, str] = {}
        last = "index"
        for record in scan(path):
            last = record["kind"]
            if last == "begun":
                entries, live = {}, {}
            elif last == "sent":
                entry = Entry(**{name: record[name] for name in Entry._fields})
                entries[entry.name] = entry
            else:
                live = record["live"]
        return Known(box, entries, live, last)

    def _new_box(self) -> str:
        """Return a name that other data have not: a new box must not write over what an old one left."""
        first = next(scan(self._folder.stream("events")), None)
        if first is None:
            raise FolderError(
                f"{self._folder.path}: holds no events yet, so there is nothing to send; start bot.py first"
            )
        return f"{re.sub('[^A-Za-z0-9.-]', '-', os.uname().nodename)}-{crc32(encode(first)):08x}"

    def _sent(self, name: str, file: File, known: Known) -> Entry | None:
        """Send a file unless it was; return what the index says of it, None where it is empty."""
        old = known.entries.get(name)
        is_packed = file.source.path.endswith(".gz")
        if old and ((file.raw_bytes, file.mtime_ns) == (old.source_size_bytes, old.source_mtime_ns) or is_packed):
            return old
        if not file.raw_bytes:
            return None
        entry = file.entry(name)
        for _ in range(_LOOKS_MAX):
            if not is_segment(name):
                entry = entry._replace(stored=name + _TURNS[known.live.get(name, "").endswith(_TURNS[0])])
            self._put(f"{known.box}/{entry.stored}", file.source.descriptor, file.raw_bytes)
            # A writer that was frozen may just have taken a line back in a file that was rotated.
            again = file.entry(name)
            if again.sha256 == entry.sha256:
                break
            entry = again
        self._note("sent", known.box, **entry._asdict())
        return entry

    def _send_index(self, box: str, entries: dict[str, Entry]) -> None:
        text = Manifest(timestamp(self._clock.now_s()), box, entries).dump()
        live = {name: entry.stored for name, entry in entries.items() if not is_segment(name)}
        # Before and after: an index may come though its answer does not, or though this process is killed.
        self._note("indexing", box, live=live)
        descriptor = os.memfd_create(NAME)
        try:
            os.write(descriptor, text)
            self._put(f"{box}/{NAME}", descriptor, len(text))
        finally:
            os.close(descriptor)
        self._note("index", box, live=live)

    def _put(self, name: str, descriptor: int, size_bytes: int) -> None:
        left_s = self._end_s - self._clock.monotonic_s()
        if left_s <= 0:
            raise Unreachable("the time for sending is over; what is left is sent next time")
        deadline_s = min(left_s, _DEADLINE_S_MIN + size_bytes / _BYTES_A_SECOND_MIN)
        self._uploader.put(address(self._base, name), descriptor, size_bytes, deadline_s=deadline_s, name=name)
        self._files += 1
        self._bytes += size_bytes

    def _note(self, kind: str, box: str, **fields: Any) -> None:  # noqa: ANN401 - what a record may hold
        with self._folder.open(STREAM, self._config) as stream:
            stream.append(
                {"ts": timestamp(self._clock.now_s()), "kind": kind, "box": box, "place": self._place, **fields}
            )


def checked(base: str) -> str:
    """Return the address, if what is sent there can be read by nobody on the way.

    Raises: ConfigError, which does not say the address: it is a secret.
    """
    try:
        parts = urlsplit(base)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if not host or (parts.scheme != "https" and not (parts.scheme == "http" and host in ("127.0.0.1", "::1"))):
        raise ConfigError("MOSS_BACKUP_URL: must be an address that begins with https://")
    return base
