"""A small file kept for the day the disk is full: given up then, it makes room for the record that says so."""

# ruff: noqa: PTH104, PTH108, PTH110, PTH118 - pathlib would cost a writer 2 MiB
import errno
import os
from contextlib import suppress

from store.errors import NotStored

NAME = "reserve"
_SIZE_BYTES = 262_144


def fill(folder: str | os.PathLike[str]) -> bool:
    """Make the reserve file in the data folder where it is missing; tell whether it is there.

    Cost: one system call where it is there; else a quarter of a MiB is written and flushed.
    """
    path = os.path.join(folder, NAME)
    if os.path.exists(path):
        return True
    descriptor = -1
    try:
        descriptor = os.open(f"{path}.part", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
        # Noise, since a file system may keep zeros without taking room for them.
        if os.write(descriptor, os.urandom(_SIZE_BYTES)) < _SIZE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
        os.rename(f"{path}.part", path)
    except OSError:
        # No room for it just now: a later call tries again.
        with suppress(OSError):
            os.unlink(f"{path}.part")
        return False
    finally:
        if descriptor >= 0:
            os.close(descriptor)
    return True


def give_up(folder: str | os.PathLike[str], error: NotStored) -> bool:
    """Remove the reserve file if a full disk or quota is why a record was not stored; tell whether there is room now.

    Where it returns True, append the record that tells of it at once: the room is anyone's.
    """
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return False
    try:
        os.unlink(os.path.join(folder, NAME))
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # A journaling file system gives freed blocks out only after it has noted that they are free.
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True
