"""Obeying what the owner ordered by a `command` event; imported when there is an order."""

from collections.abc import Iterable, Mapping
from typing import Any

from agent.chronicle import Chronicle


def obey(chronicle: Chronicle, orders: Iterable[Mapping[str, Any]]) -> bool:
    """Do what the last order of each kind says; an order given twice changes nothing more. Raises NotStored.

    Arguments:
        orders: `command` events, oldest first: pause, resume, reload.
    Returns: whether the configuration is to be read anew.
    """
    last: dict[str, Mapping[str, Any]] = {}
    for order in orders:
        # Questions asked by message are commands too, and no orders.
        last[{"pause": "trading", "resume": "trading"}.get(order.get("what", ""), order.get("what", ""))] = order
    order = last.get("trading", {})
    if order.get("what") == "pause":
        chronicle.alerts.begin("paused", before=False, after=True, by=order.get("by"))
    elif order.get("what") == "resume":
        chronicle.alerts.end("paused", before=True, after=False, by=order.get("by"))
    return "reload" in last
