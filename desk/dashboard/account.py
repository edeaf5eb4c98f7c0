"""What the paper account made of a time, beside holding: the same money, put into the market at once."""

from collections.abc import Iterator, Mapping
from typing import Any

from agent.market.strategy import SELL
from desk.dashboard.entries import Entry, entries_of
from desk.dashboard.records import Records
from desk.dashboard.series import Bars, Range, Series, range_of


class Account:
    """The state of the ledger as its records go by, and what the sells among them earned."""

    def __init__(self) -> None:
        self.is_open = False
        self.cash = 0.0
        self.positions: dict[str, float] = {}
        self.fees = 0.0
        self.fills = self.sells = self.wins = 0
        self._costs: dict[str, float] = {}

    def take(self, entry: Entry, closes: Mapping[str, float]) -> float:
        """Take note of one record; return what came in from outside with it, or went out, at these prices."""
        before = self.equity(closes)
        self.cash, self.positions = entry.cash, entry.positions
        self.is_open = True
        if entry.fill is None:
            return self.equity(closes) - before
        symbol, side, worth, fee = entry.fill
        self.fills += 1
        self.fees += fee
        if side == SELL:
            self.sells += 1
            self.wins += worth - fee > self._costs.pop(symbol, 0.0)
        else:
            self._costs[symbol] = self._costs.get(symbol, 0.0) + worth + fee
        return 0.0

    def forget_figures(self) -> None:
        """Begin to count anew; what is held, and what it cost, stays."""
        self.fees = 0.0
        self.fills = self.sells = self.wins = 0

    def equity(self, closes: Mapping[str, float]) -> float:
        """Return what all of it is worth at these prices."""
        return self.cash + sum(quantity * closes.get(symbol, 0.0) for symbol, quantity in self.positions.items())


class Holder:
    """Who puts the same money into equal parts of each symbol, and holds."""

    def __init__(self) -> None:
        self.money = 0.0
        self._units = 0.0
        self._first: dict[str, float] = {}

    def pay_in(self, money: float, closes: Mapping[str, float]) -> None:
        """Put so much in, or take it out, at these prices."""
        self.money += money
        self._units += money / self._index(closes)

    def worth(self, closes: Mapping[str, float]) -> float:
        """Return what it is worth at these prices."""
        return self._units * self._index(closes)

    def _index(self, closes: Mapping[str, float]) -> float:
        for symbol, close in closes.items():
            self._first.setdefault(symbol, close)
        rates = [closes[symbol] / first for symbol, first in self._first.items() if first]
        return sum(rates) / len(rates) if rates else 1.0


def performance(
    records: Records, series: Series, since_s: float | None, until_s: float | None, points: int
) -> dict[str, Any]:
    """Return the figures and both curves of a time, at the closes of its buckets; all the ledger's time by default.

    Both begin with what the account is worth at the first close. Money that is paid in or out counts as earned by
    neither: it is added to both where it comes.
    """
    first = next(entries_of(records), None)
    newest_s = series.newest_end_s()
    if first is None or newest_s is None:
        return _answer(None, [], Account(), Holder(), [])
    until_s = newest_s if until_s is None else until_s
    since_s = first.time_s if since_s is None else since_s
    span = range_of(since_s, max(since_s, until_s), points)
    _, bars = series.bars(span)
    return _walked(span, bars, entries_of(records))


def _walked(span: Range, bars: dict[str, Bars], entries: Iterator[Entry]) -> dict[str, Any]:
    account, holder = Account(), Holder()
    closes: dict[str, float] = {}
    curve: list[tuple[float, float, float]] = []
    waiting = next(entries, None)
    while waiting and waiting.time_s <= span.begin_s:
        account.take(waiting, closes)
        waiting = next(entries, None)
    account.forget_figures()
    for bucket in sorted({bucket for each in bars.values() for bucket in each}):
        closes.update((symbol, each[bucket][5]) for symbol, each in bars.items() if bucket in each)
        flow = 0.0
        while waiting and waiting.time_s <= bucket + span.bucket_s:
            flow += account.take(waiting, closes)
            waiting = next(entries, None)
        if not account.is_open:
            continue
        if flow or not curve:
            holder.pay_in(flow if curve else account.equity(closes), closes)
        curve.append((bucket, account.equity(closes), holder.worth(closes)))
    return _answer(span, sorted(bars), account, holder, curve)


def _answer(
    span: Range | None, symbols: list[str], account: Account, holder: Holder, curve: list[tuple[float, float, float]]
) -> dict[str, Any]:
    """Return all of it; rates are parts of one, null where there is nothing to compare."""
    money = holder.money
    _, equity, hold = curve[-1] if curve else (0, 0.0, 0.0)
    return {
        "symbol": symbols[0] if len(symbols) == 1 else None,
        "symbols": symbols,
        "bucket_s": span and span.bucket_s,
        "return_rate": equity / money - 1 if money else None,
        "hold_return_rate": hold / money - 1 if money else None,
        "trades": account.fills,
        "sells": account.sells,
        "win_rate": account.wins / account.sells if account.sells else None,
        "drawdown_rate": _drawdown([worth for _, worth, _ in curve]) if curve else None,
        "fees": account.fees,
        "time": [time_s for time_s, _, _ in curve],
        "equity": [round(worth, 8) for _, worth, _ in curve],
        "hold": [round(worth, 8) for _, _, worth in curve],
    }


def _drawdown(worths: list[float]) -> float:
    peak = deepest = 0.0
    for worth in worths:
        peak = max(peak, worth)
        deepest = max(deepest, 1 - worth / peak if peak else 0.0)
    return deepest
