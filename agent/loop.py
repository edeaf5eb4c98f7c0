"""The loop of one configuration: what is due is done, orders are followed, and a better configuration ends it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from agent import alive
from agent.console import say
from agent.course import Course
from agent.duties import Duties
from agent.errand import Errands
from agent.errors import Stopped
from agent.jobs import Jobs
from agent.orders import Orders
from agent.rules import FETCH_S_MAX, rules_with
from agent.stop import Stop
from agent.trader import Trader
from store import NotStored

if TYPE_CHECKING:
    from agent.outbox import Outbox

# What a new loop tells before anything else: that the process started, or why there is a new loop.
First = Callable[[Trader], object]


class Loop:
    """The passes of one trader.

    Arguments:
        stop: ends it.
        course: which configuration is followed; where it turns, the loop ends too, for the next one.
        orders: the events that others append.
        errands: the programs beside the loop; those of the loop before it may still run.
        outbox: what tells the outside, where that is configured.
    """

    def __init__(
        self, trader: Trader, stop: Stop, course: Course, orders: Orders, errands: Errands, outbox: "Outbox | None"
    ) -> None:
        self._trader = trader
        self._stop = stop
        self._course = course
        self._orders, trader.seen_ts = orders, orders.seen_ts
        self._outbox = outbox
        self._broken = ""
        self._first: First | None = None
        self._turned: First | None = None
        self._errands = errands
        zone, rules = trader.config.schedule.timezone, rules_with(trader.config.schedule.order)
        self.jobs = Jobs(trader.clock, zone, rules, trader.tell_missed, self._failed, errands.again)
        self._duties = Duties(trader, course, errands, outbox)

    def live(self, first: First) -> First | None:
        """Pass after pass until a stop is asked for; returns what the next loop tells first, None for an end.

        Arguments:
            first: what this one tells.
        """
        market, trader, stop = self._trader.config.market, self._trader, self._stop
        say(f"moss reads {', '.join(market.symbols)} of {market.source}; its records go to {trader.folder.path}")
        # What was ordered before the start, which tells how far that was followed.
        self._attempt(self._follow)
        self._first = first
        self._attempt(self._begin)
        # Before the first fetch, which may take long: what falls due meanwhile is done after it, late but not lost.
        self._duties.plan(self.jobs)
        self._attempt(lambda: trader.take_prices(FETCH_S_MAX))
        alive.notify("READY=1")
        while not stop.asked:
            self._attempt(self._begin)
            self._attempt(self._pass)
            alive.notify(f"WATCHDOG=1\nSTATUS={trader.last_line}")
            self._attempt(self._turn)
            if self._turned:
                return self._turned
            trader.clock.sleep_s(self.jobs.idle_s())
        alive.notify("STOPPING=1")
        self._attempt(trader.tell_stop)
        return None

    def _begin(self) -> None:
        """Tell what comes first; what could not be stored is told before a later pass."""
        if self._first:
            self._first(self._trader)
            self._first = None

    def _pass(self) -> None:
        self.jobs.run_due()
        for failure in self._errands.failures():
            self.jobs.fail(*failure)
        self._follow()
        if self._outbox is not None:
            self._outbox.work(self.jobs.idle_s())

    def _follow(self) -> None:
        """Follow what others stored."""
        events = self._orders.fresh()
        if self._trader.follow(events):
            self._stop.reload_asked = True
        self._orders.done(events)
        self._trader.seen_ts = self._orders.seen_ts
        if self._outbox is not None:
            for event in events:
                self._outbox.offer(event)

    def _turn(self) -> None:
        """Turn to a configuration that changed, or back from one that does not work."""
        asked, self._stop.reload_asked = self._stop.reload_asked, False
        if self._first and not self._broken:
            # What this configuration began with is stored before another is turned to, which its files still tell then.
            return
        if asked or self._course.before or self._course.has_changed():
            from agent.turning import turned

            self._turned = turned(self._course, self._trader, self._broken, asked=asked)

    def _attempt(self, work: Callable[[], object]) -> None:
        """Do something that stores; a record that could not be stored is no end: the next try starts from the store."""
        try:
            self._trader.sure()
            work()
        except Stopped:
            return
        except NotStored as error:
            self._failed(error)
        except Exception as error:
            if not self._course.before:
                raise
            # What nobody foresaw ends the process, but where the configuration before is there to go back to.
            self._broken = f"{type(error).__name__}: {error}"

    def _failed(self, error: Exception, *job: Any) -> None:  # noqa: ANN401 - what Jobs says of a job that failed
        from agent.mishap import tell_failure  # most passes have none

        tell_failure(self._trader, error, *job)
