"""What can go wrong in writing and reading, each with who should act on it; what else can, is where it is raised."""

import errno


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
        is_full = cause.errno in (errno.ENOSPC, errno.EDQUOT)
        todo = "; make room on its disk" if is_full else "; see that its folder is there and writable, and dmesg"
        super().__init__(f"{path}: not stored: {cause.strerror or cause}{todo if cause.errno else ''}")
        self.errno = cause.errno


class Damaged(StoreError):
    """A line or a compressed segment is not what was written: its reader passes over it and says so."""
