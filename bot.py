#!/usr/bin/env python3
"""The signal loop: reads a market each minute, says BUY, SELL or HOLD, trades on paper. `bot.py --help` says how."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from agent import alive, config, fallback
from agent.clock import SystemClock
from agent.console import leave_quietly, say, show
from agent.errors import MossError, Stopped
from agent.fetch import Fetcher
from agent.folder import DataFolder, find_data, process_clock
from agent.jobs import Jobs
from agent.market.sources import source_of
from agent.settings import minutes
from agent.trader import Trader
from store import NotStored, StoreError

FETCH_S_MAX = 20.0
# `once` ends within six seconds: this much is for the exchange, the rest for starting, storing and deciding.
ONCE_FETCH_S_MAX = 4.5


def run(options: argparse.Namespace) -> int:
    """Run the loop until SIGTERM or SIGINT."""
    with _working(options) as (trader, stop, wrong):
        market = trader.config.market
        say(f"moss reads {', '.join(market.symbols)} of {market.source}; its records go to {trader.folder.path}")
        jobs = _jobs(trader)
        _attempt(trader, lambda: trader.tell_start(wrong))
        _attempt(trader, lambda: trader.take_prices(FETCH_S_MAX))
        jobs.begin()
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
def _working(options: argparse.Namespace) -> Iterator[tuple[Trader, alive.Stop, str]]:
    """Put the parts together on the data folder, which is this process's alone meanwhile."""
    folder = find_data(options.data)
    settings, wrong = fallback.settings(options.config, folder)
    folder.prepare()
    stop = alive.Stop()
    stop.install()
    with folder.hold("bot"):
        clock = process_clock(settings, folder, stop.wait)
        fetcher = Fetcher(clock, stop, on_breaker=lambda change: trader.tell_breaker(change))
        with Trader(settings, folder, clock, source_of(settings, fetcher)) as trader:
            yield trader, stop, wrong


def replay(options: argparse.Namespace) -> int:
    """Decide recorded candles again: print the signals, or with --data store all records in an empty folder."""
    from agent import recording
    from agent.replay import Replay, keep, line

    settings = config.load(options.config)
    series = recording.rows([Path(name) for name in options.files], settings.market.symbols[0], settings.market.source)
    entries = Replay(settings).entries(series)
    if options.data:
        count = keep(entries, DataFolder(Path(options.data)), settings)
        say(f"{count} records stored in {options.data}")
        return 0
    for stream, record in entries:
        if stream == "signals":
            show(line(record))
    return 0


def check(options: argparse.Namespace) -> int:
    """Say whether the configuration is good, and when each job runs next."""
    settings, folder = config.load(options.config), find_data(options.data)
    with Trader(settings, folder, SystemClock(time.sleep), source_of(settings, Fetcher(SystemClock()))) as trader:
        jobs = _jobs(trader)
        jobs.begin()
    show(f"config    {settings.path or 'built-in defaults'}: good")
    show(f"data      {folder.path}")
    for name, moments in jobs.upcoming(3):
        show(f"{name:9} {', '.join(f'{moment:%m-%d %H:%M}' for moment in moments)} ({settings.schedule.zone})")
    return 0


def status(options: argparse.Namespace) -> int:
    """Tell how it goes, from the store alone."""
    from agent.status import as_json, lines, status

    folder = find_data(options.data)
    folder.readable()
    say(f"reading {folder.path}")
    report = status(folder, time.time())
    if options.json:
        show(as_json(report))
        return 0
    for text, alarm in lines(report):
        show(text, alarm=alarm)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bot.py", description=__doc__)
    parser.set_defaults(work=run)
    _add_places(parser, default=None)
    commands = parser.add_subparsers(metavar="COMMAND")
    for work in (run, once, replay, check, status):
        text = str(work.__doc__)
        command = commands.add_parser(work.__name__, help=text, description=text)
        command.set_defaults(work=work)
        # Before or after the command's name: one that is not given here must not undo what was given there.
        _add_places(command, default=argparse.SUPPRESS)
        if work is replay:
            command.add_argument("files", metavar="FILE", nargs="+", help="one-minute candles, oldest file first")
        if work is status:
            command.add_argument("--json", action="store_true", help="one line of JSON instead")
    return parser


def _add_places(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument("--config", metavar="FILE", default=default, help="the configuration to follow")
    parser.add_argument("--data", metavar="DIR", default=default, help="the data folder")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status that the contract of each error gives."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.work(options))
    except (MossError, StoreError) as error:
        for text in str(error).splitlines():
            say(f"bot.py: {text}")
        return error.exit_status if isinstance(error, MossError) else 1
    except BrokenPipeError:
        leave_quietly()
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
