"""Money is conserved to the last unit, whatever is done in whatever order, and however often the bank is read back."""

import json
from decimal import Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.market import bank
from agent.market.bank import Account, Insufficient, Terms, account_fields, account_of, plain, trade
from agent.teller import AMOUNT_MAX, DECIMALS_MAX, MOVES, amount_of, moved
from tests.fakes.books import Books

SYMBOLS = ("KRW-BTC", "KRW-ETH", "KRW-DOGE")


def decimals(least: str, most: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(least, most, places=places, allow_nan=False, allow_infinity=False)


amounts = st.one_of(
    decimals("1", "1000000000", 0), decimals("0.00000001", "1", 8), decimals("1E-18", str(AMOUNT_MAX), DECIMALS_MAX)
)
prices = st.one_of(decimals("0.01", "200000000", 2), decimals("1E-8", "1E15", 8))
rates = decimals("0", "0.05", 6)
terms = st.builds(Terms, rates, rates, decimals("1", "5E6", 2))
moves = st.tuples(st.sampled_from(["deposit", "withdraw"]), st.none() | st.sampled_from(SYMBOLS), amounts)
trades = st.tuples(st.sampled_from(["BUY", "SELL"]), st.sampled_from(SYMBOLS), prices)


Deed = tuple[str, str | None, Decimal]


def live(terms: Terms, deeds: list[Deed]) -> None:
    """Do one thing after the other, beside the books, each with what the ledger told of the last one."""
    account, books = Account(), Books(terms)
    for what, symbol, figure in deeds:
        if not is_possible(books, what, symbol, figure):
            with pytest.raises(Insufficient):
                after(account, terms, what, symbol, figure)
            continue
        expected = None if what in MOVES else books.trade(what, str(symbol), figure)
        told, account = after(account, terms, what, symbol, figure)
        assert expected is None or expected == tuple(Fraction(told[name]) for name in ("price", "quantity", "fee"))
        record = json.loads(json.dumps({**told, **account_fields(account, {})}))
        books.follow(record)
        # What a process that was killed here goes on with.
        assert account_of(record) == account
        account = account_of(record)


def after(
    account: Account, terms: Terms, what: str, symbol: str | None, figure: Decimal
) -> tuple[dict[str, str], Account]:
    """Do one thing; return what the ledger tells of it, and the account."""
    if what in MOVES:
        told = {"kind": what, **({"symbol": symbol} if symbol else {}), "amount": plain(figure)}
        return told, moved(account, what, amount_of(str(figure)), symbol)
    fill = trade(account, terms, what, str(symbol), figure)
    figures = {"price": plain(fill.price), "quantity": plain(fill.quantity), "fee": plain(fill.fee)}
    return {"kind": "fill", "symbol": str(symbol), "side": what, **figures}, fill.account


def is_possible(books: Books, what: str, symbol: str | None, figure: Decimal) -> bool:
    if what in MOVES:
        return books.can_move(what, figure, symbol)
    return books.trade(what, str(symbol), figure) is not None


@given(terms, decimals("0", "1E8", 2), st.lists(trades | trades | moves, min_size=10, max_size=50))
def test_money_is_conserved_to_the_last_unit_whatever_is_done(terms: Terms, cash: Decimal, deeds: list[Deed]) -> None:
    live(terms, [("deposit", None, cash + 1), *deeds])


def test_control_that_keeps_as_many_digits_as_a_float_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    deeds: list[Deed] = [("deposit", None, Decimal("10000000.07")), ("BUY", SYMBOLS[0], Decimal("98765432.19"))]
    usual = Terms(Decimal("0.0005"), Decimal("0.0003"), Decimal(50_000))
    live(usual, deeds)
    monkeypatch.setattr(bank, "EXACT", Context(prec=16))
    with pytest.raises(AssertionError):
        live(usual, deeds)
