"""The virtual bank: exact, and never below zero."""

import random
from decimal import Decimal
from fractions import Fraction

import pytest

from agent.market.bank import Account, Insufficient, Terms, account_fields, account_of, deposit, plain, trade

TERMS = Terms(Decimal("0.0005"), Decimal("0.0005"), Decimal(50_000))
BTC = "KRW-BTC"


def test_buy_spends_at_most_the_order_amount_when_fee_and_slippage_are_paid() -> None:
    fill = trade(Account(Decimal(10_000_000)), TERMS, "BUY", BTC, Decimal(98_100_000))
    assert fill.price == Decimal("98149050.0000")
    assert fill.quantity == Decimal("0.00050917")
    assert fill.fee == fill.price * fill.quantity * Decimal("0.0005")
    spent = 10_000_000 - fill.account.cash
    assert spent == fill.price * fill.quantity + fill.fee
    assert Decimal(49_999) < spent <= 50_000


def test_sell_gives_the_whole_position_less_the_fee() -> None:
    held = Account(Decimal(100), {BTC: Decimal("0.5"), "KRW-ETH": Decimal(2)})
    fill = trade(held, TERMS, "SELL", BTC, Decimal(1000))
    assert (fill.price, fill.quantity) == (Decimal("999.5"), Decimal("0.5"))
    assert fill.account == Account(100 + Decimal("999.5") / 2 * (1 - Decimal("0.0005")), {"KRW-ETH": Decimal(2)})


def test_buy_adds_to_the_position_when_there_is_one() -> None:
    once = trade(Account(Decimal(200_000)), TERMS, "BUY", BTC, Decimal(1000)).account
    twice = trade(once, TERMS, "BUY", BTC, Decimal(1000)).account
    assert twice.positions[BTC] == 2 * once.positions[BTC]


@pytest.mark.parametrize(
    ("cash", "side", "price", "words"),
    [
        ("49000", "BUY", "1000", "a BUY needs .* there is 49000"),
        ("0", "SELL", "1000", "no KRW-BTC to sell"),
        ("100000", "BUY", "900000000000000", "buys less than"),
    ],
)
def test_trade_moves_nothing_when_money_or_asset_lacks(cash: str, side: str, price: str, words: str) -> None:
    with pytest.raises(Insufficient, match=words):
        trade(Account(Decimal(cash)), TERMS, side, BTC, Decimal(price))


def test_money_is_conserved_to_the_last_unit_when_trades_are_random(seed: int) -> None:
    chance = random.Random(seed)
    account, paid_fees = deposit(Account(), Decimal(300_000)), Fraction(0)
    flow = Fraction(300_000)
    for _ in range(2_000):
        side, symbol = chance.choice(["BUY", "SELL"]), chance.choice([BTC, "KRW-ETH"])
        price = Decimal(repr(round(chance.uniform(0.001, 1e8), chance.randrange(9))))
        try:
            fill = trade(account, TERMS, side, symbol, price)
        except Insufficient:
            continue
        worth = Fraction(fill.price) * Fraction(fill.quantity)
        flow += (worth if side == "SELL" else -worth) - Fraction(fill.fee)
        paid_fees += Fraction(fill.fee)
        account = account_of({**account_fields(fill.account, {})})
        assert account == fill.account
        assert Fraction(account.cash) == flow >= 0
    assert paid_fees > 0


@pytest.mark.parametrize(
    ("value", "text"),
    [("0", "0"), ("0E-8", "0"), ("1E+3", "1000"), ("10.500", "10.5"), ("100", "100"), ("1E-8", "0.00000001")],
)
def test_plain_writes_no_exponent_and_no_trailing_zeros(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


def test_equity_counts_each_position_at_its_price() -> None:
    account = Account(Decimal(10), {BTC: Decimal("0.5"), "KRW-ETH": Decimal(2)})
    assert account.equity({BTC: Decimal(100), "KRW-ETH": Decimal("1.25")}) == Decimal("62.5")
