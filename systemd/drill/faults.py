"""The faults of the drill: each makes one happen, and returns the seconds to the first candle after it."""

import contextlib
import signal
import time
from collections.abc import Callable
from pathlib import Path

from agent.console import say
from drill.copy import Copy, Misfire, wait_for
from drill.exchange import Exchange

# The copy's watchdog bites after 10 s, systemd starts it 5 s after its end, and a small machine needs some seconds.
BACK_S_MAX = 60.0


def killed(copy: Copy) -> float:
    """Take the process away in the middle of whatever it does."""
    return _ended_by(copy, signal.SIGKILL)


def raised(copy: Copy) -> float:
    """Raise an error that nothing catches."""
    return _ended_by(copy, signal.SIGUSR1)


def hung(copy: Copy) -> float:
    """Stop the process without ending it, which only the watchdog notices."""
    return _ended_by(copy, signal.SIGSTOP)


def starved(copy: Copy) -> float:
    """Take all the memory that the unit may have; without a limit the whole machine would be starved."""
    if copy.memory_bytes_max() is None:
        raise Misfire("this machine does not hold MemoryMax= (no memory controller of cgroup v2)")
    return _ended_by(copy, signal.SIGUSR2)


def disk_full(copy: Copy) -> float:
    """Leave no byte free until the copy has met it; the time runs from when there is room again."""
    pid, ballast = copy.pid(), copy.data / "ballast"
    refused = copy.journal().count("not stored")
    try:
        with ballast.open("wb", buffering=0) as file:
            for size_bytes in (1 << 16, 1 << 10, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size_bytes))
        wait_for(lambda: copy.journal().count("not stored") > refused, BACK_S_MAX, "a record that was not stored")
        count = copy.candles()
    finally:
        ballast.unlink(missing_ok=True)
    begun_s = time.monotonic()
    wait_for(lambda: copy.candles() > count, BACK_S_MAX, "a new candle")
    took_s = time.monotonic() - begun_s
    if copy.pid() != pid:
        say("the full disk ended the process, which was not needed")
    return took_s


def exchange_away(copy: Copy, exchange: Exchange) -> float:
    """Refuse connections until the copy has told of it; the time runs from when the exchange is back."""
    errors = copy.events("error")
    exchange.leave()
    try:
        wait_for(lambda: copy.events("error") > errors, BACK_S_MAX, "an error event")
        count = copy.candles()
    finally:
        exchange.come_back()
    begun_s = time.monotonic()
    # One candle is closed a minute, and after failures the bot asks less often.
    wait_for(lambda: copy.candles() > count, 10 * BACK_S_MAX, "a new candle")
    return time.monotonic() - begun_s


def _ended_by(copy: Copy, number: signal.Signals) -> float:
    pid = copy.pid()
    begun_s = time.monotonic()
    copy.signal(number)
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), BACK_S_MAX, "the end of the hurt process")
    count = copy.candles()
    wait_for(lambda: copy.candles() > count, BACK_S_MAX, "a new candle")
    return time.monotonic() - begun_s


MADE_UP: dict[str, Callable[[Copy], float]] = {
    "killed (kill -9)": killed,
    "an error nobody expected": raised,
    "hung (watchdog at 10 s, else 150 s)": hung,
    "memory limit reached": starved,
    "disk full": disk_full,
}
