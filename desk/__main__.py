"""The readers of what moss recorded, each started when wanted; `python -m desk COMMAND --help` tells more."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from agent.console import leave_quietly, say


def _serve(arguments: Sequence[str]) -> int:
    from desk.dashboard.serve import main

    return main(arguments)


def _export(arguments: Sequence[str]) -> int:
    from desk.dashboard.export import main

    return main(arguments)


def _study(arguments: Sequence[str]) -> int:
    from desk.study.command import main

    return main(arguments)


class Command(NamedTuple):
    """One command: what it does, the folder whose requirements.lock it needs, and what runs it."""

    text: str
    folder: str
    run: Callable[[Sequence[str]], int]


COMMANDS: Mapping[str, Command] = {
    "serve": Command("see it all in a browser: http://127.0.0.1:8001", "desk/dashboard", _serve),
    "export-html": Command("write a day as one HTML file that needs nothing else", "desk/dashboard", _export),
    "study": Command("did the news move the price? scores beside the candles after them", "desk/study", _study),
}


def main(arguments: Sequence[str]) -> int:
    """Run one command; return its exit status."""
    name, *rest = arguments or ["--help"]
    if name in ("--help", "-h"):
        print(_help())  # noqa: T201 - what was asked for
        return 0
    if name not in COMMANDS:
        say(f"there is no command {name}; there are {', '.join(COMMANDS)}: python -m desk --help")
        return 2
    command = COMMANDS[name]
    try:
        return command.run(rest)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("agent", "desk", "store"):
            raise
        say(f"desk {name} needs the package {error.name}: {_install(command.folder)} -m desk {name}")
        return 1


def _install(folder: str) -> str:
    """Return what a person types to have the packages, up to the interpreter that then has them."""
    top = Path(__file__).absolute().parent.parent
    wanted = f"install --require-hashes -r {top / folder}/requirements.lock"
    has_pip = any(Path(sys.prefix).glob("lib/python3*/site-packages/pip"))
    if has_pip and os.access(sys.prefix, os.W_OK):
        return f"{sys.executable} -m pip {wanted} && {sys.executable}"
    # The programs of a server belong to root and have no pip: who reads has an environment of their own.
    own = "~/moss-desk"
    return f"python3 -m venv {own} && {own}/bin/pip {wanted} && PYTHONPATH={top} {own}/bin/python -P"


def _help() -> str:
    listed = "\n".join(f"  {name:12} {command.text}" for name, command in COMMANDS.items())
    return f"Usage: python -m desk COMMAND ...\n\n{__doc__}\n\n{listed}"


if __name__ == "__main__":
    try:
        try:
            sys.exit(main(sys.argv[1:]))
        finally:
            leave_quietly()
    except KeyboardInterrupt:
        sys.exit(130)
