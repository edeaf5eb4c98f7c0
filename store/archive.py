"""A backup as one archive, and unpacking it."""

import gzip
import io
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from store.content import files
from store.manifest import NAME, BackupFailed, BadBackup, Entry, Made, Manifest, flush, load, wrong
from store.search import bound

ENDINGS = (".tar", ".tar.gz", ".tgz")


def write(source: Path, target: Path, config: str | os.PathLike[str] | None, now: datetime) -> Made:
    """Back up a data folder into an archive that is not there yet."""
    if target.exists():
        raise BackupFailed(f"{target}: is there already, and no backup is overwritten")
    part = target.with_name(f"{target.name}.part")
    entries: dict[str, Entry] = {}
    damaged = []
    try:
        with tarfile.open(part, "w" if target.name.endswith(".tar") else "w:gz") as archive:
            for name, file in files(source, config):
                entries[name] = entry = file.entry(name)
                _add(archive, entry.stored, file.raw(), file.raw_bytes, now)
                if entry.damage:
                    damaged.append(f"{file.source.path}: {entry.damage}; kept as it lies")
            manifest = Manifest(bound(now), str(source.absolute()), entries)
            text = manifest.dump()
            _add(archive, NAME, io.BytesIO(text), len(text), now)
        part.chmod(0o640)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f"{target.name}.") as scratch:
            if problems := [
                problem for each in unpack(part, Path(scratch)) for problem in wrong(Path(scratch), [each])
            ]:
                raise BackupFailed("; ".join(problems))
        flush(part)
        part.rename(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    flush(target.parent)
    return Made(target, manifest, len(entries), [], damaged)


def unpack(path: Path, to: Path) -> Iterator[Entry]:
    """Unpack an archive file by file, its manifest first.

    Raises: BadBackup when it is no whole backup.
    """
    try:
        with tarfile.open(path) as archive:
            _unpack_one(archive, NAME, to)
            for entry in load(to).entries.values():
                _unpack_one(archive, entry.stored, to)
                yield entry
    except (tarfile.TarError, KeyError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadBackup(f"{path}: no whole backup: {error}") from error


def _unpack_one(archive: tarfile.TarFile, name: str, to: Path) -> None:
    # Only content is taken: no mode, owner, path or link that an archive may bring along.
    packed = archive.extractfile(name)
    if packed is None:
        raise KeyError(f"{name} is no file")
    with packed, open(to / name, "xb") as file:
        shutil.copyfileobj(packed, file)


def _add(archive: tarfile.TarFile, name: str, content: io.BufferedIOBase, size_bytes: int, now: datetime) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size_bytes, 0o440, int(now.timestamp())
    archive.addfile(info, content)
