"""Secrets: tokens, and addresses that hold one; never in the config, an argument, a log or a record."""

import os
from collections.abc import Mapping
from contextlib import suppress

_SIZE_BYTES_MAX = 10_000


def secret(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return a secret: systemd's credential of that name, else the environment's variable; "" where it is not set.

    White space around it is stripped, and an empty one counts as not set. A credential that cannot be read as text is
    none: what needs it then says that it is not set up, which is what its owner has to look at.
    """
    folder = environ.get("CREDENTIALS_DIRECTORY") or "/nonexistent"
    with suppress(OSError, UnicodeDecodeError), open(f"{folder}/{name}", encoding="utf-8") as file:
        if found := file.read(_SIZE_BYTES_MAX).strip():
            return found
    return environ.get(name, "").strip()
