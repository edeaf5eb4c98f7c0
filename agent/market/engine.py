"""From candles to signals to paper trades; the live loop and the replay run this same engine."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from agent.clock import timestamp
from agent.market import bank
from agent.market.bank import Account, Insufficient, Terms
from agent.market.evaluation import Market
from agent.market.strategy import HOLD, Plan

# A record and the name of the stream it belongs to.
Entry = tuple[str, dict[str, Any]]


class Engine:
    """Several markets of one source, one strategy, one account.

    It hands out records one by one and goes on only when the caller has stored the last: what was not stored has not
    happened, and after a failed append the caller makes a new engine out of the store.

    Arguments:
        symbols: the markets, in the order in which they are decided.
        source: where their candles come from.
        plan: which strategy to run.
        terms: what paper trades cost.
        now_s: what tells the moment a record is made at.
    """

    def __init__(
        self, symbols: tuple[str, ...], source: str, plan: Plan, terms: Terms, now_s: Callable[[], float]
    ) -> None:
        self.markets = {symbol: Market(symbol, source, plan) for symbol in symbols}
        self.account: Account | None = None
        self._terms = terms
        self._now_s = now_s

    def open_account(self, cash: Decimal) -> Iterator[Entry]:
        """Deposit the first money, unless there is an account."""
        if self.account is None:
            account = bank.deposit(Account(), cash)
            fields = {"amount": bank.plain(cash), **bank.account_fields(account, {})}
            yield "ledger", {**self._head("deposit"), **fields}
            self.account = account

    def decide(self, symbol: str) -> Iterator[Entry]:
        """Evaluate the newest minute of a market: its signal, then the paper trade it asks for."""
        signal = self.markets[symbol].evaluate(self._now_s())
        if signal is not None:
            yield "signals", signal
            if signal["signal"] != HOLD:
                yield from self.fill(signal)

    def fill(self, signal: Mapping[str, Any]) -> Iterator[Entry]:
        """Trade on a stored signal: a record of the ledger, or an `unfilled` event where money or asset lacks."""
        side, symbol, account = signal["signal"], signal["symbol"], self.account
        if side == HOLD or account is None:
            return
        asked = {"symbol": symbol, "side": side}
        try:
            fill = bank.trade(account, self._terms, side, symbol, Decimal(str(signal["price"])))
        except Insufficient as error:
            yield "events", {**self._head("unfilled"), **asked, "candle_ts": signal["candle_ts"], "message": str(error)}
            return
        figures = {"price": bank.plain(fill.price), "quantity": bank.plain(fill.quantity), "fee": bank.plain(fill.fee)}
        state = bank.account_fields(fill.account, self.prices())
        yield "ledger", {**self._head("fill"), **asked, **figures, "candle_ts": signal["candle_ts"], **state}
        self.account = fill.account

    def prices(self) -> dict[str, Decimal]:
        """Return the newest price of each market that has one."""
        return {name: price for name, market in self.markets.items() if (price := market.price) is not None}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"ts": timestamp(self._now_s()), "kind": kind}
