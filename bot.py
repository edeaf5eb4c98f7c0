#!/usr/bin/env python3
"""The signal loop: reads a market each minute, says BUY, SELL or HOLD, trades on paper. `bot.py --help` says how."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from agent import alive, config, fallback
from agent.breaker import Breaker
from agent.clock import SystemClock
from agent.console import leave_quietly, say, show
from agent.errors import MossError, Stopped
from agent.fetch import Fetcher
from agent.folder import add_places, find_data, process_clock
from agent.jobs import Jobs
from agent.settings import minutes
from agent.stop import Stop
from agent.trader import Trader, trader_of
from store import NotStored, StoreError

FETCH_S_MAX = 20.0
REST_S_MAX = 30.0
# `once` ends within six seconds: this much is for the exchange, the rest for starting, storing and deciding.
ONCE_FETCH_S_MAX = 4.5


def run(options: argparse.Namespace) -> int:
    """Run the loop until SIGTERM or SIGINT."""
    with _working(options) as (trader, stop, wrong):
        market = trader.config.market
        say(f"moss reads {', '.join(market.symbols)} of {market.source}; its records go to {trader.folder.path}")
        jobs = _jobs(trader)
        _attempt(trader, lambda: trader.tell_start(wrong))
        # Before the first fetch, which may take long: what falls due meanwhile is done after it, late but not lost.
        jobs.begin()
        _attempt(trader, lambda: trader.take_prices(FETCH_S_MAX))
        alive.notify("READY=1")
        while not stop.asked:
            _attempt(trader, jobs.run_due)
            alive.notify(f"WATCHDOG=1\nSTATUS={trader.last_line}")
            trader.clock.sleep_s(jobs.idle_s())
        alive.notify("STOPPING=1")
        _attempt(trader, trader.tell_stop)
    return 0


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
    with _working(options) as (trader, _, _):
        trader.read_back()
        troubles = trader.take_prices(ONCE_FETCH_S_MAX)
        trader.decide_newest()
        if not troubles and not trader.is_current:
            say("there are more candles to fetch than one pass has time for; run it again")
            return 75
        return min((trouble.exit_status for trouble in troubles), default=0)


@contextmanager
def _working(options: argparse.Namespace) -> Iterator[tuple[Trader, Stop, str]]:
    """Put the parts together on the data folder, which is this process's alone meanwhile."""
    folder = find_data(options.data)
    settings, wrong = fallback.settings(options.config, folder)
    folder.prepare()
    stop = Stop()
    stop.install()
    with folder.hold("bot"):
        # However rare the jobs are, the loop comes round often enough for systemd to know that it lives.
        clock = process_clock(settings, folder, lambda duration_s: stop.wait(min(duration_s, REST_S_MAX)))
        fetcher = Fetcher(clock, stop, lambda host: Breaker(host, lambda change: trader.tell_breaker(change)))
        with trader_of(settings, folder, clock, fetcher) as trader:
            yield trader, stop, wrong


def check(options: argparse.Namespace) -> int:
    """Say whether the configuration is good, and when each job runs next."""
    settings, folder = config.load(options.config), find_data(options.data)
    with trader_of(settings, folder, SystemClock(time.sleep), Fetcher(SystemClock())) as trader:
        jobs = _jobs(trader)
        jobs.begin()
    show(f"config    {settings.path or 'built-in defaults'}: good")
    show(f"data      {folder.path}")
    for name, moments in jobs.upcoming(3):
        show(f"{name:9} {', '.join(f'{moment:%m-%d %H:%M}' for moment in moments)} ({settings.schedule.zone})")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status that the contract of each error gives."""
    options = _options(arguments)
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
# What is not the loop itself lies in agent/commands.py, and is imported when it is asked for.
_FURTHER = {
    "replay": "decide recorded candles again",
    "status": "tell how it goes, from the store alone",
    "audit": "account for every minute, and decide every stored evaluation again",
    "backfill": "fetch the time before the first stored candle",
    "bank": "look at the paper account, deposit, withdraw",
}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command's name and what stands before it; what stands behind it is read by the command's own parser."""
    texts = {name: str(work.__doc__) for name, work in _COMMANDS.items()} | _FURTHER
    listed = "\n".join(f"  {name:9} {text}" for name, text in texts.items())
    parser = argparse.ArgumentParser(
        prog="bot.py", description=__doc__, epilog=listed, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_places(parser, default=None)
    parser.add_argument("command", nargs="?", default="run", choices=texts, metavar="COMMAND", help="one of these:")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.command in _COMMANDS:
        own = argparse.ArgumentParser(prog=f"bot.py {options.command}", description=texts[options.command])
        # Before or after the command's name: one that is not given here must not undo what was given there.
        add_places(own, default=argparse.SUPPRESS)
        own.parse_args(options.rest, options)
    return options


if __name__ == "__main__":
    sys.exit(main())
