#!/usr/bin/env python3
"""The scorer: one pass over the news feeds, each headline scored from -1 to 1, once. `sentiment.py --help` says how."""

import argparse
import mmap
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent.console import leave_quietly, say
from agent.errors import FolderError, MossError, Stopped, Unreachable
from agent.news.model import Scorer

if TYPE_CHECKING:
    from agent.collector import Collector
    from agent.settings import Config
    from agent.stop import Stop

NEWS = Path(__file__).parent / "agent" / "news"
# One feed's share of the run's deadline.
FEED_S_MAX = 15.0


def run(options: argparse.Namespace) -> int:
    """Make one pass over the feeds and store the score of every new headline."""
    # `score` needs none of these, and they are most of what a start costs.
    from agent import config
    from agent.clock import SystemClock
    from agent.collector import Collector
    from agent.fetch import Fetcher
    from agent.folder import find_data, process_clock
    from agent.stop import Stop
    from store import StoreError

    settings, folder = config.load(options.config), find_data(options.data)
    folder.prepare()
    stop = Stop()
    stop.install()
    fetcher = Fetcher(SystemClock(stop.wait), stop)
    try:
        with folder.hold("sentiment"):
            clock = process_clock(settings, folder, stop.wait)
            with Collector(settings, folder, clock, fetcher, scorer()) as collector:
                return _pass(settings, collector, stop)
    except (StoreError, OSError) as error:
        raise FolderError(f"{folder.path}: {error}") from error


def _pass(settings: "Config", collector: "Collector", stop: "Stop") -> int:
    """Take each feed in turn; one that is down, slow or broken does not stop the others."""
    from agent.clock import SystemClock

    clock = SystemClock(stop.wait)
    end_s = clock.monotonic_s() + settings.news.deadline_s
    new, good, troubles = 0, 0, list[MossError]()
    for feed in settings.news.feeds:
        left_s = end_s - clock.monotonic_s()
        try:
            if left_s <= 0:
                late = Unreachable(f"not asked, the run's {settings.news.deadline_s} s were over")
                collector.tell(feed, late)
                raise late
            new += collector.collect(feed, min(left_s, FEED_S_MAX))
            good += 1
        except Stopped:
            break
        except MossError as trouble:
            troubles.append(trouble)
    say(f"{new} new headlines from {good} of {len(settings.news.feeds)} feeds")
    return 0 if good or not troubles else min(trouble.exit_status for trouble in troubles)


def scorer() -> Scorer:
    """Return the scorer with the words and the model that lie beside it."""
    with (NEWS / "model.bin").open("rb") as file:
        learned = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return Scorer((NEWS / "lexicon.tsv").read_bytes(), learned)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status that the contract of each error gives."""
    options = _options(arguments)
    try:
        if options.command == "run":
            return run(options)
        from agent import scoring

        return scoring.run(options.command, options, scorer())
    except MossError as error:
        for text in str(error).splitlines():
            say(f"sentiment.py: {text}")
        return error.exit_status
    except BrokenPipeError:
        leave_quietly()
        return 0
    except KeyboardInterrupt:
        return 130


# What is no pass lies in agent/scoring.py, and is imported when it is asked for.
_COMMANDS = {
    "run": str(run.__doc__),
    "score": "score headlines given as arguments, or one a line on standard input",
    "rescore": "score all stored titles with today's model, into a new stream",
    "eval": "tell how good the scores of labelled headlines are",
}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command's name and what stands before it; what stands behind it is read by the command's own parser."""
    listed = "\n".join(f"  {name:9} {text}" for name, text in _COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="sentiment.py", description=__doc__, epilog=listed, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_places(parser, default=None)
    parser.add_argument("command", nargs="?", default="run", choices=_COMMANDS, metavar="COMMAND", help="one of these:")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.command == "run":
        own = argparse.ArgumentParser(prog="sentiment.py run", description=_COMMANDS["run"])
        # Before or after the command's name: one that is not given here must not undo what was given there.
        add_places(own, default=argparse.SUPPRESS)
        own.parse_args(options.rest, options)
    return options


def add_places(parser: argparse.ArgumentParser, default: str | None) -> None:
    """Add the two options of what reads or writes records: which configuration, which data folder."""
    parser.add_argument("--config", metavar="FILE", default=default, help="the configuration to follow")
    parser.add_argument("--data", metavar="DIR", default=default, help="the data folder")


if __name__ == "__main__":
    sys.exit(main())
