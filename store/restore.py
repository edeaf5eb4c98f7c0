"""Bringing a backup back into an empty folder; nothing is ever overwritten."""

import filecmp
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from store.archive import ENDINGS, unpack
from store.backup import backups
from store.manifest import NAME, RESTORED, BadBackup, Manifest, flaw, flush, load

_SCRATCH = ".restoring"


def restore(
    backup: str | os.PathLike[str], folder: str | os.PathLike[str], *, on_damage: Callable[[str], None] | None = None
) -> Manifest:
    """Restore a backup; all is there and verified when this returns, else nothing is; restored.json is its manifest.

    A restore that died while it put the files in place is finished by the same one again, as long as nothing else has
    touched what it left.

    Arguments:
        backup: one backup's folder, a folder of backups (its newest is taken), or an archive.
        folder: the data folder, empty or not there yet; its files get its owner where that may be given.
        on_damage: is told of each file that is damaged or missing in the backup, and all else comes back, the damaged
            file as it lies; without it nothing does.
    Raises: BadBackup when the folder is not empty or the backup is not whole; OSError when something cannot be read
        or written.
    """
    source, target = Path(backup), Path(folder)
    target.mkdir(parents=True, exist_ok=True, mode=0o750)
    scratch = target / _SCRATCH
    # Only an earlier restore that died leaves this one.
    if not scratch.exists():
        if there := _there(target):
            raise BadBackup(f"{target}: is not empty ({there[0]}), and a restore overwrites nothing")
        scratch.mkdir(mode=0o700)
    for path in scratch.iterdir():
        path.unlink()
    try:
        manifest = _fetch(source, scratch, on_damage)
        _hand_over(scratch, target, manifest)
    except BaseException:
        # Beside files that are in place it stays, empty, and says whose they are.
        for path in scratch.iterdir():
            path.unlink()
        if not _there(target):
            scratch.rmdir()
        raise
    shutil.rmtree(scratch)
    return manifest


def _there(target: Path) -> list[str]:
    return sorted(entry.name for entry in target.iterdir() if entry.name != _SCRATCH)


def _fetch(source: Path, scratch: Path, on_damage: Callable[[str], None] | None) -> Manifest:
    """Bring all files of a backup into an empty folder, and verify them there."""
    if source.name.endswith(ENDINGS):
        _ = list(unpack(source, scratch))
    else:
        source = _copy(source, scratch)
    manifest = load(scratch)
    problems = [
        f"{source / entry.stored}: {why}"
        for entry in manifest.entries.values()
        if (why := flaw(scratch / entry.stored, entry))
    ]
    if on_damage:
        for problem in problems:
            on_damage(problem)
    elif problems:
        advice = "name an older backup, which may hold it sound, or bring back all the rest with `restore --damaged`"
        raise BadBackup(f"{'; '.join(problems)}; {advice}")
    return manifest


def _copy(source: Path, scratch: Path) -> Path:
    """Copy what there is of a backup that is a folder; return which one it is."""
    if not (source / NAME).exists():
        found = backups(source)
        if not found:
            raise BadBackup(f"{source}: holds no backup")
        source = found[-1]
    try:
        manifest = load(source)
    except BadBackup as error:
        raise BadBackup(f"{error}; name an older backup, or make a new one where the data are still there") from error
    shutil.copyfile(source / NAME, scratch / NAME)
    for entry in manifest.entries.values():
        # What is missing is told with all else that is wrong.
        with suppress(FileNotFoundError):
            shutil.copyfile(source / entry.stored, scratch / entry.stored)
    return source


def _hand_over(scratch: Path, target: Path, manifest: Manifest) -> None:
    """Give the files their owner and put them in place, the manifest first and the live files last."""
    owner = target.stat()
    left = {RESTORED: (scratch / NAME, (scratch / NAME).stat().st_mtime_ns)}
    for entry in sorted(manifest.entries.values(), key=lambda each: each.name.endswith(".jsonl")):
        # What was sent off the box goes by a name of its own there.
        name = f"{entry.name}.gz" if entry.stored.endswith(".gz") else entry.name
        if (scratch / entry.stored).exists():
            left[name] = (scratch / entry.stored, entry.source_mtime_ns)
    for name in _there(target):
        path, _ = left.pop(name, (None, 0))
        if path is None or not filecmp.cmp(path, target / name, shallow=False):
            raise BadBackup(
                f"{target}: a restore died here, and {name} is not, or no more, what this backup has there; name the "
                "backup of that restore, or another folder: this one is left as it is"
            )
    for name, (path, mtime_ns) in left.items():
        _hand_over_one(path, target / name, mtime_ns, owner)
    flush(target)


def _hand_over_one(path: Path, to: Path, mtime_ns: int, owner: os.stat_result) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        if os.geteuid() == 0:
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        os.fchmod(file.fileno(), 0o640)
    # The next backup into the same place then finds the file as it knows it.
    os.utime(path, ns=(mtime_ns, mtime_ns))
    path.rename(to)
