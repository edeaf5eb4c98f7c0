"""Each system call of an append by itself: killing the process around it, and noting what it wrote."""

import fcntl
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

CALLS = {
    os: ("open", "write", "pwrite", "pread", "lseek", "stat", "fstat", "fsync", "fdatasync", "close"),
    fcntl: ("flock", "fcntl"),
}
MOMENTS = ("before", "inside", "after")
Call = Callable[..., Any]


@contextmanager
def watched(around: Callable[[str, Call, tuple[Any, ...]], Any]) -> Iterator[None]:
    """Let each system call of a store go through `around`, which is given its name, the call and its arguments."""

    def through(name: str, call: Call) -> Call:
        # A store names none of the arguments; what does is not the store.
        return lambda *arguments, **named: call(*arguments, **named) if named else around(name, call, arguments)

    patches = [
        mock.patch.object(module, name, through(name, getattr(module, name)))
        for module in CALLS
        for name in CALLS[module]
    ]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def killed_at(number: int, moment: str, work: Callable[[], object]) -> str:
    """Do the work in a process of its own that is killed at its system call of that number, from 0.

    Arguments:
        moment: before the call, after it, or inside, which is for a write of which only half came. (A pwrite here
            stays within one page, and no kill falls inside that.)
    Returns: the name of the call, empty where the work ended before it.
    """
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        left = number

        def around(name: str, call: Call, arguments: tuple[Any, ...]) -> object:
            nonlocal left
            left -= 1
            if left >= 0:
                return call(*arguments)
            real_write(writing, name.encode())
            if moment == "inside" and name == "write":
                call(arguments[0], arguments[1][: len(arguments[1]) // 2], *arguments[2:])
            if moment == "after":
                call(*arguments)
            os.kill(os.getpid(), signal.SIGKILL)
            return None

        real_write = os.write
        try:
            with watched(around):
                work()
        finally:
            os._exit(0)
    os.close(writing)
    _, status = os.waitpid(process, 0)
    name = os.read(reading, 100).decode()
    os.close(reading)
    assert os.WIFSIGNALED(status) == bool(name), "it failed by itself"
    return name
