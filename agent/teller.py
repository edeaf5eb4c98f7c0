"""The bank's counter: the account as the ledger has it, and paper money or assets moved in or out by hand."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from agent import memory
from agent.errors import BadInput, FolderError
from agent.folder import DataFolder
from agent.market.bank import Account, Insufficient, account_fields, plain
from agent.settings import Config
from store import newest


def balance(folder: DataFolder) -> Iterator[str]:
    """Yield the account, a line each.

    Raises: FolderError where nothing was ever deposited.
    """
    record = next(newest(folder.stream("ledger")), None)
    if record is None:
        raise FolderError(f"{folder.path}: nothing was ever deposited here; the bot's first start does it")
    yield f"cash      {record['cash']}"
    for symbol, quantity in record["positions"].items():
        yield f"{symbol:9} {quantity}"
    yield f"equity    {record['equity']} at {record['ts']}"


def move(config: Config, folder: DataFolder, what: str, amount: Decimal, asset: str | None, ts: str) -> dict[str, Any]:
    """Deposit or withdraw, and return the ledger's new record.

    Arguments:
        what: "deposit" or "withdraw".
        amount: of money, or of the asset; above 0.
        asset: the symbol whose quantity moves; None: money.
    Raises: BadInput, Insufficient, NotStored; Busy while a bot runs, whose account it would change under its hands.
    """
    if not amount.is_finite() or amount <= 0:
        raise BadInput(f"{amount}: an amount is more than 0")
    with folder.hold("bot"), folder.open("ledger", config) as ledger:
        account = memory.account(folder.stream("ledger")) or Account()
        account = _moved(account, amount if what == "deposit" else -amount, asset)
        what_moved = {"symbol": asset, "amount": plain(amount)} if asset else {"amount": plain(amount)}
        record = {"ts": ts, "kind": what, **what_moved, **account_fields(account, _prices(folder, account))}
        ledger.append(record)
    return record


def _moved(account: Account, amount: Decimal, asset: str | None) -> Account:
    held = account.cash if asset is None else account.positions.get(asset, Decimal(0))
    left = held + amount
    if left < 0:
        raise Insufficient(f"there is {plain(held)} {asset or 'of money'}, and {plain(-amount)} was asked for")
    if asset is None:
        return account._replace(cash=left)
    others = {symbol: quantity for symbol, quantity in account.positions.items() if symbol != asset}
    return account._replace(positions={**others, asset: left} if left else others)


def _prices(folder: DataFolder, account: Account) -> dict[str, Decimal]:
    """Return the last stored close of each symbol that is held."""
    prices: dict[str, Decimal] = {}
    for record in newest(folder.stream("prices")):
        if record["symbol"] in account.positions:
            prices.setdefault(record["symbol"], Decimal(str(record["close"])))
        if len(prices) == len(account.positions):
            break
    return prices
