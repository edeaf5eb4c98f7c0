"""The bot's other commands: what a person asks of it now and then; imported only for that."""

import argparse
import getpass
import os
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from agent import arguments, config
from agent.clock import SystemClock, seconds, timestamp
from agent.console import say
from agent.display import show
from agent.errors import Busy, FolderError, UsageError
from agent.folder import DataFolder, add_places, find_data

# 2010-01-01: the oldest exchange is of that year.
FIRST_TRADE_S = 1_262_304_000


def run(name: str, options: argparse.Namespace) -> int:
    """Run the command of that name; returns its exit status.

    Arguments:
        options: what stood before the name, and in `rest` what stood behind it.
    """
    work = _COMMANDS[name]
    parser = argparse.ArgumentParser(prog=f"bot.py {name}", description=work.__doc__)
    add_places(parser, default=argparse.SUPPRESS)
    arguments.add(name, parser)
    parser.parse_args(options.rest, options)
    return work(options)


def summaries() -> str:
    """Return what each command does, a line each."""
    return "\n".join(f"  {name:9} {str(work.__doc__).splitlines()[0]}" for name, work in _COMMANDS.items())


def once(options: argparse.Namespace) -> int:
    """Make one pass: fetch the closed candles that are missing, decide on the newest minute."""
    from agent.single_pass import single_pass

    return single_pass(options)


def check(options: argparse.Namespace) -> int:
    """Say whether the configuration is good, and when each job runs next."""
    from agent.course import Course
    from agent.duties import Duties
    from agent.errand import Errands
    from agent.fetch import Fetcher
    from agent.jobs import Jobs, name_of
    from agent.outbox import lacking
    from agent.parts import plan_of
    from agent.rules import rules_with
    from agent.trader import trader_of

    settings, folder = config.load(options.config), find_data(options.data)
    clock = SystemClock(time.sleep)
    plan = plan_of(settings)
    with trader_of(settings, folder, clock, Fetcher(clock), plan) as trader:
        jobs = Jobs(clock, settings.schedule.timezone, rules_with(settings.schedule.order), _tell, _tell)
        Duties(trader, Course(settings, None, plan), Errands()).plan(jobs)
    show(f"config    {settings.path or 'built-in defaults'}: good")
    show(f"data      {folder.path}")
    for text in lacking(settings):
        show(text, alarm=True)
    for job in jobs.jobs:
        assert job.next_run is not None  # noqa: S101 - they are planned
        moments = [job.next_run + n * timedelta(**{str(job.unit): job.interval}) for n in range(3)]
        show(f"{name_of(job):9} {', '.join(f'{moment:%m-%d %H:%M}' for moment in moments)} ({settings.schedule.zone})")
    return 0


def pause(options: argparse.Namespace) -> int:
    """Fill no more signals on paper, and go on recording; `resume` ends it."""
    return _order(options, {"what": options.command})


def resume(options: argparse.Namespace) -> int:
    """Fill signals on paper again."""
    return _order(options, {"what": options.command})


def reload(options: argparse.Namespace) -> int:
    """Take up the configuration as it is now, as SIGHUP does; a changed file is taken up by itself."""
    return _order(options, {"what": options.command})


def _order(options: argparse.Namespace, order: Mapping[str, object]) -> int:
    """Order something by an event that the bot follows; where none runs, the next one does."""
    folder = find_data(options.data)
    settings, _ = config.load_or_last(options.config, folder)
    folder.prepare()
    with folder.open("events", settings) as events:
        ts, by = timestamp(time.time()), getpass.getuser()
        events.append({"ts": ts, "kind": "command", **order, "by": by})
    say(f"{order['what']} is ordered; a bot that runs follows within half a minute, else the next one that starts")
    return 0


def replay(options: argparse.Namespace) -> int:
    """Decide recorded candles again: print the signals, or with --data store all records in an empty folder."""
    from agent import recording
    from agent.replay import Replay, keep, line

    settings = config.load(options.config)
    series = recording.rows([Path(name) for name in options.files], settings.market.symbols[0], settings.market.source)
    entries = Replay(settings, tells_prices=bool(options.report or options.data)).entries(series)
    if options.report:
        from agent.market.performance import Performance

        performance = Performance(settings.bank.cash)
        entries = performance.watching(entries)
    if options.data:
        count = keep(entries, DataFolder(Path(options.data)), settings)
        say(f"{count} records stored in {options.data}")
    else:
        for stream, record in entries:
            if stream == "signals" and not options.report:
                show(line(record))
    if options.report:
        for text in performance.lines():
            show(text)
    return 0


