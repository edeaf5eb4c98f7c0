#!/usr/bin/env python3
"""The signal loop: reads a market each minute, says BUY, SELL or HOLD, trades on paper."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from functools import partial

from agent import usage
from agent.assembly import assembled, holding
from agent.console import leave_quietly, say
from agent.course import course_of
from agent.errand import Errands
from agent.errors import MossError
from agent.folder import find_data
from agent.loop import First, Loop
from agent.orders import Orders
from agent.trader import Trader
from store import StoreError


def run(options: argparse.Namespace) -> int:
    """Run the loop until SIGTERM or SIGINT; a changed configuration is taken up between two passes."""
    folder = find_data(options.data)
    course, wrong = course_of(options.config, folder)
    with holding(folder, reloads=True) as stop, closing(Errands()) as errands:
        first: First | None = partial(Trader.tell_start, wrong=wrong)
        orders = Orders(folder.stream("events"))
        while first is not None:
            with assembled(course.config, course.plan, folder, stop) as (trader, outbox):
                first = Loop(trader, stop, course, orders, errands, outbox).live(first)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status that the contract of each error gives."""
    try:
        options = usage.read(arguments, str(__doc__), str(run.__doc__))
        if options.command == "run":
            return run(options)
        from agent import commands

        return commands.run(options.command, options)
    except (MossError, StoreError) as error:
        for text in str(error).splitlines():
            say(f"bot.py: {text}")
        return error.exit_status if isinstance(error, MossError) else 1
    except PermissionError as error:
        say(f"bot.py: {error.filename}: no permission; join the group of the folder's owner (moss on a VPS)")
        return 1
    except BrokenPipeError:
        return 0
    finally:
        leave_quietly()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
