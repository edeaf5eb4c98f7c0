"""Our indicators beside pandas and `ta`, on random series: every value has to agree to a billionth."""

import math
import random
import sys
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

SERIES, CLOSES = 60, 400
MANY_CLOSES = 3_000_000
TOLERANCE = 1e-9


def closes(chance: random.Random) -> list[float]:
    """Return a market's closes: of any price level, flat now and then, with jumps."""
    price = 10 ** chance.uniform(-6, 9)
    found = []
    for _ in range(CLOSES):
        price *= 1 + chance.choice((0, 0, 1, 1, 1, 20)) * chance.gauss(0, 0.001)
        found.append(float(f"{price:.8g}"))
    return found


def worst_of(ours: Iterable[float | None], theirs: Iterable[float]) -> float:
    """Return the largest relative difference between two series, 1 where only one of them has a value."""
    worst = 0.0
    for one, other in zip(ours, theirs, strict=True):
        is_there = not math.isnan(other)
        if (one is not None) != is_there:
            return 1.0
        if one is not None and is_there:
            worst = max(worst, abs(one - other) / max(1.0, abs(other)))
    return worst


def main(seed: int = 1) -> int:
    """Compare all; 1 if any differs by more than the tolerance."""
    import pandas
    from ta.momentum import RSIIndicator
    from ta.trend import EMAIndicator, SMAIndicator

    from agent.market.fading import ExponentialMovingAverage, RelativeStrengthIndex
    from agent.market.indicators import SimpleMovingAverage
    from tests.unit.test_market_indicators import PAIRS, worst_after

    def streamed(make: Callable[[int], Any], series: list[float], length: int) -> list[float | None]:
        indicator, found = make(length), []
        for close in series:
            indicator.add(Decimal(repr(close)))
            found.append(indicator.value)
        return found

    chance = random.Random(seed)  # noqa: S311 - for prices, not for secrets
    worst = dict.fromkeys(("pandas SMA", "ta SMA", "pandas EMA", "ta EMA", "ta RSI"), 0.0)
    for _ in range(SERIES):
        series, length = closes(chance), chance.randrange(2, 60)
        frame = pandas.Series(series)
        scale = max(series)
        sma = streamed(SimpleMovingAverage, series, length)
        ema = streamed(ExponentialMovingAverage, series, length)
        rsi = streamed(RelativeStrengthIndex, series, length)
        span = frame.ewm(span=length, min_periods=length, adjust=False).mean()
        for name, ours, theirs in (
            ("pandas SMA", sma, frame.rolling(length).mean()),
            ("ta SMA", sma, SMAIndicator(frame, length).sma_indicator()),
            ("pandas EMA", ema, span),
            ("ta EMA", ema, EMAIndicator(frame, length).ema_indicator()),
        ):
            worst[name] = max(worst[name], worst_of([value and value / scale for value in ours], theirs / scale))
        worst["ta RSI"] = max(worst["ta RSI"], worst_of(rsi, RSIIndicator(frame, length).rsi()))
    for name, difference in worst.items():
        print(f"indicators: {name} differs by {difference:.1e} at most, in {SERIES} series of {CLOSES} (goal 1e-9)")
    for make, oracle in PAIRS:
        name = f"{make(1).__class__.__name__} and its definition in fractions"
        worst[name] = worst_after(make, oracle, MANY_CLOSES)
        print(f"indicators: after {MANY_CLOSES:,} closes {name} differ by {worst[name]:.1e} (goal 1e-9)")
    return 0 if max(worst.values()) <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
