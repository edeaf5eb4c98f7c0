"""The demo market: endless one-minute candles, each a function of seed, symbol and minute, with minutes left out."""

import hashlib
import math
from collections.abc import Iterator
from itertools import islice

from agent.clock import MINUTE_S
from agent.market.candle import Candle, checked

# Waves of chance that are laid over each other: minutes from knot to knot, and how far each moves the price.
_WAVES = ((7, 0.0006), (23, 0.0015), (61, 0.003), (293, 0.008), (1_440, 0.02), (10_080, 0.06))
_BASES = {"KRW-BTC": 98_000_000.0, "KRW-ETH": 4_200_000.0}


class Demo:
    """The demo market as a source; it needs no network and never fails."""

    name = "demo"
    rows_max = 200
    pages_max = 199
    skew_s = 0.0

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def candles(self, symbol: str, before_s: int, count: int, deadline_s: float) -> list[Candle]:  # noqa: ARG002 - at once
        return list(islice(candles_before(self._seed, symbol, before_s), count))[::-1]


def candle_at(seed: int, symbol: str, open_s: int) -> Candle | None:
    """Return the candle of the minute that starts then, None where nothing was traded."""
    minute = open_s // MINUTE_S
    name = f"{seed}/{symbol}"
    lone_hole = _chance(name, "hole", minute) < 0.03
    long_hole = _chance(name, "pause", minute // 6) < 0.008
    if lone_hole or long_hole:
        return None
    tick = 10.0 ** (math.floor(math.log10(_base(symbol))) - 4)
    opening, closing = (round(_price(name, symbol, at) / tick) * tick for at in (minute - 1, minute))
    spread = tick * (1 + int(4 * _chance(name, "spread", minute)))
    values = {
        "open": opening,
        "high": max(opening, closing) + spread,
        "low": min(opening, closing) - spread,
        "close": closing,
        "volume": round(0.01 + 5 * _chance(name, "volume", minute) ** 3, 8),
    }
    return checked(symbol, "demo", open_s, values)


def candles_before(seed: int, symbol: str, before_s: int) -> Iterator[Candle]:
    """Yield the candles that started before then, the newest first, without end."""
    open_s = before_s
    while True:
        open_s -= MINUTE_S
        candle = candle_at(seed, symbol, open_s)
        if candle:
            yield candle


def _base(symbol: str) -> float:
    return _BASES.get(symbol) or 100.0 * 10 ** (4 * _chance(symbol, "base", 0))


def _price(name: str, symbol: str, minute: int) -> float:
    moved = 0.0
    for length, height in _WAVES:
        knot, part = divmod(minute, length)
        slope = part / length
        ease = slope * slope * (3 - 2 * slope)
        before, after = (2 * _chance(name, str(length), at) - 1 for at in (knot, knot + 1))
        moved += height * (before + (after - before) * ease)
    return _base(symbol) * math.exp(moved)


def _chance(name: str, what: str, at: int) -> float:
    """Return a number from 0 to below 1 that only its arguments decide."""
    # A checksum would not do: those of texts of one length differ by a constant, and the markets would move as one.
    digest = hashlib.blake2b(f"{name}/{what}/{at}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32
