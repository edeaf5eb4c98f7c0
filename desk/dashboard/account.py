"""What the paper account made of a time, beside holding: the same money, put into the market at once."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from agent.market.strategy import SELL
from desk.dashboard.entries import Entry, entries_of
from desk.dashboard.records import Records
from desk.dashboard.series import Bars, Range, Series, range_of


class Flow(NamedTuple):
    """What the account was worth before and after money came in from outside, or went out, at the same prices."""

    before: float
    after: float


class Point(NamedTuple):
    """One point of both curves: when, what account and holder are worth, and what a share of the account is."""

    time_s: float
    equity: float
    hold: float
    share: float


class Account:
    """The state of the ledger as its records go by, and what the sells among them earned."""

    def __init__(self) -> None:
        self.is_open = False
        self.cash = 0.0
        self.positions: dict[str, float] = {}
        self.fees = 0.0
        self.fills = self.sells = self.wins = 0
        self._costs: dict[str, float] = {}

    def take(self, entry: Entry, closes: Mapping[str, float]) -> Flow | None:
        """Take note of one record; return what that moved in or out at these prices, None where it is a trade."""
        before = self.equity(closes)
        self.cash, self.positions = entry.cash, entry.positions
        self.is_open = True
        if entry.fill is None:
            return Flow(before, self.equity(closes))
        symbol, side, worth, fee = entry.fill
        self.fills += 1
        self.fees += fee
        if side == SELL:
            self.sells += 1
            self.wins += worth - fee > self._costs.pop(symbol, 0.0)
        else:
            self._costs[symbol] = self._costs.get(symbol, 0.0) + worth + fee
        return None

    def forget_figures(self) -> None:
        """Begin to count anew; what is held, and what it cost, stays."""
        self.fees = 0.0
        self.fills = self.sells = self.wins = 0

    def equity(self, closes: Mapping[str, float]) -> float:
        """Return what all of it is worth at these prices."""
        return self.cash + sum(quantity * closes.get(symbol, 0.0) for symbol, quantity in self.positions.items())


class Shares:
    """The account cut into shares: money that comes in buys some and what goes out sells some, so neither is earned."""

    def __init__(self) -> None:
        self.is_paid_in = False
        self.worth = 1.0
        self._count = 0.0

    def move(self, flow: Flow) -> None:
        """Buy or sell shares for what came in or went out."""
        self.see(flow.before)
        # Who lost everything, and pays in again, begins anew.
        self.worth = self.worth or 1.0
        self._count = flow.after / self.worth
        self.is_paid_in |= self._count > 0

    def see(self, equity: float) -> None:
        """Take note of what all shares are worth; where there are none, one is worth what it last was."""
        if self._count:
            self.worth = equity / self._count


class Holder:
    """Who puts the same money into equal parts of each symbol, and holds."""

    def __init__(self) -> None:
        self.rate = 1.0
        self._units = 0.0
        self._first: dict[str, float] = {}

    def move(self, flow: Flow, closes: Mapping[str, float]) -> None:
        """Put the same money in at these prices, or take the same part out: it may be more than there is."""
        if flow.after >= flow.before:
            self._units += (flow.after - flow.before) / self._index(closes)
        else:
            self._units *= flow.after / flow.before

    def worth(self, closes: Mapping[str, float]) -> float:
        """Return what it is worth at these prices; take note of the rate at which they stand to the first ones."""
        self.rate = self._index(closes)
        return self._units * self.rate

    def _index(self, closes: Mapping[str, float]) -> float:
        for symbol, close in closes.items():
            self._first.setdefault(symbol, close)
        rates = [closes[symbol] / first for symbol, first in self._first.items() if first]
        return sum(rates) / len(rates) if rates else 1.0


def performance(
    records: Records, series: Series, since_s: float | None, until_s: float | None, points: int
) -> dict[str, Any]:
    """Return the figures and both curves of a time, at the closes of its buckets; all the ledger's time by default.

    Both begin with what the account is worth at the first close. Money that is paid in or out counts as earned or lost
    by neither: the one is added to both where it comes, of the other each gives the same part.
    """
    first = next(entries_of(records), None)
    newest_s = series.newest_end_s()
    if first is None or newest_s is None:
        return _answer(None, [], Account(), Shares(), Holder(), [])
    until_s = newest_s if until_s is None else until_s
    since_s = first.time_s if since_s is None else since_s
    span = range_of(since_s, max(since_s, until_s), points)
    _, bars = series.bars(span)
    return _walked(span, bars, entries_of(records))


def _walked(span: Range, bars: dict[str, Bars], entries: Iterator[Entry]) -> dict[str, Any]:
    account, shares, holder = Account(), Shares(), Holder()
    closes: dict[str, float] = {}
    curve: list[Point] = []
    waiting = next(entries, None)
    while waiting and waiting.time_s <= span.begin_s:
        account.take(waiting, closes)
        waiting = next(entries, None)
    account.forget_figures()
    for bucket in sorted({bucket for each in bars.values() for bucket in each}):
        closes.update((symbol, each[bucket][5]) for symbol, each in bars.items() if bucket in each)
        flows = []
        while waiting and waiting.time_s <= bucket + span.bucket_s:
            flows.append(account.take(waiting, closes))
            waiting = next(entries, None)
        if not account.is_open:
            continue
        equity = account.equity(closes)
        for flow in flows if curve else [Flow(0.0, equity)]:
            if flow:
                shares.move(flow)
                holder.move(flow, closes)
        shares.see(equity)
        curve.append(Point(bucket, equity, holder.worth(closes), shares.worth))
    return _answer(span, sorted(bars), account, shares, holder, curve)


def _answer(
    span: Range | None, symbols: list[str], account: Account, shares: Shares, holder: Holder, curve: list[Point]
) -> dict[str, Any]:
    """Return all of it; rates are parts of one, null where there is nothing to compare."""
    return {
        "symbol": symbols[0] if len(symbols) == 1 else None,
        "symbols": symbols,
        "bucket_s": span and span.bucket_s,
        "return_rate": shares.worth - 1 if shares.is_paid_in else None,
        "hold_return_rate": holder.rate - 1 if shares.is_paid_in else None,
        "trades": account.fills,
        "sells": account.sells,
        "win_rate": account.wins / account.sells if account.sells else None,
        "drawdown_rate": _drawdown([point.share for point in curve]) if curve else None,
        "fees": account.fees,
        "time": [point.time_s for point in curve],
        "equity": [round(point.equity, 8) for point in curve],
        "hold": [round(point.hold, 8) for point in curve],
    }


def _drawdown(worths: list[float]) -> float:
    peak = deepest = 0.0
    for worth in worths:
        peak = max(peak, worth)
        deepest = max(deepest, 1 - worth / peak if peak else 0.0)
    return deepest
