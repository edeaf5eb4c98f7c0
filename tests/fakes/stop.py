"""A stop that listens to the test's own process, which has its signals back afterwards."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from agent.stop import STOP_SIGNALS, Stop


@contextmanager
def installed() -> Iterator[Stop]:
    """Install a stop while the block lasts."""
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    stop = Stop()
    stop.install()
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(signal.set_wakeup_fd(-1))
        os.close(stop._heard)
