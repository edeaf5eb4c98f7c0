"""Obeying what the owner ordered by a `command` event; imported when there is an order."""

from collections.abc import Mapping, Sequence
from typing import Any

from agent.clock import timestamp
from agent.teller import MOVES, answers
from agent.trader import Trader


def obey(trader: Trader, orders: Sequence[Mapping[str, Any]]) -> bool:
    """Do what the owner ordered; an order given twice, or seen twice, changes nothing more. Raises NotStored.

    Arguments:
        orders: `command` events, oldest first; the last pause or resume counts, and each deposit and withdraw.
    Returns: whether the configuration is to be read anew.
    """
    # Questions asked by message are commands too, and no orders.
    trading = [order for order in orders if order.get("what") in ("pause", "resume")]
    if trading and trading[-1]["what"] == "pause":
        trader.alerts.begin("paused", before=False, after=True, by=trading[-1].get("by"))
    elif trading:
        trader.alerts.end("paused", before=True, after=False, by=trading[-1].get("by"))
    moves = [order for order in orders if order.get("what") in MOVES]
    if moves:
        trader.append(answers(trader.folder, trader.engine, moves, timestamp(trader.clock.now_s())))
    return any(order.get("what") == "reload" for order in orders)
