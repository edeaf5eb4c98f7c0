"""One pass of the bot by itself, within six seconds, whatever an earlier process knew of the exchange."""

import argparse

from agent.assembly import assembled, holding
from agent.clock import MINUTE_S
from agent.console import say
from agent.course import course_of
from agent.folder import find_data
from agent.history import History
from agent.market.exchanges import wire_of
from agent.orders import Orders
from agent.trader import Trader

# This much is for the exchange, the rest for starting, storing and deciding.
FETCH_S_MAX = 4.5


def single_pass(options: argparse.Namespace) -> int:
    """Make one pass; return the exit status."""
    folder = find_data(options.data)
    course, _ = course_of(options.config, folder)
    with holding(folder, reloads=False) as stop, assembled(course.config, course.plan, folder, stop) as (trader, _):
        trader.read_back()
        trader.follow(Orders(folder.stream("events")).fresh())
        trader.histories = _in_turn(trader)
        troubles = trader.take_prices(FETCH_S_MAX)
        for symbol in course.config.market.symbols:
            history = trader.histories.get(symbol)
            if history is not None and history.settled_s is not None:
                trader.evaluate(symbol, history.settled_s)
        if not troubles and not (trader.is_current and _is_known(trader)):
            message = "there are more candles to fetch than one pass has time for; run it again"
            say(message)
            trader.event("error", **{"class": "Unreachable"}, message=message, source=trader.source_name, attempt=1)
            return 75
        return min((trouble.exit_status for trouble in troubles), default=0)


def _in_turn(trader: Trader) -> dict[str, History]:
    """Return the markets that one pass has time for, at their exchange's pace."""
    source, markets = trader.config.market.source, trader.engine.markets
    now_s, symbols = int(trader.clock.now_s()), list(trader.histories)
    closed_s = now_s // MINUTE_S * MINUTE_S - MINUTE_S
    # Each second begins with another: the newest candle of one that trades seldom does not tell when it was asked for.
    begin = now_s % len(symbols)
    in_turn = sorted(symbols[begin:] + symbols[:begin], key=lambda symbol: (markets[symbol].newest_s or 0) >= closed_s)
    count = len(in_turn) if source == "demo" else max(1, int(FETCH_S_MAX / wire_of(source).INTERVAL_S))
    return {symbol: trader.histories[symbol] for symbol in in_turn[:count]}


def _is_known(trader: Trader) -> bool:
    """Tell whether the newest closed minute is known of the markets too that were not asked for."""
    closed_s = int(trader.clock.now_s()) // MINUTE_S * MINUTE_S - MINUTE_S
    others = (market for symbol, market in trader.engine.markets.items() if symbol not in trader.histories)
    return all((market.newest_s or 0) >= closed_s for market in others)
