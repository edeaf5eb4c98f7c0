"""`python -m desk export-html`: one day of the records as one file to keep or to send."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent import config
from agent.console import say
from agent.errors import BadInput, MossError, UsageError
from agent.folder import find_data
from agent.settings import Config
from desk.dashboard.day import page
from desk.dashboard.records import Records
from desk.dashboard.words import WORDS

_EPILOG = """\
The file needs nothing else: no network, no script, no other file. Headlines are left out unless --titles asks for them,
since they are their writers' and the file may go anywhere.
"""


def main(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Write the page; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        zone = options.zone or _zone(options.config, environ)
        folder = find_data(options.data, environ)
        if not folder.path.is_dir():
            raise BadInput(f"{folder.path}: there is no such data folder; name it with --data")
        say(f"reading {folder.path}")
        try:
            text = page(Records(folder), options.day, zone, options.lang, has_titles=options.titles)
        except ValueError as error:
            raise UsageError(f"{options.day} in zone {zone}: is no day such as 2026-11-21") from error
        _write(options.out or f"moss-{options.day}.html", text)
    except MossError as error:
        say(str(error))
        return error.exit_status
    return 0


def _zone(argument: str | None, environ: Mapping[str, str]) -> str:
    """Return the zone of the bot's days; the default's where its config is wrong, which the bot itself tells."""
    try:
        return config.load(argument, environ).schedule.zone
    except MossError:
        if argument:
            raise
        return Config().schedule.zone


def _write(out: str, text: str) -> None:
    try:
        if out == "-":
            if sys.stdout is not None:
                sys.stdout.write(text)
                sys.stdout.flush()
            return
        Path(out).write_text(text, encoding="utf-8")
    except BrokenPipeError:
        return  # whoever read the pipe has seen enough
    except OSError as error:
        raise BadInput(f"{out}: cannot be written: {error.strerror}") from error
    say(f"{out}: {len(text.encode()):,} bytes")


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    text = "Write a day of the records as one HTML file."
    parser = argparse.ArgumentParser(
        prog="python -m desk export-html", description=text, epilog=_EPILOG, formatter_class=form
    )
    parser.add_argument("day", metavar="DAY", help="such as 2026-11-21")
    parser.add_argument("--out", metavar="FILE", help="where to (moss-DAY.html); - is standard output")
    parser.add_argument("--titles", action="store_true", help="with the headlines")
    parser.add_argument("--lang", choices=sorted(WORDS), default="en", help="the page's language (en)")
    parser.add_argument("--zone", metavar="OFFSET", help="where the day begins, such as +00:00 (the bot's own zone)")
    parser.add_argument("--data", metavar="DIR", help="the data folder; found as the bot finds it")
    parser.add_argument("--config", metavar="FILE", help="the configuration that names the zone")
    return parser
