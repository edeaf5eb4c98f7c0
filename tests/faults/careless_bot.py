"""The bot with an append as most write it: what the chaos is held against. Usage: careless_bot.py as bot.py.

It writes a line in two parts, as a buffer that is full does, and never looks how the last writer left the file.
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import bot
from store import Store


def keep(self: Store, data: bytes) -> None:
    descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    half = len(data) // 2
    os.write(descriptor, data[:half])
    time.sleep(0.02)
    os.write(descriptor, data[half:])
    os.close(descriptor)


Store._keep = keep  # type: ignore[method-assign]  # the fault
sys.exit(bot.main())
