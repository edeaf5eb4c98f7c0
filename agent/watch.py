"""The bot looks after itself: disk, memory, prices that do not come, a scorer that fell silent."""

import os
import time
from contextlib import suppress

from agent import alive
from agent.clock import MINUTE_S
from agent.jobs import Due
from agent.settings import minutes
from agent.trader import Trader

_BEGUN_S = time.monotonic()


def look(trader: Trader, _due: Due) -> None:
    """Look at everything once; what is beyond its limit in the config's [watch] is an alert. Raises NotStored."""
    limits, alerts, folder = trader.config.watch, trader.alerts, trader.folder
    disk = os.statvfs(folder.path)
    free_mib = disk.f_bavail * disk.f_frsize >> 20
    alerts.weigh("disk", limits.disk_free_mib_min / max(free_mib, 1), folder=str(folder.path), free_mib=free_mib)
    rss_mib = (alive.rss_kib() or 0) >> 10
    alerts.weigh("memory", rss_mib / limits.rss_mib_max, rss_mib=rss_mib)
    # From when the next answer is due: with `price = "1h"` an hour without one is as it should be.
    price_min_max = limits.price_min_max + minutes(trader.config.schedule.price) - 1
    now_s = trader.clock.now_s()
    for symbol in trader.histories:
        age_min = round((now_s - trader.answered_s.setdefault(symbol, now_s)) / MINUTE_S)
        alerts.weigh(f"prices {symbol}", age_min / price_min_max, age_min=age_min)
    for what in [*alerts.open]:
        # Of a symbol that is read no more. While none answers, it may be one that others stand in for by turns.
        if what.startswith("prices ") and what.split()[1] not in trader.histories and trader.is_current:
            alerts.end(what)
    if trader.config.news.feeds:
        age_min = round(_silent_s(trader) / MINUTE_S)
        alerts.weigh("scorer", age_min / limits.scorer_min_max, age_min=age_min)
    else:
        alerts.end("scorer")


def _silent_s(trader: Trader) -> float:
    """Return for how long the scorer stored nothing: since this process began, where it never did."""
    feeds = trader.folder.stream("feeds")
    for path in (feeds, *sorted(feeds.parent.glob(f"{feeds.name}-*"), reverse=True)):
        # The files' own times: the scorer lives by the machine's clock, whatever the market's does. After a rotation
        # there is none but the newest segment's.
        with suppress(FileNotFoundError):
            return time.time() - path.stat().st_mtime
    # One that is told of does not end because its last file is pruned.
    return time.time() if "scorer" in trader.alerts.open else time.monotonic() - _BEGUN_S
