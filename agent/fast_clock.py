"""The demo's clock: from a given moment on, and as fast as one likes; imported only for the demo market."""

import time
from collections.abc import Callable
from pathlib import Path

from agent.clock import MINUTE_S, seconds
from store import newest


class FastClock:
    """A clock that starts at a given moment and runs `speed` times as fast.

    Arguments:
        start_s: the moment it shows first, seconds since 1970 UTC.
        speed: its seconds per real second, above 0.
        wait: what sleeps, in real seconds.
    """

    def __init__(self, start_s: float, speed: float, wait: Callable[[float], object] = time.sleep) -> None:
        self._start_s = start_s
        self._speed = speed
        self._wait = wait
        self._zero_s = time.monotonic()

    def now_s(self) -> float:
        return self._start_s + self.monotonic_s()

    def monotonic_s(self) -> float:
        return (time.monotonic() - self._zero_s) * self._speed

    def sleep_s(self, duration_s: float) -> None:
        self._wait(max(0.0, duration_s) / self._speed)


def going_on(prices: Path, speed: float, wait: Callable[[float], object]) -> FastClock:
    """Return a clock that goes on where the stored candles end: else a second start would fall back behind the first.

    Arguments:
        prices: the stream of candles; without any the clock starts with the machine's minute.
    """
    start_s = time.time() // MINUTE_S * MINUTE_S
    for record in newest(prices):
        start_s = seconds(record["open_ts"]) + MINUTE_S
        break
    return FastClock(start_s, speed, wait)
