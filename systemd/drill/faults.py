"""The faults of the drill: each makes one happen, and returns the seconds to the first candle after it."""

import contextlib
import signal
import time
from collections.abc import Callable
from pathlib import Path

from agent.console import say
from drill.exchange import Exchange
from drill.twin import Misfire, Twin, wait_for

# The copy's watchdog bites after 10 s, systemd starts it 5 s after its end, and a small machine needs some seconds.
BACK_S_MAX = 60.0


def killed(twin: Twin) -> float:
    """Take the process away in the middle of whatever it does."""
    return _ended_by(twin, signal.SIGKILL)


def raised(twin: Twin) -> float:
    """Raise an error that nothing catches."""
    return _ended_by(twin, signal.SIGUSR1)


def hung(twin: Twin) -> float:
    """Stop the process without ending it, which only the watchdog notices."""
    return _ended_by(twin, signal.SIGSTOP)


def starved(twin: Twin) -> float:
    """Take all the memory that the unit may have; without a limit the whole machine would be starved."""
    if twin.memory_bytes_max() is None:
        raise Misfire("this machine does not hold MemoryMax= (no memory controller of cgroup v2)")
    return _ended_by(twin, signal.SIGUSR2)


def disk_full(twin: Twin) -> float:
    """Leave no byte free until the copy has met it; the time runs from when there is room again."""
    pid, ballast = twin.pid(), twin.data / "ballast"
    refused = twin.journal().count("not stored")
    try:
        with ballast.open("wb", buffering=0) as file:
            for size_bytes in (1 << 16, 1 << 10, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size_bytes))
        wait_for(lambda: twin.journal().count("not stored") > refused, BACK_S_MAX, "a record that was not stored")
        count = twin.candles()
    finally:
        ballast.unlink(missing_ok=True)
    begun_s = time.monotonic()
    wait_for(lambda: twin.candles() > count, BACK_S_MAX, "a new candle")
    took_s = time.monotonic() - begun_s
    if twin.pid() != pid:
        say("the full disk ended the process, which was not needed")
    return took_s


def exchange_away(twin: Twin, exchange: Exchange) -> float:
    """Refuse connections until the copy has told of it; the time runs from when the exchange is back."""
    errors = twin.events("error")
    exchange.leave()
    try:
        wait_for(lambda: twin.events("error") > errors, BACK_S_MAX, "an error event")
        count = twin.candles()
    finally:
        exchange.come_back()
    begun_s = time.monotonic()
    # One candle is closed a minute, and after failures the bot asks less often.
    wait_for(lambda: twin.candles() > count, 10 * BACK_S_MAX, "a new candle")
    return time.monotonic() - begun_s


def _ended_by(twin: Twin, number: signal.Signals) -> float:
    pid = twin.pid()
    begun_s = time.monotonic()
    twin.signal(number)
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), BACK_S_MAX, "the end of the hurt process")
    count = twin.candles()
    wait_for(lambda: twin.candles() > count, BACK_S_MAX, "a new candle")
    return time.monotonic() - begun_s


MADE_UP: dict[str, Callable[[Twin], float]] = {
    "killed (kill -9)": killed,
    "an error nobody expected": raised,
    "hung (watchdog at 10 s, else 150 s)": hung,
    "memory limit reached": starved,
    "disk full": disk_full,
}
