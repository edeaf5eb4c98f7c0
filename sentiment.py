#!/usr/bin/env python3
"""The scorer: one pass over the news feeds, each headline scored from -1 to 1, once. `sentiment.py --help` says how."""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent.console import say, show
from agent.errors import BadInput, FolderError, MossError, Stopped, Unreachable
from agent.news.model import Scorer

if TYPE_CHECKING:
    from agent.collector import Collector
    from agent.settings import Config
    from agent.stop import Stop

LEXICON = Path(__file__).parent / "agent/news/lexicon.tsv"
# One feed's share of the run's deadline.
FEED_S_MAX = 10.0


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
            with Collector(settings, folder, clock, fetcher, _scorer()) as collector:
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


def score(options: argparse.Namespace) -> int:
    """Score headlines given as arguments, or one a line on standard input."""
    scorer = _scorer()
    for text in options.texts or _lines():
        plain = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        result = scorer.score(plain)
        fields: dict[str, object] = {"score": result.score, "p_neg": result.p_neg, "p_neu": result.p_neu}
        fields |= {"p_pos": result.p_pos, "lang": result.lang, "text": plain}
        fields |= {"why": result.why} if options.why else {}
        # json escapes every control character but this one.
        show(json.dumps(fields).replace("\x7f", "\\u007f"))
    return 0


def _lines() -> Iterator[str]:
    for line in sys.stdin.buffer:
        yield line.removesuffix(b"\n").decode("utf-8", "replace")


def evaluate(options: argparse.Namespace) -> int:
    """Score labelled headlines, lines of label (-1, 0, 1), tab and text, and tell how good the scores are."""
    from agent.news.evaluation import labelled, measure, table

    try:
        with open(options.file, "rb") as lines:
            quality = measure(_scorer(), labelled(lines, options.file))
    except OSError as error:
        raise BadInput(f"{options.file}: cannot be read: {error.strerror}") from error
    for line in table(quality):
        show(line)
    figures = quality._asdict()
    show(json.dumps({name: round(figures[name], 4) for name in ("n", "accuracy", "macro_f1", "sign_accuracy", "ece")}))
    return 0


def _scorer() -> Scorer:
    return Scorer(LEXICON.read_text(encoding="utf-8"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sentiment.py", description=__doc__, parents=[_places(None)])
    parser.set_defaults(work=run)
    commands = parser.add_subparsers(metavar="COMMAND")
    commands.add_parser("run", help=run.__doc__, description=run.__doc__, parents=[_places(argparse.SUPPRESS)])
    told = commands.add_parser("score", help=score.__doc__, description=score.__doc__)
    told.add_argument("texts", metavar="TEXT", nargs="*", help="a headline; none: one a line on standard input")
    told.add_argument("--why", action="store_true", help="also say which words made the score")
    told.set_defaults(work=score)
    judged = commands.add_parser("eval", help=evaluate.__doc__, description=evaluate.__doc__)
    judged.add_argument("file", metavar="FILE", help="lines of label, tab and text")
    judged.set_defaults(work=evaluate)
    return parser


def _places(default: str | None) -> argparse.ArgumentParser:
    """Return the options that stand before or behind `run`; behind it, what is left out must not undo the former."""
    places = argparse.ArgumentParser(add_help=False)
    places.add_argument("--config", metavar="FILE", default=default, help="the configuration to follow")
    places.add_argument("--data", metavar="DIR", default=default, help="the data folder")
    return places


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status that the contract of each error gives."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.work(options))
    except MossError as error:
        for text in str(error).splitlines():
            say(f"sentiment.py: {text}")
        return error.exit_status
    except BrokenPipeError:
        # Whoever read the scores has seen enough; the interpreter's own last flush must not complain of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
