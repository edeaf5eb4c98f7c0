"""What a command says to people: messages to standard error, one line each; data is in display.py."""

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
        # Not with print, which writes to standard output where there is no standard error.
        sys.stderr.write(f"{visible(message)}\n")
    except (OSError, ValueError, AttributeError):
        return


def leave_quietly() -> None:
    """Let go of an output that takes no more: the interpreter's last flush must not complain, nor set the status."""
    # The store's commands have their own: to score a line, the scorer must not import the store.
    for file in (sys.stdout, sys.stderr):
        try:
            if file is not None:
                file.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())
