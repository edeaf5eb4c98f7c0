"""Which configuration the loop follows, and whether its file has changed; agent/turning.py turns it."""

import os
import time
from contextlib import suppress
from pathlib import Path

from agent.market.strategy import Plan
from agent.settings import Config

# A file that was written to just now may be half of what it is to become.
_SETTLED_S = 1.0

# What tells one state of the files from another: when they were changed, how large they are, which they are.
State = tuple[tuple[int, int, int], ...]


class Course:
    """The configuration that is followed.

    `before` is what to go back to while this one is on trial, `rejected` the state of the files that failed it.

    Arguments:
        config: the first one.
        path: the file it comes from, None for the built-in defaults.
        plan: its strategy, which a file may no longer hold by the time it is gone back to.
    """

    def __init__(self, config: Config, path: Path | None, plan: Plan) -> None:
        self.path = path
        self.rejected: State | None = None
        self.follow(config, plan)

    def follow(self, config: Config, plan: Plan, before: tuple[Config, Plan] | None = None) -> None:
        """Turn to a configuration; with one before it, on trial until it is confirmed by leaving that out."""
        self.config, self.plan, self.before = config, plan, before
        self.state = self.seen = self.files()

    def has_changed(self) -> bool:
        """Tell, once, whether the files are others than before."""
        files = self.files()
        changed_s = max(state[0] for state in files) / 1e9
        if files == self.seen or abs(time.time() - changed_s) < _SETTLED_S:
            return False
        self.seen = files
        return True

    def files(self) -> State:
        """Look at the config file, and at the strategy's own."""
        name = self.config.strategy.name
        paths = (self.path, Path(name.removeprefix("file:")) if name.startswith("file:") else None)
        return tuple(_state_of(path) for path in paths)


def _state_of(path: Path | None) -> tuple[int, int, int]:
    with suppress(OSError):
        if path is not None:
            status = os.stat(path)  # noqa: PTH116 - each pass of the loop asks
            return (status.st_mtime_ns, status.st_size, status.st_ino)
    return (0, 0, 0)
