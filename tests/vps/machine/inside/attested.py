"""One of the two scripts, which tells a witness outside of each record once it is stored; run inside the machine.

SIGUSR1 raises an error wherever it is, SIGUSR2 takes memory until it is killed.
"""

import importlib
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from store import Store

CHUNK_BYTES = 1 << 20
ballast: list[bytes] = []
keep = Store._keep


def keep_and_tell(store: Store, data: bytes) -> None:
    """Store lines as ever; what then goes to standard output was acknowledged."""
    keep(store, data)
    name = Path(store._path).name.encode()
    told = b"".join(name + b" " + line + b"\n" for line in data.splitlines())
    while told:
        told = told[os.write(1, told) :]


def fail(_number: int, _frame: FrameType | None) -> None:
    """Raise what nobody expects."""
    raise RuntimeError("an error nobody expected")


def take_memory(_number: int, _frame: FrameType | None) -> None:
    """Take it for good: each byte is written to, so that it counts."""
    while True:
        ballast.append(b"\xff" * CHUNK_BYTES)


if __name__ == "__main__":
    script = sys.argv.pop(1)
    Store._keep = keep_and_tell  # type: ignore[method-assign, assignment]
    if script == "bot":
        signal.signal(signal.SIGUSR1, fail)
        signal.signal(signal.SIGUSR2, take_memory)
    sys.exit(importlib.import_module(script).main())
