"""What goes wrong in a pass, told as events; imported when something does."""

import errno
from contextlib import suppress

from agent.chronicle import DOWNTIME_S_MAX, Chronicle
from agent.clock import MINUTE_S, timestamp
from agent.console import say
from agent.errors import MossError
from agent.jobs import Due
from agent.settings import minutes
from agent.trader import Trader
from store import NotStored, reserve


def tell_trouble(chronicle: Chronicle, symbol: str, error: MossError, attempt: int) -> None:
    """Store that a market gave no candles, the how-manieth time in a row, and when it is asked again.

    Raises: NotStored.
    """
    say(f"{symbol}: {error}")
    fields = {"class": error.kind, "message": str(error), "symbol": symbol, "source": chronicle.source_name}
    next_s = chronicle.clock.now_s() + MINUTE_S * minutes(chronicle.config.schedule.price)
    chronicle.event("error", **fields, attempt=attempt, next_ts=timestamp(next_s))


def tell_return(chronicle: Chronicle, wrong: str, silent_s: float) -> None:
    """Store which alerts a start ends, and which it begins; raises NotStored.

    Arguments:
        wrong: what is wrong with the config file, "" if nothing.
        silent_s: for how long nothing was recorded before.
    """
    alerts = chronicle.alerts
    for what, alert in [*alerts.open.items()]:
        # Of a unit that had failed for good: whoever started it has mended that.
        if what.endswith(".service") or (what == "config" and alert.get("message") != wrong):
            alerts.end(what)
    if wrong:
        alerts.begin("config", message=wrong, doing="goes on with the last good configuration")
    if silent_s > DOWNTIME_S_MAX:
        alerts.begin("downtime", silent_min=round(silent_s / MINUTE_S))


def tell_failure(
    trader: Trader, error: Exception, job: str = "", due: Due | None = None, again_s: float | None = None
) -> None:
    """Store that a job failed, and when it is tried again; raises NotStored.

    A record that could not be stored is only said, and stored where giving up the reserve makes room for it: the trader
    starts again from what the store holds.
    """
    if isinstance(error, NotStored):
        trader.is_unsure = True
        say(f"not stored, and tried again at the next pass: {error}")
        if error.errno in (errno.ENOSPC, errno.EDQUOT) and reserve.give_up(trader.folder.path, error):
            with suppress(NotStored):
                trader.event("error", **{"class": "NotStored"}, message=str(error), attempt=1)
        return
    say(f"{job}: {error}")
    kind = error.kind if isinstance(error, MossError) else type(error).__name__
    again = {} if again_s is None else {"next_ts": timestamp(again_s)}
    trader.event("error", **{"class": kind}, message=f"{error}", job=job, attempt=due.attempt if due else 1, **again)


def tell_skew(chronicle: Chronicle, skew_s: float, *, is_off: bool) -> None:
    """Store that this machine's clock begins to differ from the exchange's, or no longer does; raises NotStored."""
    side = "behind" if skew_s > 0 else "ahead of"
    message = f"this machine's clock is {abs(skew_s):.0f} s {side} the exchange's"
    say(message)
    chronicle.event("clock", source=chronicle.source_name, skew_s=round(skew_s, 1), message=message)
    chronicle.alerts.weigh("clock", is_off, message=message)
