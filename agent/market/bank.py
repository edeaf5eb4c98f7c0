"""The virtual bank: paper money in exact decimals; nothing here is ever rounded but a quantity, down, to 8 places."""

from collections.abc import Mapping
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

from agent.errors import MossError
from agent.market.candle import EXACT
from agent.market.strategy import BUY

QUANTITY_STEP = Decimal("0.00000001")


class Insufficient(MossError):
    """There is not enough money or not enough of an asset: nothing was moved, the owner deposits or waits."""


class Terms(NamedTuple):
    """What a fill costs: fee and slippage as parts of the amount, and the amount that one BUY spends."""

    fee_rate: Decimal
    slippage_rate: Decimal
    order_amount: Decimal


class Account(NamedTuple):
    """What is owned: cash in the quote currency, and a quantity of each symbol."""

    cash: Decimal = Decimal(0)
    positions: Mapping[str, Decimal] = {}

    def equity(self, prices: Mapping[str, Decimal]) -> Decimal:
        """Return what all of it is worth at those prices; a symbol without a price counts nothing."""
        worth = self.cash
        for symbol, quantity in self.positions.items():
            worth = EXACT.fma(quantity, prices.get(symbol, Decimal(0)), worth)
        return worth


class Fill(NamedTuple):
    """One paper trade, and the account after it."""

    price: Decimal
    quantity: Decimal
    fee: Decimal
    account: Account


def deposit(account: Account, amount: Decimal) -> Account:
    """Return the account with that much more cash."""
    return account._replace(cash=EXACT.add(account.cash, amount))


def trade(account: Account, terms: Terms, side: str, symbol: str, price: Decimal) -> Fill:
    """Fill a BUY for the order amount, or a SELL of the whole position, at the price made worse by the slippage.

    Raises: Insufficient when the cash does not cover it or nothing is held.
    """
    with localcontext(EXACT):
        sign = 1 if side == BUY else -1
        paid = price * (1 + sign * terms.slippage_rate)
        held = quantity = account.positions.get(symbol, Decimal(0))
        if side == BUY:
            # The one division here, and a whole one: nothing is rounded but the quantity.
            quantity = terms.order_amount // ((1 + terms.fee_rate) * paid * QUANTITY_STEP) * QUANTITY_STEP
            if not quantity:
                raise Insufficient(f"{plain(terms.order_amount)} buys less than {QUANTITY_STEP:f} {symbol}")
        elif not held:
            raise Insufficient(f"there is no {symbol} to sell")
        fee = paid * quantity * terms.fee_rate
        cash = account.cash - sign * paid * quantity - fee
        if cash < 0:
            raise Insufficient(f"a {side} needs {plain(account.cash - cash)}, there is {plain(account.cash)}")
        positions = {**account.positions, symbol: held + sign * quantity}
        owned = {name: amount for name, amount in positions.items() if amount}
        return Fill(paid, quantity, fee, Account(cash, owned))


def plain(value: Decimal) -> str:
    """Write a decimal exactly: no exponent, no trailing zeros."""
    return f"{value.normalize(EXACT):f}"


def account_fields(account: Account, prices: Mapping[str, Decimal]) -> dict[str, Any]:
    """Return the fields that end every record of the ledger."""
    return {
        "cash": plain(account.cash),
        "positions": {symbol: plain(quantity) for symbol, quantity in account.positions.items()},
        "equity": plain(account.equity(prices)),
    }


def account_of(record: Mapping[str, Any]) -> Account:
    """Read the account back from a record of the ledger."""
    positions = {symbol: Decimal(quantity) for symbol, quantity in record["positions"].items()}
    return Account(Decimal(record["cash"]), positions)