def status(options: argparse.Namespace) -> int:
    """Tell how it goes, from the store alone."""
    from agent.status import as_json, lines, status

    folder = reading(options)
    report = status(folder, time.time())
    if options.json:
        show(as_json(report))
        return 0
    for text, alarm in lines(report):
        show(text, alarm=alarm)
    return 0


def audit(options: argparse.Namespace) -> int:
    """Account for every minute of the stored series, and decide every stored evaluation again; 1 if not all is well."""
    from agent.audit import Audit

    folder = reading(options)
    settings, _ = config.load_or_last(options.config, folder)
    try:
        begin_s = seconds(f"{options.day}T00:00:00{settings.schedule.zone}") if options.day else None
    except ValueError as error:
        raise UsageError(f"{options.day}: is no day such as 2026-11-21") from error
    if begin_s is not None and begin_s < 0:
        raise UsageError(f"{options.day}: lies before 1970, when the count of seconds begins")
    found = Audit(settings, folder, begin_s).result()
    for text in found.troubles:
        say(text)
    for text in found.lines():
        show(text)
    return 0 if found.is_well else 1


def backfill(options: argparse.Namespace) -> int:
    """Fetch the time from --since to the first stored candle, in pages; what was interrupted goes on where it was."""
    from agent.backfill import Backfill
    from agent.fetch import Fetcher
    from agent.market.sources import source_of
    from agent.stop import Stop

    folder = find_data(options.data)
    settings, _ = config.load_or_last(options.config, folder)
    try:
        since_s = int(seconds(options.since)) // 60 * 60
    except ValueError as error:
        raise UsageError(f"{options.since}: is no moment such as 2026-01-01 or 2026-01-01T00:00Z") from error
    if since_s < FIRST_TRADE_S:
        raise UsageError(f"{options.since}: lies before 2010, when nothing was traded on any exchange")
    folder.prepare()
    stop = Stop()
    stop.install()
    clock = SystemClock(stop.wait)
    with folder.hold("backfill"):
        return Backfill(settings, folder, clock, source_of(settings.market, Fetcher(clock, stop)), stop, since_s).run()


def bank(options: argparse.Namespace) -> int:
    """Look at the paper account; deposit or withdraw money, or an asset such as KRW-BTC; a bot that runs does it."""
    from agent import teller

    if options.what == "balance":
        for text in teller.balance(reading(options)):
            show(text)
        return 0
    amount = teller.amount_of(options.amount)
    folder = find_data(options.data)
    settings, _ = config.load_or_last(options.config, folder)
    folder.prepare()
    if options.what == "deposit" and (doubt := teller.doubt(settings, options.asset)):
        say(doubt)
    try:
        record = teller.move(settings, folder, options.what, amount, options.asset, timestamp(time.time()))
    except Busy:
        return _order(options, teller.ordered(folder, options.what, amount, options.asset))
    say(f"{options.what} done; cash {record['cash']}, equity {record['equity']}")
    return 0


def _tell(*what: object) -> None:
    say(f"{what}")


def reading(options: argparse.Namespace) -> DataFolder:
    """Return the folder that is read, and say which; raises FolderError saying what to do."""
    folder = find_data(options.data)
    if not folder.path.is_dir():
        raise FolderError(f"{folder.path}: there is no such data folder; start bot.py first, or name it with --data")
    if not os.access(folder.path, os.R_OK | os.X_OK, effective_ids=True):
        raise FolderError(f"{folder.path}: no permission to read it; join the group of its owner (moss on a VPS)")
    say(f"reading {folder.path}")
    return folder


_COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "once": once,
    "check": check,
    "pause": pause,
    "resume": resume,
    "reload": reload,
    "replay": replay,
    "status": status,
    "audit": audit,
    "backfill": backfill,
    "bank": bank,
}
