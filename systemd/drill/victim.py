"""The bot, with faults on demand: SIGUSR1 raises an error wherever it is, SIGUSR2 takes memory until it is killed."""

import signal
import sys
from types import FrameType

import bot

CHUNK_BYTES = 1 << 20
ballast: list[bytes] = []


def fail(_number: int, _frame: FrameType | None) -> None:
    """Raise what nobody expects."""
    raise RuntimeError("the drill's error")


def take_memory(_number: int, _frame: FrameType | None) -> None:
    """Take it for good: each byte is written to, so that it counts."""
    while True:
        ballast.append(b"\xff" * CHUNK_BYTES)


signal.signal(signal.SIGUSR1, fail)
signal.signal(signal.SIGUSR2, take_memory)
sys.exit(bot.main())
