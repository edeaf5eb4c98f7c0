"""The paper account's books kept a second time, in fractions: what the ledger has to say, worked out another way."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from agent.market.bank import Terms

_STEP = Fraction(1, 10**8)
_EXACT = re.compile(r"0|-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?")


class Books:
    """What is owned after each record; a method fails where the record says otherwise.

    Arguments:
        terms: what trades cost.
    """

    def __init__(self, terms: Terms) -> None:
        self.cash = Fraction(0)
        self.positions: dict[str, Fraction] = {}
        self._fee_rate, self._slippage_rate, self._order_amount = map(Fraction, terms)

    def can_move(self, what: str, amount: Decimal, symbol: str | None) -> bool:
        """Tell whether there is that much."""
        held = self.positions.get(symbol, Fraction(0)) if symbol else self.cash
        return what == "deposit" or Fraction(amount) <= held

    def trade(self, side: str, symbol: str, price: Decimal) -> tuple[Fraction, Fraction, Fraction] | None:
        """Return the price, quantity and fee of a trade at a market's price; None where it cannot be done."""
        paid = Fraction(price) * (1 + (self._slippage_rate if side == "BUY" else -self._slippage_rate))
        quantity = self.positions.get(symbol, Fraction(0))
        if side == "BUY":
            quantity = floor(self._order_amount / (1 + self._fee_rate) / paid / _STEP) * _STEP
        fee = paid * quantity * self._fee_rate
        if not quantity or (side == "BUY" and paid * quantity + fee > self.cash):
            return None
        return paid, quantity, fee

    def follow(self, record: Mapping[str, Any]) -> None:
        """Book one record of the ledger, and hold what it says is owned afterwards against ours."""
        if record["kind"] == "fill":
            self._book_fill(record)
        else:
            amount = Fraction(record["amount"]) * (1 if record["kind"] == "deposit" else -1)
            self._add(record.get("symbol"), amount)
        assert (self._fraction(record["cash"]), self._positions(record)) == (self.cash, self.positions)
        assert min([self.cash, *self.positions.values()]) >= 0

    def follow_all(self, ledger: Iterable[Mapping[str, Any]]) -> None:
        """Book a whole ledger."""
        for record in ledger:
            self.follow(record)

    def _book_fill(self, record: Mapping[str, Any]) -> None:
        price, quantity, fee = (self._fraction(record[name]) for name in ("price", "quantity", "fee"))
        assert fee == price * quantity * self._fee_rate
        sign = 1 if record["side"] == "BUY" else -1
        self._add(None, -sign * price * quantity - fee)
        self._add(record["symbol"], sign * quantity)

    def _add(self, symbol: str | None, amount: Fraction) -> None:
        if symbol is None:
            self.cash += amount
            return
        left = self.positions.pop(symbol, Fraction(0)) + amount
        if left:
            self.positions[symbol] = left

    def _positions(self, record: Mapping[str, Any]) -> dict[str, Fraction]:
        return {symbol: self._fraction(text) for symbol, text in record["positions"].items()}

    @staticmethod
    def _fraction(text: str) -> Fraction:
        assert _EXACT.fullmatch(text), text
        return Fraction(text)
