"""The desk as ever; SIGUSR2 takes memory until it is killed. Run inside the machine."""

import runpy
import signal
import sys
from types import FrameType

CHUNK_BYTES = 1 << 20
held: list[bytes] = []


def take_memory(_number: int, _frame: FrameType | None) -> None:
    """Take it for good: each byte is written to, so that it counts."""
    while True:
        held.append(b"\xff" * CHUNK_BYTES)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR2, take_memory)
    sys.argv[0] = "desk"
    runpy.run_module("desk", run_name="__main__", alter_sys=True)
