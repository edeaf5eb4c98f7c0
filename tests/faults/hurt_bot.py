"""The bot, with faults on demand. Usage: hurt_bot.py as bot.py; SIGUSR1 raises an error, SIGUSR2 takes all memory.

The memory that may be taken is bounded, so that the machine never suffers; both happen wherever the bot just is.
"""

import resource
import signal
import sys
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import bot

MEMORY_BYTES_MAX = 128 << 20
ballast: list[bytearray] = []


def fail(_number: int, _frame: FrameType | None) -> None:
    raise RuntimeError("an error that nobody expected")


def take_all_memory(_number: int, _frame: FrameType | None) -> None:
    """Leave nothing; from here on the bot itself meets the end of memory, in whatever it does next."""
    size_bytes = 1 << 24
    while size_bytes > 16:
        try:
            ballast.append(bytearray(size_bytes))
        except MemoryError:
            size_bytes //= 2


resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
signal.signal(signal.SIGUSR1, fail)
signal.signal(signal.SIGUSR2, take_all_memory)
sys.exit(bot.main())
