"""The readers of what moss recorded, each started when wanted; `python -m desk COMMAND --help` tells more."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from agent.console import say


def _serve(arguments: Sequence[str]) -> int:
    from desk.dashboard.serve import main

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
        lock = f"{command.folder}/requirements.lock"
        say(f"desk {name} needs the package {error.name}: {sys.executable} -m pip install --require-hashes -r {lock}")
        return 1


def _help() -> str:
    listed = "\n".join(f"  {name:12} {command.text}" for name, command in COMMANDS.items())
    return f"Usage: python -m desk COMMAND ...\n\n{__doc__}\n\n{listed}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
