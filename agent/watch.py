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
    for symbol, moment_s in trader.answered_s.items():
        age_min = round((trader.clock.now_s() - moment_s) / MINUTE_S)
        alerts.weigh(f"prices {symbol}", age_min / price_min_max, age_min=age_min)
    if trader.config.news.feeds:
        age_min = round(_silent_s(trader) / MINUTE_S)
        alerts.weigh("scorer", age_min / limits.scorer_min_max, age_min=age_min)


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
