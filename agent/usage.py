"""The bot's command line: the command's name, what stands before it, and what stands behind it."""

import argparse
from collections.abc import Sequence

from agent.folder import add_places

# They lie in agent/commands.py, and are imported when they are asked for.
FURTHER = ("once", "check", "pause", "resume", "reload", "replay", "status", "audit", "backfill", "bank")


class _Parser(argparse.ArgumentParser):
    def format_help(self) -> str:
        """Say what each further command does, which only its own module knows."""
        from agent.commands import summaries

        return f"{super().format_help()}\nfurther commands:\n{summaries()}\n"


def read(arguments: Sequence[str] | None, description: str, run: str) -> argparse.Namespace:
    """Read a command line; wrong usage ends the process with status 2, as argparse does.

    Arguments:
        arguments: without the program's name; None: this process's.
        run: what the loop itself does, which is meant where no command is named.
    Returns: `command`, `config`, `data`; and `rest`, which a further command's own parser reads.
    """
    parser = _Parser(prog="bot.py", description=f"{description} `bot.py COMMAND --help` tells more of a command.")
    add_places(parser, default=None)
    about = f"run, which is meant where none is named, or one of those below. run: {run}"
    parser.add_argument("command", nargs="?", default="run", choices=("run", *FURTHER), metavar="COMMAND", help=about)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.command == "run":
        behind = argparse.ArgumentParser(prog="bot.py run", description=run)
        # Before or after the command's name: one that is not given here must not undo what was given there.
        add_places(behind, default=argparse.SUPPRESS)
        behind.parse_args(options.rest, options)
    return options
