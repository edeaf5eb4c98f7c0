"""Backing up a data folder while writers write: into a folder of backups, or into one archive.

A folder of backups holds one folder a backup, each whole in itself: what did not change is a hard link to the backup
before, which is read again first. It also holds the segments that were pruned from the data since: an old backup may
go, and nothing goes with it.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from store.archive import ENDINGS, write
from store.content import files
from store.manifest import NAME, BackupFailed, Made, flush
from store.part import Part
from store.retention import remove_old
from store.search import bound

_PREFIX = "moss-"
_NAMES = f"{_PREFIX}{'[0-9]' * 8}T{'[0-9]' * 6}Z"


def backup(
    folder: str | os.PathLike[str],
    to: str | os.PathLike[str],
    *,
    config: str | os.PathLike[str] | None = None,
    keep_d: int = 0,
    now_s: float | None = None,
) -> Made:
    """Back up all streams of a data folder; it is verified, and safe on the disk, when this returns.

    Arguments:
        folder: the data folder.
        to: a folder that gets one folder a backup, or an archive that is not there yet (.tar, .tar.gz, .tgz).
        config: a configuration file to keep with it.
        keep_d: remove backups older than so many days of which a later one has every record; 0 keeps all.
        now_s: the time, seconds since 1970 UTC.
    Raises: BackupFailed when it is not whole; OSError when something cannot be read or written.
    Cost: reads what is new twice, and what the backup before has of the rest once, to see that it is still sound; a
        lock on a live file for as long as finding its last line takes.
    """
    source, target = Path(folder), Path(to)
    if not source.is_dir():
        raise BackupFailed(f"{source}: there is no such data folder")
    if target.name.endswith(ENDINGS) and not target.is_dir():
        return write(source, target, config, _moment(now_s))
    return _to_folder(source, target, config, keep_d, now_s)


def backups(to: str | os.PathLike[str]) -> list[Path]:
    """Return the backups in a folder of them, in the order they were made in, whatever the clock said."""
    return sorted(path.parent for path in Path(to).glob(f"{_NAMES}/{NAME}"))


def _to_folder(source: Path, to: Path, config: str | os.PathLike[str] | None, keep_d: int, now_s: float | None) -> Made:
    to.mkdir(parents=True, exist_ok=True, mode=0o750)
    with _alone(to):
        now = _moment(now_s)
        final = to / _free_name(to, now)
        for died in to.glob(f"{_NAMES}.part"):
            if died.is_dir():
                shutil.rmtree(died)
        part = Path(f"{final}.part")
        part.mkdir(mode=0o750)
        try:
            filling = Part(part, backups(to))
            for name, file in files(source, config):
                filling.take(name, file)
            filling.take_over()
            manifest, copied = filling.end(bound(now), str(source.absolute()))
            part.rename(final)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        flush(to)
        removed = list(remove_old(backups(to), keep_d, now))
        return Made(final, manifest, copied, removed[::-1], filling.damaged)


def _moment(now_s: float | None) -> datetime:
    return datetime.fromtimestamp(time.time() if now_s is None else now_s, UTC)


def _free_name(to: Path, now: datetime) -> str:
    """Return a name for a backup, after all there are: that of this second, unless the clock was ahead before."""
    name = f"{_PREFIX}{now:%Y%m%dT%H%M%SZ}"
    newest = max((path.name for path in to.glob(_NAMES)), default="")
    if name > newest:
        return name
    after = datetime.fromisoformat(newest.removeprefix(_PREFIX)) + timedelta(seconds=1)
    return f"{_PREFIX}{after:%Y%m%dT%H%M%SZ}"


@contextmanager
def _alone(to: Path) -> Iterator[None]:
    descriptor = os.open(to, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupFailed(f"{to}: another backup is at work there") from error
        yield
        # By hand: a child process that is just being started still has the descriptor.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)
