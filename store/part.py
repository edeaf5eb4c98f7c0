"""A backup in the making: what the backup before holds sound is taken over from it, and all else is copied."""

import os
import shutil
from contextlib import closing, suppress
from pathlib import Path

from store.content import File
from store.manifest import NAME, BackupFailed, BadBackup, Entry, Manifest, flush, load, wrong, wrong_file
from store.segments import Source, open_segment
from store.streams import is_segment
from store.verdict import Verdict


class Part:
    """One backup while it is made; `damaged` says what was found rotten, and what this backup holds instead.

    Arguments:
        path: an empty folder.
        older: the backups before, oldest first.
    """

    def __init__(self, path: Path, older: list[Path]) -> None:
        self._path = path
        self._before, self._known = path, dict[str, Entry]()
        self._entries: dict[str, Entry] = {}
        self._copied: list[Entry] = []
        self._older = older
        self._unread: list[Path] = []
        self.damaged: list[str] = []
        for backup in reversed(older):
            try:
                self._before, self._known = backup, load(backup).entries
                break
            except BadBackup as error:
                self.damaged.append(f"{error}; passed over, and the segments that only it has are kept")
                self._unread.append(backup)

    def take(self, name: str, file: File) -> None:
        """Take in a file of the data.

        Cost: reads what is new twice, and what the backup before has of the rest once.
        """
        old, why = self._known.get(name), ""
        if old and not _is_unchanged(file, old) and not (why := _rotten(name, file.source)):
            old = None
        if old and (flaw := wrong_file(self._before, old)):
            self.damaged.append(f"{flaw}; copied anew from the data")
            old, why = None, why or _rotten(name, file.source)
        if old:
            self._link(self._before, old)
            if why:
                self.damaged.append(f"{file.source.path}: {why}; the backup keeps what it was before")
            return
        entry = self._entries[name] = _copy(name, file, self._path)
        self._copied.append(entry)
        if why := why or file.source.broken:
            self.damaged.append(f"{file.source.path}: {why}; kept as it lies")

    def take_over(self) -> None:
        """Keep what only backups have: the segments that were pruned from the data."""
        for name, old in self._known.items():
            if is_segment(name) and name not in self._entries:
                self._keep(old)
        for backup in self._unread:
            for name in sorted({path.name.removesuffix(".gz") for path in backup.iterdir()}):
                if is_segment(name) and name not in self._entries:
                    with closing(open_segment(str(backup / name))) as source:
                        self._link(backup, File(source, None).entry(name))
                        if why := _rotten(name, source):
                            self.damaged.append(f"{source.path}: {why}; kept as it lies")

    def end(self, made: str, source: str) -> tuple[Manifest, int]:
        """Verify what was copied, and write the manifest; return it, and how many files were copied.

        Raises: BackupFailed when what was copied is not what was read.
        """
        if problems := list(wrong(self._path, self._copied)):
            raise BackupFailed("; ".join(problems))
        manifest = Manifest(made, source, self._entries)
        (self._path / NAME).write_bytes(manifest.dump())
        flush(self._path / NAME)
        flush(self._path)
        return manifest, len(self._copied)

    def _keep(self, old: Entry) -> None:
        """Take over a segment that is in no data any more, from the newest backup that has it sound."""
        flaw = wrong_file(self._before, old)
        if not flaw:
            self._link(self._before, old)
            return
        for backup in reversed(self._older):
            with suppress(BadBackup):
                entry = load(backup).entries.get(old.name, old)
                is_same = (entry.size_bytes, entry.sha256) == (old.size_bytes, old.sha256)
                if is_same and not wrong_file(backup, entry):
                    self._link(backup, entry)
                    self.damaged.append(f"{flaw}; taken from {backup}")
                    return
        try:
            self._link(self._before, old)
        except FileNotFoundError:
            self.damaged.append(f"{flaw}; no backup has it sound, and this one goes without it")
        else:
            self.damaged.append(f"{flaw}; no backup has it sound: `restore --damaged` brings back all the rest")

    def _link(self, backup: Path, entry: Entry) -> None:
        """Take a file over as a link, or as a copy where the file system knows no links."""
        old, new = backup / entry.stored, self._path / entry.stored
        try:
            os.link(old, new)
        except OSError:
            shutil.copy2(old, new)
        self._entries[entry.name] = entry


def _is_unchanged(file: File, old: Entry) -> bool:
    return (file.raw_bytes, file.mtime_ns) == (old.source_size_bytes, old.source_mtime_ns)


def _rotten(name: str, source: Source) -> str:
    """Return what is wrong with a segment, which nobody writes to any more, empty if nothing or if it is none."""
    if not is_segment(name):
        return ""
    verdict = Verdict()
    verdict.add(source)
    return source.broken or "".join(f"line {damage.line} {damage.why}" for damage in verdict.damaged[:1])


def _copy(name: str, file: File, to: Path) -> Entry:
    entry = file.entry(name)
    left_bytes = file.raw_bytes
    with file.raw() as raw, open(to / entry.stored, "xb") as copy:
        while left_bytes and (piece := raw.read(min(left_bytes, 1 << 20))):
            copy.write(piece)
            left_bytes -= len(piece)
        copy.flush()
        os.fsync(copy.fileno())
    (to / entry.stored).chmod(0o440)
    return entry
