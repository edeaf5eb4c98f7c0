"""Rules that use scores, and how their parameters are chosen without a look ahead."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from agent.market.bank import Terms
from desk.study.grid import Floats, Grid, Series, Whole
from desk.study.trading import Orders, earned, joined

MEMORIES_S = (3_600, 21_600, 86_400)
LEVELS = (0.0, 0.1, 0.2)
# A mood of nothing at all is neither good nor bad.
LEVEL_MIN = 0.05


class Mood:
    """What was said lately, beside what was said so far: at each moment only what had been recorded by then.

    Arguments:
        series: the scores; `turn` sets each at a headline so many later, round the circle.
    """

    def __init__(self, series: Series, grid: Grid, turn: int = 0) -> None:
        total, count = np.zeros(grid.count + 1), np.zeros(grid.count + 1)
        said = np.roll(series.count, turn)
        total[series.at + 1] = np.roll(series.score, turn) * said
        count[series.at + 1] = said
        self._total, self._count, self._grid = np.cumsum(total), np.cumsum(count), grid

    def at(self, moments_s: Whole, memory_s: int) -> Floats:
        """Return how far the mean score of the last `memory_s` lies above the mean so far; 0 where nothing was said."""
        grid = self._grid
        end = np.clip(moments_s // grid.bin_s - grid.first, 0, grid.count)
        start = np.maximum(end - max(1, grid.bins(memory_s)), 0)
        said = self._count[end] - self._count[start]
        lately = (self._total[end] - self._total[start]) / np.maximum(said, 1)
        usual = self._total[end] / np.maximum(self._count[end], 1)
        return np.asarray(np.where(said > 0, lately - usual, 0.0), dtype=np.float64)


class Rule:
    """A rule that uses scores: which orders it gives, for a mood, a memory and a level."""

    def __init__(self, name: str, pick: Callable[[Mood, int, float], Orders]) -> None:
        self.name = name
        self.pick = pick


def filtered(plan_name: str, orders: Orders) -> Rule:
    """Return the rule that buys as the plan does, but only when the mood is good enough, and sells as it does."""

    def pick(mood: Mood, memory_s: int, level: float) -> Orders:
        return orders.only(~orders.buys | (mood.at(orders.due_s, memory_s) >= level))

    return Rule(f"{plan_name}+mood", pick)


def signalled(moments_s: Whole, prices: Floats) -> Rule:
    """Return the rule that buys when the mood has become good, and sells when it has become bad."""

    def pick(mood: Mood, memory_s: int, level: float) -> Orders:
        felt = mood.at(moments_s, memory_s)
        level = max(level, LEVEL_MIN)
        rose = (felt[1:] >= level) & (felt[:-1] < level)
        fell = (felt[1:] <= -level) & (felt[:-1] > -level)
        return Orders(moments_s[1:], rose, prices[1:]).only(rose | fell)

    return Rule("mood", pick)


@dataclass(frozen=True, slots=True)
class Forward:
    """What was chosen for each stretch, and the orders given in all of them."""

    chosen: list[tuple[int, float]]
    orders: Orders


def forward(rule: Rule, mood: Mood, edges_s: Sequence[int], price: Callable[[int], float], terms: Terms) -> Forward:
    """Walk forward: in each stretch the parameters that had earned most in all time before it.

    Arguments:
        edges_s: where the stretches begin and end; before the first edge is time to learn from only.
        price: tells the price at a moment.
    """
    tried = {(memory_s, level): rule.pick(mood, memory_s, level) for memory_s in MEMORIES_S for level in LEVELS}
    chosen, parts = [], []
    for start_s, end_s in pairwise(edges_s):
        last = price(start_s)
        gains = {choice: earned(_until(orders, start_s), last, terms) for choice, orders in tried.items()}
        best = max(gains, key=lambda choice: gains[choice])
        chosen.append(best)
        orders = tried[best]
        parts.append(orders.only((orders.due_s > start_s) & (orders.due_s <= end_s)))
    return Forward(chosen, joined(parts))


def _until(orders: Orders, moment_s: int) -> Orders:
    return orders.only(slice(0, int(np.searchsorted(orders.due_s, moment_s, side="right"))))
