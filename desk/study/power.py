"""How large a tie must be to be found with what there is, and how much more data a smaller one would take."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from agent.clock import DAY_S
from desk.study.correlation import RETURN, Comparison

# Four times in five.
POWER = 0.8
_BEYOND = 0.8416  # of the standard normal distribution, which the statistic follows about its true value
SIZES = (0.01, 0.02, 0.05, 0.1)
# However close the tie, fewer windows of a horizon than so many do not lie far enough from what all turns spread over.
WINDOWS_MIN = 25


@dataclass(slots=True)
class Power:
    """What one horizon can show.

    Arguments:
        pairs, effective: how many pairs there are, and how many independent ones tell as much.
        smallest: the smallest coefficient that would be found four times in five.
        days_needed: for each size of a tie, how many days like these would find it four times in five.
    """

    market: str
    horizon_s: int
    pairs: int
    effective: float
    smallest: float
    days_needed: dict[float, float]


def power(comparisons: Sequence[Comparison], series: str, critical: float, days: float) -> list[Power]:
    """Return what one series' returns at lag 0 can show, by market and horizon.

    A coefficient's spread falls with the root of the time: twice as exact takes four times the days. Where nothing
    can be found, however large, nothing is returned.

    Arguments:
        critical: what a statistic must exceed to be found among all comparisons.
        days: how long a time the comparisons are made of.
    """
    found: list[Power] = []
    if not math.isfinite(critical):
        return found
    for each in comparisons:
        if each.series == series and each.target == RETURN and each.lag_s == 0:
            smallest = (critical + _BEYOND) * each.spread
            least = WINDOWS_MIN * each.horizon_s / DAY_S
            needed = {size: max(days * (smallest / size) ** 2, least) for size in SIZES}
            found.append(Power(each.market, each.horizon_s, each.pairs, each.effective, smallest, needed))
    return found
