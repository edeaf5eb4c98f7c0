#!/usr/bin/env python3
"""The scorer: one pass over the news feeds, each headline scored from -1 to 1, once.

run       Make one pass over the feeds and store the score of every new headline; what is meant where none is named.
score     Score headlines given as arguments, or one a line on standard input; --why tells what made the score.
rescore   Score all stored titles with today's model, into a new stream.
eval      Tell how good the scores of labelled headlines are.
"""

import mmap
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agent.console import leave_quietly, say
from agent.errors import BadInput, Busy, FolderError, MossError
from agent.news.model import Scorer

if TYPE_CHECKING:
    import argparse

# Not with pathlib, which is as large as the scorer's words.
NEWS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "agent", "news")  # noqa: PTH118, PTH120
# Secrets are variables, or files in a folder that systemd names.
_MAY_BE_WATCHED = {"MOSS_SCORER_PING_URL", "CREDENTIALS_DIRECTORY"}


def run(options: "argparse.Namespace") -> int:
    """Make one pass over the feeds and store the score of every new headline."""
    # `score` needs none of these, and they are most of what a start costs.
    from agent import config
    from agent.clock import SystemClock
    from agent.collector import Collector
    from agent.fetch import Fetcher
    from agent.folder import find_data, process_clock
    from agent.stop import Stop
    from store import StoreError

    folder = find_data(options.data)
    settings, _ = config.load_or_last(options.config, folder)
    folder.prepare()
    stop = Stop()
    stop.install()
    real = SystemClock(stop.wait)
    try:
        with folder.hold("sentiment"):
            clock = process_clock(settings, folder, stop.wait)
            with Collector(settings, folder, clock, Fetcher(real, stop), scorer()) as collector:
                return collector.collect_all(real)
    except (StoreError, OSError) as error:
        raise FolderError(f"{folder.path}: {error}") from error


def scorer() -> Scorer:
    """Return the scorer with the words and the model that lie beside it.

    Raises: BadInput naming the file that is missing or torn.
    """
    try:
        with open(f"{NEWS}/model.bin", "rb") as file, open(f"{NEWS}/lexicon.tsv", "rb") as words:
            return Scorer(words.read(), memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
    except (OSError, ValueError) as error:
        todo = "install moss anew, or run `make model`"
        raise BadInput(f"{NEWS}/model.bin or lexicon.tsv beside it cannot be read: {error}; {todo}") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status that the contract of each error gives."""
    try:
        options = _options(arguments)
        status = _status(options)
        if options.command == "run" and _MAY_BE_WATCHED & os.environ.keys():
            from agent.ping import ping_scorer  # only where somebody may wait for a sign of life

            ping_scorer(status)
        return status
    except Busy as error:
        # The pass that holds the lock gives the sign of life when it ends.
        return _told(error)
    finally:
        leave_quietly()


def _status(options: "argparse.Namespace") -> int:
    try:
        if options.command == "run":
            return run(options)
        from agent import scoring  # what is no pass is imported when it is asked for

        return scoring.run(options.command, options, scorer())
    except Busy:
        raise
    except MossError as error:
        return _told(error)
    except BrokenPipeError:
        return 0


def _told(error: MossError) -> int:
    for text in str(error).splitlines():
        say(f"sentiment.py: {text}")
    return error.exit_status


def _options(arguments: Sequence[str] | None) -> "argparse.Namespace":
    """Read the command's name and what stands before it; what stands behind it is read by the command's own parser."""
    import argparse  # a quarter of what the scorer takes, which has no use for it

    as_it_is = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="sentiment.py", description=__doc__, formatter_class=as_it_is)
    parser.add_argument("--config", metavar="FILE", help="the configuration to follow")
    parser.add_argument("--data", metavar="DIR", help="the data folder")
    names = ("run", "score", "rescore", "eval")
    parser.add_argument(
        "command", nargs="?", default="run", choices=names, metavar="COMMAND", help="one of those above"
    )
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    # Some versions of argparse take the "--" in front of a headline that begins with a dash for themselves.
    if options.rest and given[-len(options.rest) - 1] == "--":
        options.rest.insert(0, "--")
    # Before or after the command's name: what is not given here does not undo what was given there.
    return parser.parse_args(options.rest, options) if options.command == "run" else options


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
