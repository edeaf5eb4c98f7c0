"""The bot's command line: the command's name, what stands before it, and what stands behind it."""

import argparse
from collections.abc import Mapping, Sequence

from agent.folder import add_places

# What is not the loop itself lies in agent/commands.py, and is imported when it is asked for.
FURTHER = {
    "replay": "decide recorded candles again",
    "status": "tell how it goes, from the store alone",
    "audit": "account for every minute, and decide every stored evaluation again",
    "backfill": "fetch the time before the first stored candle",
    "bank": "look at the paper account, deposit, withdraw",
}


def read(arguments: Sequence[str] | None, description: str, own: Mapping[str, str]) -> argparse.Namespace:
    """Read a command line; wrong usage ends the process with status 2, as argparse does.

    Arguments:
        arguments: without the program's name; None: this process's.
        own: the commands that take no further arguments, and what each does.
    Returns: `command`, `config`, `data`; and `rest`, which a further command's own parser reads.
    """
    texts = {**own, **FURTHER}
    listed = "\n".join(f"  {name:9} {text}" for name, text in texts.items())
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="bot.py", description=description, epilog=listed, formatter_class=form)
    add_places(parser, default=None)
    parser.add_argument("command", nargs="?", default="run", choices=texts, metavar="COMMAND", help="one of these:")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.command in own:
        behind = argparse.ArgumentParser(prog=f"bot.py {options.command}", description=texts[options.command])
        # Before or after the command's name: one that is not given here must not undo what was given there.
        add_places(behind, default=argparse.SUPPRESS)
        behind.parse_args(options.rest, options)
    return options
