"""The ledger's records, read: what the account held after each, and what each fill was worth."""

from collections.abc import Iterator
from typing import NamedTuple

from agent.clock import MINUTE_S, seconds
from desk.dashboard.cells import name, number
from desk.dashboard.records import Records, text_of
from store import Damage, Record

_UNSOUND = (KeyError, TypeError, ValueError, OverflowError)


class Fill(NamedTuple):
    """A trade on paper."""

    symbol: str
    side: str
    worth: float
    fee: float


class Entry(NamedTuple):
    """One record: when it counts, the account after it, and the trade if it is one."""

    time_s: float
    cash: float
    positions: dict[str, float]
    fill: Fill | None


def entries_of(records: Records) -> Iterator[Entry]:
    """Yield the ledger's records, oldest first; one of another form is told of and passed over."""
    for record in records.scan("ledger"):
        entry = _read(records, record)
        if entry:
            yield entry


def newest_sound(records: Records) -> Record | None:
    """Return the ledger's newest record, None where there is none of its form."""
    return next((record for record in records.newest("ledger") if _read(records, record) and text_of(record)), None)


def _read(records: Records, record: Record) -> Entry | None:
    try:
        return _entry_of(record)
    except _UNSOUND as error:
        # The moment tells it from others, since a record does not know its line.
        why = f"a record of another form, of {record['ts']:.40}: {error!r:.100}"
        records.tell(Damage(records.path("ledger"), 0, why))
        return None


def _entry_of(record: Record) -> Entry:
    held = record["positions"]
    if not isinstance(held, dict):
        raise TypeError("positions are no object")
    positions = {symbol: number(quantity) for symbol, quantity in held.items()}
    # A fill counts at the end of the minute it was decided on.
    time_s = seconds(record["candle_ts"]) + MINUTE_S if "candle_ts" in record else seconds(record["ts"])
    fill = None
    if record["kind"] == "fill":
        worth = number(record["price"]) * number(record["quantity"])
        fill = Fill(name(record["symbol"]), name(record["side"]), worth, number(record["fee"]))
    number(record["equity"])
    return Entry(time_s, number(record["cash"]), positions, fill)
