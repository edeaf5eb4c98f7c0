"""A row that comes late, put in its place; imported when one does."""

import copy
from typing import TYPE_CHECKING

from agent.clock import MINUTE_S
from agent.market.candle import Candle

if TYPE_CHECKING:
    from agent.market.evaluation import Market


def put_in_place(market: "Market", candle: Candle) -> None:
    """Let a late row count in its minute, and the filled minutes after it as its close.

    Arguments:
        market: has counted that minute already.
    """
    assert market.newest_s is not None  # noqa: S101 - the caller has compared with it
    index = len(market.minutes) - 1 - (market.newest_s - candle.open_s) // MINUTE_S
    if index < 0:
        return
    market.minutes[index] = (candle.close, True)
    for later in range(index + 1, len(market.minutes)):
        if market.minutes[later][1]:
            break
        market.minutes[later] = (candle.close, False)
    market.strategy = copy.deepcopy(market.settled)
    for close, _ in market.minutes:
        market.strategy.add(close)
