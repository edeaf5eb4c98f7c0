"""Midnight's backup of a data folder: verified, with the configuration; then what is too old goes."""

import os
from pathlib import Path
from typing import NamedTuple

from agent.errors import FolderError
from agent.folder import DataFolder
from agent.settings import Config
from store import verify
from store.backup import backup
from store.prune import Kept, prune
from store.streams import streams

_DAMAGES_TOLD_MAX = 5


class Done(NamedTuple):
    """What was done, as its event tells it, and what was found damaged meanwhile."""

    fields: dict[str, object]
    damaged: list[str]


def keep(config: Config, folder: DataFolder, now_s: float) -> Done:
    """Back the folder up, remove backups that are too old, and segments that are too old and in the backup.

    Arguments:
        now_s: the time, seconds since 1970 UTC.
    Raises: FolderError where it would go into the data itself, or onto a disk that is nearly full; StoreError and
        OSError as the store raises them, the backups made before being as they were.
    Cost: reads all records once, to see that they are sound, and what is new twice more.
    """
    to = Path(config.backup.folder)
    if to.resolve().is_relative_to(folder.path.resolve()):
        raise FolderError(f"[backup] folder {to} lies in the data folder; a backup belongs elsewhere")
    _see_that_there_is_room(to, config.watch.disk_free_mib_min)
    verdicts = [verify(path) for path in streams(folder.path)]
    made = backup(folder.path, to, config=config.path, keep_d=config.backup.keep_d, now_s=now_s)
    damaged = [f"{found.file}:{found.line}: {found.why}" for verdict in verdicts for found in verdict.damaged]
    damaged = (made.damaged + damaged)[:_DAMAGES_TOLD_MAX]
    pruned = list(prune(folder.path, to, config.store.keep_d)) if config.store.keep_d else []
    stays = [f"{found.segment} stays: {found.why}" for found in pruned if isinstance(found, Kept)]
    fields: dict[str, object] = {
        "path": str(made.path),
        "records": sum(verdict.records for verdict in verdicts),
        "bytes": sum(entry.size_bytes for entry in made.manifest.entries.values()),
        "files": len(made.manifest.entries),
        "copied": made.copied,
        "verified": True,
        "removed": len(made.removed),
        "pruned": len(pruned) - len(stays),
    }
    return Done(fields, damaged + stays)


def _see_that_there_is_room(to: Path, free_mib_min: int) -> None:
    """Leave what room there is to the records: a backup can wait, and what happens now cannot."""
    there = next(folder for folder in (to, *to.parents) if folder.exists())
    disk = os.statvfs(there)
    free_mib = disk.f_bavail * disk.f_frsize >> 20
    if free_mib < free_mib_min:
        raise FolderError(f"{to}: its disk has {free_mib} MiB left; the backup waits until there are {free_mib_min}")
