"""What a backup holds: `manifest.json`, written last, so that a backup without one is none."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from store.errors import StoreError
from store.segments import Source, open_segment

NAME = "manifest.json"
RESTORED = "restored.json"
"""What a restore leaves of it in the data folder, for whoever has to know that the data were brought back."""
_FORMAT = 1


class BackupFailed(StoreError):
    """No backup was made: the owner mends what the message names; backups made before are as they were."""


class BadBackup(StoreError):
    """What should be restored is no whole backup, or would overwrite something: the owner names another one."""


class Entry(NamedTuple):
    """One file of a backup; size and hash are those of its content, which compressing does not change."""

    name: str
    """As in the data folder, and as if it were not compressed."""
    stored: str
    """Its name in the backup."""
    size_bytes: int
    sha256: str
    source_size_bytes: int
    source_mtime_ns: int
    """How the file lay in the data folder: one that still lies so is not copied again."""
    damage: str = ""
    """Why not all its content could be read, when it was backed up as it lay."""


class Manifest(NamedTuple):
    """What one backup holds, and when it was made."""

    made: str
    source: str
    entries: dict[str, Entry]

    def dump(self) -> bytes:
        """Return it as the file's text."""
        files = [entry._asdict() for entry in self.entries.values()]
        whole = {"format": _FORMAT, "made": self.made, "source": self.source, "files": files}
        return json.dumps(whole, indent=1, ensure_ascii=False).encode() + b"\n"


class Made(NamedTuple):
    """What a backup did."""

    path: Path
    manifest: Manifest
    copied: int
    """Files that were copied; the others are links to those of the backup before."""
    removed: list[Path]
    """Backups that had become too old."""
    damaged: list[str]
    """What has rotted in the data or in a backup before, and what this one holds instead."""


def load(backup: Path) -> Manifest:
    """Read the manifest of a backup that is a folder.

    Raises: BadBackup when there is none.
    """
    try:
        text = (backup / NAME).read_bytes()
    except OSError as error:
        raise BadBackup(f"{backup}: no backup, its {NAME} cannot be read: {error.strerror}") from error
    return _parse(text, str(backup))


def _parse(text: bytes, where: str) -> Manifest:
    try:
        whole = json.loads(text)
        entries = [Entry(**each) for each in whole["files"]]
        found = whole["format"]
        manifest = Manifest(whole["made"], whole["source"], {entry.name: entry for entry in entries})
    except (ValueError, KeyError, TypeError) as error:
        raise BadBackup(f"{where}: the manifest is damaged: {error!r}") from error
    if found != _FORMAT:
        raise BadBackup(f"{where}: made by another version (format {found}, not {_FORMAT})")
    for entry in entries:
        if "/" in entry.name + entry.stored or entry.name.startswith(".") or entry.stored.startswith("."):
            raise BadBackup(f"{where}: the manifest names {entry.stored!r}, which is no file of a backup")
    return manifest


def measure(source: Source, end: int | None = None) -> tuple[int, str]:
    """Return size in bytes and SHA-256 of a file's content, up to an offset."""
    digest = hashlib.sha256()
    size_bytes = 0
    for piece in source.pieces(0, end):
        digest.update(piece)
        size_bytes += len(piece)
    return size_bytes, digest.hexdigest()


def wrong(folder: Path, entries: Iterable[Entry]) -> Iterator[str]:
    """Yield what is wrong with files of a backup, one sentence each.

    Cost: reads all of them.
    """
    for entry in entries:
        if problem := wrong_file(folder, entry):
            yield problem


def wrong_file(folder: Path, entry: Entry) -> str:
    """Return what is wrong with one file of a backup, empty if nothing."""
    path = folder / entry.stored
    why = flaw(path, entry)
    return why and f"{path}: {why}"


def flaw(path: Path, entry: Entry) -> str:
    """Return what is wrong with a file, wherever it lies, that should be as an entry says; empty if nothing."""
    try:
        with closing(open_segment(str(path).removesuffix(".gz"))) as source:
            size_bytes, sha256 = measure(source)
            if source.broken != entry.damage:
                return source.broken or "no longer broken"
    except FileNotFoundError:
        return "is missing from the backup"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if (size_bytes, sha256) != (entry.size_bytes, entry.sha256):
        return f"{size_bytes} bytes of content that are not those that were backed up"
    return ""


def flush(path: Path) -> None:
    """See that a file's content, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
