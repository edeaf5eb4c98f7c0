"""What a command says to people: messages to standard error, data to standard output, one line each."""

import os
import sys
import unicodedata


def visible(text: str) -> str:
    """Return the text in one line without control, format or line-breaking characters.

    What came from outside (a title, a server's message) could otherwise move a terminal's cursor or fake a line.
    """
    if text.isprintable():
        return text
    return "".join(" " if unicodedata.category(letter) in _UNSEEN else letter for letter in text)


_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})


def say(message: str) -> None:
    """Write one message line to standard error; a closed or broken standard error is no reason to stop."""
    try:
        print(visible(message), file=sys.stderr, flush=True)
    except (OSError, ValueError):
        return


def show(line: str, *, alarm: bool = False) -> None:
    """Write one line of data to standard output, at once; an alarm is red on a terminal."""
    if sys.stdout is None:
        raise BrokenPipeError("standard output is closed")
    text = visible(line)
    if alarm and sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        text = f"\x1b[31m{text}\x1b[0m"
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def leave_quietly() -> None:
    """Let go of a standard output that nobody reads any more: the interpreter's own last flush must not complain."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
