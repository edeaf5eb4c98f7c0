#!/usr/bin/env python3
"""The signal loop: reads a market each minute, says BUY, SELL or HOLD, trades on paper. `bot.py --help` says how."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from agent import alive, config, usage
from agent.breaker import Breaker
from agent.clock import SystemClock
from agent.console import leave_quietly, say, show
from agent.errors import ConfigError, MossError, Stopped
from agent.fetch import Fetcher
from agent.folder import DataFolder, find_data, process_clock
from agent.jobs import Jobs
from agent.parts import plan_of
from agent.settings import Config, minutes
from agent.stop import Stop
from agent.trader import Trader, trader_of
from store import NotStored, StoreError

FETCH_S_MAX = 20.0
REST_S_MAX = 30.0
# `once` ends within six seconds: this much is for the exchange, the rest for starting, storing and deciding.
ONCE_FETCH_S_MAX = 4.5


def run(options: argparse.Namespace) -> int:
    """Run the loop until SIGTERM or SIGINT; SIGHUP reads the configuration anew."""
    folder = find_data(options.data)
    settings, wrong = config.load_or_last(options.config, folder)
    with _holding(folder, reloads=True) as stop:
        fresh: Config | None = settings
        while fresh is not None:
            with _trader(fresh, folder, stop) as trader:
                first = trader.tell_reload if fresh is not settings else lambda: trader.tell_start(wrong)
                fresh = _live(trader, stop, options, first)
    return 0


def _live(trader: Trader, stop: Stop, options: argparse.Namespace, first: Callable[[], object]) -> Config | None:
    """Live by one configuration; returns the next one, None when it is time to end."""
    market = trader.config.market
    say(f"moss reads {', '.join(market.symbols)} of {market.source}; its records go to {trader.folder.path}")
    jobs = _jobs(trader)
    _attempt(trader, first)
    # Before the first fetch, which may take long: what falls due meanwhile is done after it, late but not lost.
    jobs.begin()
    _attempt(trader, lambda: trader.take_prices(FETCH_S_MAX))
    alive.notify("READY=1")
    while not stop.asked:
        _attempt(trader, jobs.run_due)
        alive.notify(f"WATCHDOG=1\nSTATUS={trader.last_line}")
        if stop.reload_asked:
            stop.reload_asked = False
            if fresh := _reloaded(trader, options):
                return fresh
        trader.clock.sleep_s(jobs.idle_s())
    alive.notify("STOPPING=1")
    _attempt(trader, trader.tell_stop)
    return None


def _reloaded(trader: Trader, options: argparse.Namespace) -> Config | None:
    """Read the configuration anew; a wrong one changes nothing, and an alert tells."""
    try:
        fresh = config.load(options.config)
        plan_of(fresh)
    except ConfigError as error:
        wrong = str(error)
        say(wrong)
        _attempt(trader, lambda: trader.tell_wrong_config(wrong, "goes on with the configuration it has"))
        return None
    alive.notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
    return fresh


def _jobs(trader: Trader) -> Jobs:
    """Say what runs when; jobs that are due together run in this order."""
    schedule = trader.config.schedule
    jobs = Jobs(trader.clock, schedule.timezone, trader.tell_missed)

    def prices(_due_s: int) -> None:
        trader.take_prices(FETCH_S_MAX)

    def signals(due_s: int) -> None:
        trader.decide(due_s)

    def report(_due_s: int) -> None:
        trader.tell_report()

    jobs.every(minutes(schedule.price)).minutes.do(prices)
    jobs.every(minutes(schedule.signal)).minutes.do(signals)
    jobs.every(minutes(schedule.report)).minutes.do(report)
    return jobs


def _attempt(trader: Trader, work: Callable[[], object]) -> None:
    """Do one pass; a record that could not be stored is no end: the next pass starts from what the store holds."""
    try:
        if trader.is_unsure:
            trader.read_back()
        work()
    except Stopped:
        return
    except NotStored as error:
        trader.is_unsure = True
        say(f"not stored, and tried again at the next pass: {error}")


def once(options: argparse.Namespace) -> int:
    """Make one pass: fetch the closed candles that are missing, decide on the newest minute."""
    folder = find_data(options.data)
    settings, _ = config.load_or_last(options.config, folder)
    with _holding(folder, reloads=False) as stop, _trader(settings, folder, stop) as trader:
        trader.read_back()
        troubles = trader.take_prices(ONCE_FETCH_S_MAX)
        trader.decide_newest()
        if not troubles and not trader.is_current:
            say("there are more candles to fetch than one pass has time for; run it again")
            return 75
        return min((trouble.exit_status for trouble in troubles), default=0)


@contextmanager
def _holding(folder: DataFolder, *, reloads: bool) -> Iterator[Stop]:
    """Have the data folder for this process alone, and hear the signals."""
    folder.prepare()
    stop = Stop()
    stop.install(reloads=reloads)
    with folder.hold("bot"):
        yield stop


@contextmanager
def _trader(settings: Config, folder: DataFolder, stop: Stop) -> Iterator[Trader]:
    """Put the parts together that a configuration asks for."""
    # However rare the jobs are, the loop comes round often enough for systemd to know that it lives.
    clock = process_clock(settings, folder, lambda duration_s: stop.wait(min(duration_s, REST_S_MAX)))
    fetcher = Fetcher(clock, stop, lambda host: Breaker(host, lambda change: trader.tell_breaker(change)))
    with trader_of(settings, folder, clock, fetcher) as trader:
        yield trader


def check(options: argparse.Namespace) -> int:
    """Say whether the configuration is good, and when each job runs next."""
    from agent.outbox import lacking  # `run` has no need of it where no message is asked for

    settings, folder = config.load(options.config), find_data(options.data)
    with trader_of(settings, folder, SystemClock(time.sleep), Fetcher(SystemClock())) as trader:
        jobs = _jobs(trader)
        jobs.begin()
    show(f"config    {settings.path or 'built-in defaults'}: good")
    show(f"data      {folder.path}")
    for text in lacking(settings):
        show(text, alarm=True)
    for name, moments in jobs.upcoming(3):
        show(f"{name:9} {', '.join(f'{moment:%m-%d %H:%M}' for moment in moments)} ({settings.schedule.zone})")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status that the contract of each error gives."""
    options = usage.read(arguments, str(__doc__), {name: str(work.__doc__) for name, work in _COMMANDS.items()})
    try:
        if options.command in _COMMANDS:
            return _COMMANDS[options.command](options)
        from agent import commands

        return commands.run(options.command, options)
    except (MossError, StoreError) as error:
        for text in str(error).splitlines():
            say(f"bot.py: {text}")
        return error.exit_status if isinstance(error, MossError) else 1
    except PermissionError as error:
        say(f"bot.py: {error.filename}: no permission; join the group of the folder's owner (moss on a VPS)")
        return 1
    except BrokenPipeError:
        leave_quietly()
        return 0
    except KeyboardInterrupt:
        return 130


_COMMANDS = {"run": run, "once": once, "check": check}


if __name__ == "__main__":
    sys.exit(main())
