"""What can go wrong in the store, each with who should act on it."""

import os


class StoreError(Exception):
    """The base of every error here."""


class BadRecord(StoreError, ValueError):
    """The record cannot be a line and nothing was written: the caller mends the record."""


class NotStored(StoreError):
    """The record is not safe on disk: the owner mends what the message names, the caller may append again.

    Normally the record is not there. After a failed flush it may be, so what must not double needs a key.

    Arguments:
        path: the stream that was appended to.
        cause: what the operating system said; its number stays readable as `errno`.
    """

    def __init__(self, path: str, cause: OSError) -> None:
        super().__init__(f"{path}: not stored: {cause.strerror or cause}")
        self.errno = cause.errno


class Damaged(StoreError):
    """A line or a compressed segment is not what was written: its reader passes over it and says so."""


class PositionLost(StoreError):
    """The place a follower wants to go on from exists no more: its owner starts again from "start" or "end"."""

    def __init__(self, path: str, position: str) -> None:
        super().__init__(f"{os.fspath(path)} has no position {position!r} (any more): follow from start or from end")


class BackupFailed(StoreError):
    """No backup was made: the owner mends what the message names; backups made before are as they were."""


class BadBackup(StoreError):
    """What should be restored is no whole backup, or would overwrite something: the owner names another one."""


class CannotExport(StoreError):
    """The format asked for is none, or a library for it is missing: the owner does what the message says."""
