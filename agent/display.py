"""What a command hands out: data to standard output, one line each; the loop has none."""

import os
import sys

from agent.console import visible
from agent.errors import MossError


def show(line: str, *, alarm: bool = False) -> None:
    """Write one line of data to standard output, at once; an alarm is red on a terminal.

    Raises: BrokenPipeError where nobody reads any more; MossError where it cannot be written, as on a full disk.
    """
    if sys.stdout is None:
        raise BrokenPipeError("standard output is closed")
    text = visible(line)
    if alarm and sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        text = f"\x1b[31m{text}\x1b[0m"
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise MossError(f"standard output cannot be written: {error.strerror}") from error
