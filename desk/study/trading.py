"""The bot's own engine and bank over stored candles: what a strategy asks for, and what its paper trades leave."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from agent.clock import DAY_S
from agent.market import bank
from agent.market.bank import Account, Insufficient, Terms
from agent.market.candle import Candle, quantity
from agent.market.engine import Engine
from agent.market.hours import Hours
from agent.market.strategy import BUY, HOLD, SELL, Plan
from desk.study.gather import Minutes
from desk.study.grid import Floats, Truths, Whole


class Orders(NamedTuple):
    """BUYs and SELLs in the order of time: when each fell due, which it is, and the price it was decided at."""

    due_s: Whole
    buys: Truths
    prices: Floats

    def only(self, chosen: Truths | Whole | slice) -> "Orders":
        """Return some of them."""
        return Orders(self.due_s[chosen], self.buys[chosen], self.prices[chosen])


def joined(parts: Sequence[Orders]) -> Orders:
    """Return the orders of several stretches of time as one."""
    due_s, buys, prices = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Orders(due_s, buys, prices)


def decided(market: Minutes, plans: Iterable[Plan], hours: Hours) -> Iterator[Orders]:
    """Yield, for each plan, what the live loop's engine would have signalled on these candles.

    Without an account the engine only decides; who trades on it is told by `Ledger`.
    """
    for plan in plans:
        orders = list(_orders(market, plan, hours))
        due_s, buys, prices = zip(*orders, strict=True) if orders else ((), (), ())
        yield Orders(
            np.array(due_s, dtype=np.int64), np.array(buys, dtype=np.bool_), np.array(prices, dtype=np.float64)
        )


def evaluations(market: Minutes, hours: Hours) -> tuple[Whole, Floats]:
    """Return every moment at which an evaluation falls due after the first candle, and the newest close then."""
    ends_s = (np.asarray(market.minute, dtype=np.int64) + 1) * 60
    if not len(ends_s):
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    due = next_due(hours, int(ends_s[0]) - 1)
    grid = np.arange(due, int(ends_s[-1]) + 1, hours.every_s, dtype=np.int64)
    open_now = np.array([hours.is_open(int(moment)) for moment in grid], dtype=np.bool_)
    grid = grid[open_now] if len(grid) else grid
    return grid, np.asarray(market.close)[np.searchsorted(ends_s, grid, side="right") - 1]


def next_due(hours: Hours, after_s: int) -> int:
    """Return the first moment of the market's grid after `after_s`, in the session or not."""
    offset_s = int(hours.zone.utcoffset(None).total_seconds())
    day_s = (after_s + offset_s) // DAY_S * DAY_S
    return day_s + ((after_s + offset_s - day_s) // hours.every_s + 1) * hours.every_s - offset_s


def _orders(market: Minutes, plan: Plan, hours: Hours) -> Iterator[tuple[int, bool, float]]:
    clock = [0]
    free = Terms(Decimal(0), Decimal(0), Decimal(0))
    engine = Engine((market.symbol,), market.source, plan, free, lambda: clock[0])
    for due_s in walk(engine, market, hours, clock):
        for stream, record in engine.decide(market.symbol):
            if stream == "signals" and record["signal"] != HOLD:
                yield due_s, record["signal"] == BUY, float(record["price"])


def walk(engine: Engine, market: Minutes, hours: Hours, clock: list[int]) -> Iterator[int]:
    """Let an engine live through the candles; yield at each evaluation that falls due in the session.

    Nothing that ended later is in the engine yet when it yields.
    """
    there = engine.markets[market.symbol]
    due_s = 0
    # Python's own numbers: a numpy one costs more than all that is done with it here.
    for minute, close in zip(market.minute.tolist(), market.close.tolist(), strict=True):
        open_s = int(minute) * 60
        due_s = due_s or next_due(hours, open_s)
        while due_s <= open_s:
            yield from _advance(engine, market.symbol, hours, due_s, clock)
            due_s = next_due(hours, due_s)
        price = quantity(close, "close")
        there.add(Candle(market.symbol, market.source, open_s, price, price, price, price, Decimal(0)))
    if due_s and due_s <= open_s + 60:
        yield from _advance(engine, market.symbol, hours, due_s, clock)


def _advance(engine: Engine, symbol: str, hours: Hours, due_s: int, clock: list[int]) -> Iterator[int]:
    if hours.is_open(due_s):
        clock[0] = due_s
        engine.markets[symbol].advance(due_s)
        yield due_s


@dataclass(slots=True)
class Ledger:
    """Paper trades through the bot's bank, and what was owned after each.

    Arguments:
        terms: what a fill costs.
        symbol: the market.
        account: what is owned at the start.
    """

    terms: Terms
    symbol: str
    account: Account
    fills: int = 0
    fees: Decimal = Decimal(0)
    times: list[int] = field(default_factory=list)
    cash: list[float] = field(default_factory=list)
    held: list[float] = field(default_factory=list)

    def take(self, orders: Orders) -> "Ledger":
        """Fill each order that the account can pay for."""
        for due_s, is_buy, price in zip(*(column.tolist() for column in orders), strict=True):
            if not is_buy and not self.account.positions:
                continue
            try:
                # The shortest text of the stored number is the decimal that the bot decides on.
                exact = Decimal(repr(price))
                fill = bank.trade(self.account, self.terms, BUY if is_buy else SELL, self.symbol, exact)
            except Insufficient:
                continue
            self.account = fill.account
            self.fills += 1
            self.fees += fill.fee
            self.times.append(due_s)
            self.cash.append(float(fill.account.cash))
            self.held.append(float(fill.account.positions.get(self.symbol, 0)))
        return self

    def worth(self, moments_s: Whole, prices: Floats, cash: float) -> tuple[Floats, Floats]:
        """Return the equity at some moments, and which part of it was invested.

        Arguments:
            prices: the market's at those moments.
            cash: what there was before the first fill.
        """
        place = np.searchsorted(np.array(self.times, dtype=np.int64), moments_s, side="right")
        money = np.array([cash, *self.cash])[place]
        held = np.array([0.0, *self.held])[place] * prices
        equity = money + held
        return equity, np.asarray(held / np.where(equity > 0, equity, 1.0), dtype=np.float64)


def buy_and_hold(terms: Terms, symbol: str, cash: Decimal, price: float, due_s: int) -> Ledger:
    """Put all the money into the market at once, at the same costs, and keep it."""
    once = Orders(np.array([due_s]), np.array([True]), np.array([price]))
    return Ledger(terms._replace(order_amount=cash), symbol, Account(cash)).take(once)


def earned(orders: Orders, last: float, terms: Terms) -> float:
    """Estimate what orders earn, in parts of one BUY's amount; only to choose between parameters.

    Arguments:
        last: the price at which what is left over counts.
    """
    fee, slippage = float(terms.fee_rate), float(terms.slippage_rate)
    sells, buys = np.flatnonzero(~orders.buys), np.flatnonzero(orders.buys)
    out = np.append(orders.prices[sells] * (1 - slippage) * (1 - fee), last)[np.searchsorted(sells, buys)]
    return float((out / (orders.prices[buys] * (1 + slippage) * (1 + fee)) - 1).sum())
