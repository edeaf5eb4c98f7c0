"""The parts of a bot put together: the data folder held, the signals heard, the trader between exchange and store."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from agent.breaker import Breaker
from agent.clock import Clock
from agent.fetch import Fetcher
from agent.folder import DataFolder, process_clock
from agent.market.strategy import Plan
from agent.secret import secret
from agent.settings import Config
from agent.stop import Stop
from agent.trader import Trader, trader_of

if TYPE_CHECKING:
    from agent.outbox import Outbox

REST_S_MAX = 30.0


@contextmanager
def holding(folder: DataFolder, *, reloads: bool) -> Iterator[Stop]:
    """Have the data folder for this process alone, and hear the signals."""
    folder.prepare()
    stop = Stop()
    stop.install(reloads=reloads)
    with folder.hold("bot"):
        yield stop


@contextmanager
def assembled(settings: Config, plan: Plan, folder: DataFolder, stop: Stop) -> Iterator[tuple[Trader, "Outbox | None"]]:
    """Put the parts together that a configuration asks for."""
    # However rare the jobs are, the loop comes round often enough for systemd to know that it lives.
    clock = process_clock(settings, folder, lambda duration_s: stop.wait(min(duration_s, REST_S_MAX)))
    fetcher = Fetcher(clock, stop, lambda host: Breaker(host, lambda change: trader.tell_breaker(change)))
    with trader_of(settings, folder, clock, fetcher, plan) as trader, closing(fetcher):
        yield trader, _outbox(settings, folder, clock, fetcher)


def _outbox(settings: Config, folder: DataFolder, clock: Clock, fetcher: Fetcher) -> "Outbox | None":
    """Return what tells the outside, None where nothing does."""
    secrets = ("MOSS_PING_URL", "MOSS_WEBHOOK_URL")
    if not (settings.telegram.enabled or settings.webhook.url or any(map(secret, secrets))):
        return None
    from agent.outbox import outbox_of  # the ways off the box take memory, and most boxes use none

    return outbox_of(settings, folder, clock, fetcher)
