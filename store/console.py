"""What the commands say: data on standard output, messages on standard error, nothing that steers a terminal."""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

from store.line import Record, json_text
from store.segments import segments

DONE, FAILED, INTERRUPTED = 0, 1, 130


def name(path: str) -> None:
    """Say which file is read, and what may be wrong where there is nothing.

    Raises: ValueError where it is the name of no stream.
    """
    if Path(path).is_dir():
        raise ValueError(f"{path}: is a folder; name one of its streams, such as {Path(path) / 'prices.jsonl'}")
    if path.endswith(".gz"):
        raise ValueError(f"{path}: is a compressed segment, which is read with its stream: name the file NAME.jsonl")
    count = len(segments(path)) + Path(path).exists()
    if count:
        say(f"{Path(path).absolute()}: {count} files")
    elif Path(path).parent.is_dir():
        say(f"{Path(path).absolute()}: nothing there yet; if there should be, look for the right folder or name")
    else:
        say(f"{Path(path).absolute()}: there is no such folder")


def say(message: str) -> None:
    """Write a message for people; a full or closed standard error stops nothing that was asked for."""
    with suppress(OSError, AttributeError):
        sys.stderr.write(f"store: {_visible(message)}\n")


def write_text(message: str) -> None:
    """Write one line of data, given as text."""
    write(_visible(message).encode(errors="backslashreplace") + b"\n")


def show(record: Record) -> bytes:
    """Write a record as a line for people and pipes: no checksum, nothing that steers a terminal."""
    try:
        return json_text(record).encode() + b"\n"
    except ValueError:
        # Another hand's line may hold half a letter, which goes as it came: escaped, with all else that is not ASCII.
        # Or a number that is too large for any, which goes as Infinity.
        return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def write(line: bytes) -> None:
    """Write one line of data; where standard output is closed, nowhere."""
    if sys.stdout is not None:
        sys.stdout.buffer.write(line)


def flush() -> None:
    """Hand on what was written so far; raises OSError where it cannot be, as on a full disk."""
    if sys.stdout is not None:
        sys.stdout.flush()


def let_go() -> None:
    """Let go of an output that takes no more: the interpreter's last flush must not complain, nor set the status."""
    for file in (sys.stdout, sys.stderr):
        try:
            if file is not None:
                file.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())


def _visible(message: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in message)
