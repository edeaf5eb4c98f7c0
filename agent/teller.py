"""The bank's counter: the account as the ledger has it, and paper money or assets moved in or out by hand."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from itertools import takewhile
from typing import Any

from agent import memory
from agent.clock import DAY_S, seconds, timestamp
from agent.errors import FolderError, MossError, UsageError
from agent.folder import DataFolder
from agent.market.bank import Account, Insufficient, account_fields, plain
from agent.market.candle import EXACT
from agent.market.engine import Engine, Entry
from agent.settings import Config
from store import newest

MOVES = ("deposit", "withdraw")
# Within these, whatever is added and taken away is exact.
AMOUNT_MAX, DECIMALS_MAX = Decimal(10**15), 18


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


def amount_of(text: object) -> Decimal:
    """Read how much is to be moved; raises UsageError."""
    try:
        amount = Decimal(str(text or ""))
    except InvalidOperation as error:
        raise UsageError(f"{text or 'nothing'}: is no amount") from error
    if not amount.is_finite() or not 0 < amount <= AMOUNT_MAX:
        raise UsageError(f"{amount}: an amount is more than 0, and at most {AMOUNT_MAX}")
    if -int(amount.normalize(EXACT).as_tuple().exponent) > DECIMALS_MAX:
        raise UsageError(f"{amount}: an amount has {DECIMALS_MAX} decimals at most")
    return amount


def doubt(config: Config, asset: str | None) -> str:
    """Return what is to be said of an asset that no market of the configuration has, empty of any other."""
    known = dict.fromkeys(
        [*config.market.symbols, *(each for other in config.market.fallback for each in other.symbols)]
    )
    if asset is None or asset in known:
        return ""
    from agent.mistake import nearest  # a bot that carries out orders needs no look-up of names

    return f"{asset}: no market has this name, so nothing trades or values it{nearest(asset.upper(), known)}"


def move(config: Config, folder: DataFolder, what: str, amount: Decimal, asset: str | None, ts: str) -> dict[str, Any]:
    """Deposit or withdraw, and return the ledger's new record.

    Arguments:
        what: "deposit" or "withdraw".
        amount: of money, or of the asset.
        asset: the symbol whose quantity moves; None: money.
    Raises: Insufficient, NotStored; Busy while a bot runs, whose account it would change under its hands: order it.
    """
    with folder.hold("bot"), folder.open("ledger", config) as ledger:
        account = memory.account(folder.stream("ledger")) or Account()
        account = moved(account, what, amount, asset)
        record = {"ts": ts, **_told(what, amount, asset), **account_fields(account, _prices(folder, account))}
        ledger.append(record)
    return record


def ordered(folder: DataFolder, what: str, amount: Decimal, asset: str | None) -> dict[str, str]:
    """Return the fields of a `command` event that orders the same of the bot that runs.

    Raises: Insufficient, as far as the ledger tells now.
    """
    moved(memory.account(folder.stream("ledger")) or Account(), what, amount, asset)
    fields = {"what": what, "amount": plain(amount), "order": os.urandom(6).hex()}
    return {**fields, "asset": asset} if asset else fields


def answers(folder: DataFolder, engine: Engine, commands: Iterable[Mapping[str, Any]], ts: str) -> Iterator[Entry]:
    """Carry out what commands order, each once however often it is seen: a ledger record, or an `error`, that names it.

    Arguments:
        engine: whose account it is.
        commands: the events, oldest first; one without `order`, written by hand, is known by its `ts`.
        ts: the moment of the answers.
    Cost: reads both streams back to a day before the first command; those of the demo market, whose clock is its own,
        to their beginning.
    """
    waiting = {str(command.get("order") or command["ts"]): command for command in commands}
    for key in _answered(folder, engine, min(str(command["ts"]) for command in waiting.values())):
        waiting.pop(key, None)
    for key, command in waiting.items():
        asset = str(command["asset"]) if command.get("asset") else None
        try:
            amount = amount_of(command.get("amount"))
            account = moved(engine.account or Account(), command["what"], amount, asset)
        except MossError as error:
            what = {"class": type(error).__name__, "message": f"{command['what']}: {error}", "attempt": 1}
            yield "events", {"ts": ts, "kind": "error", **what, "order": key}
            continue
        told = _told(command["what"], amount, asset)
        yield "ledger", {"ts": ts, **told, "order": key, **account_fields(account, engine.prices())}
        engine.account = account


def moved(account: Account, what: str, amount: Decimal, asset: str | None) -> Account:
    """Return the account after a deposit or a withdrawal, exactly; raises Insufficient."""
    held = account.cash if asset is None else account.positions.get(asset, Decimal(0))
    left = EXACT.add(held, amount) if what == "deposit" else EXACT.subtract(held, amount)
    if left < 0:
        raise Insufficient(f"there is {plain(held)} {asset or 'of money'}, and {plain(amount)} was asked for")
    if asset is None:
        return account._replace(cash=left)
    others = {symbol: quantity for symbol, quantity in account.positions.items() if symbol != asset}
    return account._replace(positions={**others, asset: left} if left else others)


def _answered(folder: DataFolder, engine: Engine, first_ts: str) -> Iterator[str]:
    """Yield which orders were answered since the first of some commands."""
    horizon_ts = ""
    if not any(market.source == "demo" for market in engine.markets.values()):
        # What was written by hand may have a moment that is none: then all is looked at.
        with suppress(ValueError, OverflowError):
            # A day's margin for a clock that was set back in between.
            horizon_ts = timestamp(seconds(first_ts) - DAY_S)
    for stream in ("ledger", "events"):
        for record in takewhile(lambda each: each["ts"] >= horizon_ts, newest(folder.stream(stream))):
            if "order" in record and record["kind"] != "command":
                yield str(record["order"])


def _told(what: str, amount: Decimal, asset: str | None) -> dict[str, Any]:
    return {"kind": what, **({"symbol": asset} if asset else {}), "amount": plain(amount)}


def _prices(folder: DataFolder, account: Account) -> dict[str, Decimal]:
    """Return the last stored close of each symbol that is held."""
    prices: dict[str, Decimal] = {}
    for record in newest(folder.stream("prices")):
        if record["symbol"] in account.positions:
            prices.setdefault(record["symbol"], Decimal(str(record["close"])))
        if len(prices) == len(account.positions):
            break
    return prices
