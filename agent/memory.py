"""What the store remembers: the state a bot needs after a restart, read back from the newest record on.

There is no second state file that could fall out of step with the records.
"""

from collections.abc import Mapping
from pathlib import Path

from agent.clock import MINUTE_S
from agent.market.bank import Account, account_of
from agent.market.candle import Candle, candle_of
from agent.market.evaluation import Market, is_comparable
from store import Record, newest, newest_holding

# Candles older than the strategy's window that are read too: a row stored late stands behind newer ones.
SPARE_MINUTES = 400
# So many evaluations of a market are looked at for one with averages: some strategies never have any.
EVALUATIONS_MAX = 10_000


def candles(
    path: Path, symbols: tuple[str, ...], source: str, span_min: int, *, fades: bool = False, since: str = ""
) -> list[Candle]:
    """Return each symbol's stored candles of its last minutes, enough to know every minute of them.

    Arguments:
        span_min: how many minutes before its newest candle count.
        fades: count them from the newest candle at another price instead. While the price stands still, an average
            that fades learns nothing, however long that lasts.
        since: records with a `ts` before it are not looked at.
    Returns: rising in time.
    Raises: ValueError when a record that its checksum calls whole is no candle.
    Cost: reads back to where every symbol has enough; looks through all back to `since` if one has not.
    """
    found: list[Candle] = []
    newer: dict[str, Candle] = {}
    edges_s: dict[str, int] = {}
    wanting = set(symbols)
    for record in newest_holding(path, wanting, (source,), since):
        if record["ts"] < since:
            break
        if record.get("symbol") not in wanting or record.get("source") != source:
            continue
        candle = candle_of(record)
        found.append(candle)
        if not fades or newer.setdefault(candle.symbol, candle).close != candle.close:
            edges_s.setdefault(candle.symbol, candle.open_s - MINUTE_S * (span_min + SPARE_MINUTES))
        # The first one before the edge is needed too: it is what the left-out minutes after it count as.
        if candle.open_s < edges_s.get(candle.symbol, 0):
            wanting.discard(candle.symbol)
            if not wanting:
                break
    return sorted(found, key=lambda candle: candle.open_s)


def recall_evaluations(path: Path, markets: Mapping[str, Market], source: str, rule: str) -> dict[str, Record]:
    """Tell each market its newest evaluation, and the newest one that the next can be compared with.

    Returns: each symbol's newest record; of those behind the newest few thousand of all only one of this source and
        rule.
    """
    last: dict[str, Record] = {}
    seen = dict.fromkeys(markets, 0)
    for record in newest_holding(path, seen, (source, rule)):
        symbol = record.get("symbol")
        if symbol in seen:
            last.setdefault(symbol, record)
            markets[symbol].remember_minute(record)
            seen[symbol] += 1
            if is_found := is_comparable(record, source, rule):
                markets[symbol].remember_averages(record)
            if is_found or seen[symbol] == EVALUATIONS_MAX:
                del seen[symbol]
        if not seen:
            break
    return last


def account(path: Path) -> Account | None:
    """Return the account after the ledger's last record, None before the first deposit."""
    return next(map(account_of, newest(path)), None)


def previous_end(path: Path, boot_id: str | None) -> str | None:
    """Say how the run before ended: "stopped", "died" (killed or crashed) or "machine" (it went down); None: none was.

    Arguments:
        path: the events.
        boot_id: this boot's.
    """
    for event in newest(path):
        if event["kind"] == "stop":
            return "stopped"
        if event["kind"] == "start":
            return "died" if event.get("boot_id") == boot_id else "machine"
    return None
