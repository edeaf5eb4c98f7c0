"""Indicators against their definitions, worked out exactly with fractions."""

import random
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Protocol

import pytest

from agent.market.fading import MEMORY_LENGTHS, ExponentialMovingAverage, RelativeStrengthIndex
from agent.market.indicators import SimpleMovingAverage


class Indicator(Protocol):
    """What all indicators have in common."""

    length: int

    @property
    def count(self) -> int: ...
    @property
    def value(self) -> object: ...
    def add(self, close: Decimal) -> None: ...


MAKERS: list[Callable[[int], Indicator]] = [SimpleMovingAverage, ExponentialMovingAverage, RelativeStrengthIndex]


def closes_of(seed: int, count: int) -> list[Decimal]:
    chance = random.Random(seed)
    price = Decimal(50_000)
    closes = []
    for _ in range(count):
        price = max(Decimal(1), price + Decimal(chance.randrange(-300, 301)) / 4 * chance.choice([0, 1, 1]))
        closes.append(price)
    return closes


def sma(closes: list[Decimal], length: int) -> Fraction:
    return sum((Fraction(close) for close in closes[-length:]), Fraction(0)) / length


def ema(closes: list[Decimal], length: int) -> Fraction:
    average = Fraction(closes[0])
    for close in closes[1:]:
        average = average * (1 - Fraction(2, length + 1)) + Fraction(close) * Fraction(2, length + 1)
    return average


def rsi(closes: list[Decimal], length: int) -> Fraction:
    gain = loss = Fraction(0)
    for before, close in pairwise(closes):
        moved = Fraction(close) - Fraction(before)
        gain += (max(moved, Fraction(0)) - gain) / length
        loss += (max(-moved, Fraction(0)) - loss) / length
    return 100 - 100 / (1 + gain / loss) if loss else Fraction(100)


Oracle = Callable[[list[Decimal], int], Fraction]
PAIRS = list(zip(MAKERS, [sma, ema, rsi], strict=True))


@pytest.mark.parametrize(("maker", "oracle"), PAIRS)
@pytest.mark.parametrize("length", [1, 2, 14, 50])
def test_indicator_equals_its_definition_at_every_close(
    maker: Callable[[int], Indicator], oracle: Oracle, length: int, seed: int
) -> None:
    closes = closes_of(seed, 120)
    indicator = maker(length)
    for at, close in enumerate(closes, 1):
        indicator.add(close)
        if at < length:
            assert indicator.value is None
        else:
            value = indicator.value
            assert isinstance(value, float | int)
            assert float(value) == pytest.approx(float(oracle(closes[:at], length)), rel=1e-9, abs=1e-9)
        assert indicator.count == (min(at, length) if maker is SimpleMovingAverage else at)


def worst_after(maker: Callable[[int], Indicator], oracle: Oracle, count: int) -> float:
    """Take that many closes, and return the largest relative error at the last few.

    Arguments:
        oracle: is given as many closes as have a part in the average above 1e-17.
    """
    closes, indicator, worst = closes_of(1, 5_000), maker(14), 0.0
    for at in range(count - len(closes)):
        indicator.add(closes[at % 5_000] + at // 5_000 * 7919 % 5_000)
    for at, close in enumerate(closes, 1):
        indicator.add(close)
        if at > len(closes) - 20:
            true = float(oracle(closes[at - MEMORY_LENGTHS * 14 : at], 14))
            worst = max(worst, abs(float(str(indicator.value)) - true) / true)
    return worst


@pytest.mark.parametrize(("maker", "oracle"), PAIRS)
def test_indicator_stays_true_after_hundreds_of_thousands_of_closes(
    maker: Callable[[int], Indicator], oracle: Oracle
) -> None:
    assert worst_after(maker, oracle, 300_000) < 1e-9


def test_simple_moving_average_is_exact_when_prices_are_small_and_large() -> None:
    average = SimpleMovingAverage(3)
    for close in ["1e14", "0.00000001", "0.1", "0.2", "0.3"]:
        average.add(Decimal(close))
    assert average.value == 0.2
    assert average.total(3) == Decimal("0.6")
    assert (average.mean(1), average.mean(2)) == (0.3, 0.25)


def test_rsi_is_100_without_losses_and_0_without_gains() -> None:
    rising, falling, flat = (RelativeStrengthIndex(3) for _ in range(3))
    for at in range(1, 6):
        rising.add(Decimal(at))
        falling.add(Decimal(10 - at))
        flat.add(Decimal(5))
    assert (rising.value, falling.value, flat.value) == (100.0, 0.0, 100.0)


@pytest.mark.parametrize("length", [2, 14, 30])
def test_rsi_is_the_same_to_1e9_when_it_reads_back_only_so_many_closes(length: int, seed: int) -> None:
    closes = closes_of(seed, 100 * length)
    whole, tail = RelativeStrengthIndex(length), RelativeStrengthIndex(length)
    for close in closes:
        whole.add(close)
    for close in closes[-MEMORY_LENGTHS * length :]:
        tail.add(close)
    assert whole.value == pytest.approx(tail.value, abs=1e-9)
