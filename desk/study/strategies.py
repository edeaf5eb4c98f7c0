"""Would the scores have helped? Rules with and without them, walked forward, beside holding and beside shuffled scores.

The candles go through the bot's engine, the orders through its bank. A rule that uses scores has two parameters; for
each stretch of time they are chosen by what they earned before it, never in it. The same rule on scores that were moved
to other headlines, round the circle, tells how much of what it earned a rule earns that knows nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from agent.clock import DAY_S
from agent.market.bank import Account, Terms
from agent.market.hours import Hours
from agent.market.strategies.rsi import Rsi
from agent.market.strategies.sma_cross import SmaCross
from agent.market.strategy import Plan
from desk.study.gather import Minutes
from desk.study.grid import Grid, Series, Whole
from desk.study.progress import Progress
from desk.study.rules import Mood, Rule, filtered, forward, signalled
from desk.study.trading import Ledger, Orders, buy_and_hold, decided, evaluations

FOLDS = 5
DAYS_MIN = 10


@dataclass(frozen=True, slots=True)
class Trade:
    """What the bot is configured to: its plans by name, when it decides, what it has and pays."""

    fast: int
    slow: int
    rsi: int
    oversold: float
    overbought: float
    hours: Hours
    terms: Terms
    cash: Decimal

    def plans(self) -> list[Plan]:
        """Return the two rules that the scores are tried beside."""
        cross = Plan("sma_cross", {"fast": self.fast, "slow": self.slow}, lambda: SmaCross(self.fast, self.slow))
        parameters: dict[str, int | float] = {"rsi": self.rsi}
        parameters |= {"rsi_oversold": self.oversold, "rsi_overbought": self.overbought}
        strength = Plan("rsi", parameters, lambda: Rsi(self.rsi, self.oversold, self.overbought))
        return [cross, strength]


@dataclass(slots=True)
class Outcome:
    """What one rule left at the end of the tested time.

    Arguments:
        earned: in parts of the money at the start; `drawdown` the deepest fall from a height, by days.
        invested: the mean part of what was owned that was in the market.
        chosen: for each stretch, how long the scores are remembered, and from which level on they count.
        shuffled: what the same rule earned on each shuffled series; `p` how often that reaches what it earned itself.
        equity: at the end of each day.
    """

    name: str
    earned: float
    fills: int
    fees: float
    drawdown: float
    invested: float
    equity: list[float]
    chosen: list[tuple[int, float]] = field(default_factory=list)
    shuffled: list[float] = field(default_factory=list)
    p: float | None = None
    p_all: float | None = None


@dataclass(slots=True)
class Walk:
    """All rules on one market; empty where there is too little time, or no money to trade with."""

    market: str
    days_s: list[int] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)


def try_all(
    market: Minutes, series: Series, grid: Grid, trade: Trade, turns: Sequence[int], progress: Progress
) -> Walk:
    """Try every rule on one market, the ones that use scores also on each turn of them."""
    walk = Walk(f"{market.symbol} ({market.source})")
    minutes = np.asarray(market.minute, dtype=np.int64)
    if not trade.cash or not len(minutes) or (minutes[-1] - minutes[0]) * 60 < DAYS_MIN * DAY_S:
        return walk
    first_s, end_s = int(minutes[0]) * 60, (int(minutes[-1]) + 1) * 60
    edges = [first_s + (end_s - first_s) * part // FOLDS for part in range(1, FOLDS + 1)]
    progress.say(f"{market.symbol}: deciding again with the bot's engine")
    plans = trade.plans()
    orders = dict(zip([plan.name for plan in plans], decided(market, plans, trade.hours), strict=True))
    test = _Test(market, edges, trade)
    walk.days_s = [int(each) for each in test.days_s]
    walk.outcomes.append(test.held())
    walk.outcomes += [test.outcome(name, given.only(given.due_s > edges[0])) for name, given in orders.items()]
    rules = [*(filtered(name, given) for name, given in orders.items()), signalled(*evaluations(market, trade.hours))]
    mood = Mood(series, grid)
    found = [test.walked(rule, mood) for rule in rules]
    for turn in progress.each(f"{market.symbol}: shuffled scores", turns):
        other = Mood(series, grid, turn)
        for rule, outcome in zip(rules, found, strict=True):
            outcome.shuffled.append(test.left(forward(rule, other, edges, test.price, trade.terms).orders))
    for outcome in found:
        reached = sum(each >= outcome.earned for each in outcome.shuffled)
        outcome.p = (1 + reached) / (1 + len(outcome.shuffled))
    settle(found)
    walk.outcomes += found
    return walk


def settle(found: list[Outcome]) -> None:
    """Correct for the number of rules (Holm 1979): few, so that it costs little, and their shuffles are their own."""
    floor = 0.0
    for place, outcome in enumerate(sorted(found, key=lambda each: each.p or 0.0)):
        floor = max(floor, min(1.0, (outcome.p or 0.0) * (len(found) - place)))
        outcome.p_all = floor


class _Test:
    """The tested time of one market: its edges, its days, its prices."""

    def __init__(self, market: Minutes, edges: Sequence[int], trade: Trade) -> None:
        self._market, self._edges, self._trade = market, edges, trade
        self._ends_s = (np.asarray(market.minute, dtype=np.int64) + 1) * 60
        self.days_s: Whole = np.append(np.arange(edges[0], edges[-1], DAY_S, dtype=np.int64), edges[-1])
        self._prices = np.array([self.price(int(moment)) for moment in self.days_s])

    def price(self, moment_s: int) -> float:
        """Return the last close that had ended by a moment."""
        place = int(np.searchsorted(self._ends_s, moment_s, side="right")) - 1
        return float(self._market.close[max(0, place)])

    def held(self) -> Outcome:
        """Buy with all the money when the tested time begins, and hold."""
        price = self.price(self._edges[0])
        ledger = buy_and_hold(self._trade.terms, self._market.symbol, self._trade.cash, price, self._edges[0])
        return self._outcome("hold", ledger)

    def outcome(self, name: str, orders: Orders) -> Outcome:
        return self._outcome(name, self._ledger(orders))

    def walked(self, rule: Rule, mood: Mood) -> Outcome:
        """Walk a rule forward on the true scores."""
        walked = forward(rule, mood, self._edges, self.price, self._trade.terms)
        outcome = self.outcome(rule.name, walked.orders)
        outcome.chosen = walked.chosen
        return outcome

    def left(self, orders: Orders) -> float:
        """Return what orders earn in all, in parts of the money at the start."""
        account = self._ledger(orders).account
        held = float(account.positions.get(self._market.symbol, 0)) * self._prices[-1]
        return float((float(account.cash) + held) / float(self._trade.cash) - 1)

    def _ledger(self, orders: Orders) -> Ledger:
        return Ledger(self._trade.terms, self._market.symbol, Account(self._trade.cash)).take(orders)

    def _outcome(self, name: str, ledger: Ledger) -> Outcome:
        cash = float(self._trade.cash)
        equity, invested = ledger.worth(self.days_s, self._prices, cash)
        peak = np.maximum.accumulate(equity)
        return Outcome(
            name=name,
            earned=float(equity[-1] / cash - 1),
            fills=ledger.fills,
            fees=float(ledger.fees),
            drawdown=float((1 - equity / peak).max()),
            invested=float(invested.mean()),
            equity=[float(each / cash) for each in equity],
        )
