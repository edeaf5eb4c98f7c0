"""Which configuration the loop follows, and whether its files have changed; agent/turning.py turns it."""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from agent.config import find, load_or_last
from agent.errors import ConfigError
from agent.market.strategy import Plan
from agent.parts import plan_of
from agent.settings import Config

if TYPE_CHECKING:
    from agent.folder import DataFolder

# A file that was written to just now may be half of what it is to become.
_SETTLED_S = 1.0

# What tells one state of the files from another: when they were changed, how large they are, which they are.
State = tuple[tuple[int, int, int], ...]


class Course:
    """The configuration that is followed.

    `before` is what to go back to while this one is on trial, `rejected` the state of the files that failed it, and
    `wanted` the strategy that the config file asks for. `state` tells how the files were when what is followed was read
    from them, `seen` how they were when they were last read.

    Arguments:
        config: the first one.
        path: the file it comes from, None for the built-in defaults.
        plan: its strategy, which a file may no longer hold by the time it is gone back to.
    """

    def __init__(self, config: Config, path: Path | None, plan: Plan) -> None:
        self.path = path
        self.rejected: State | None = None
        self.wanted = config.strategy.name
        self.seen = self.files()
        self.follow(config, plan)

    def follow(self, config: Config, plan: Plan, before: tuple[Config, Plan] | None = None) -> None:
        """Turn to a configuration; with one before it, on trial until it is confirmed by leaving that out."""
        self.config, self.plan, self.before = config, plan, before
        self.state = self.seen

    def has_changed(self) -> bool:
        """Tell whether the files are others than when they were last read."""
        files = self.files()
        return files != self.seen and abs(time.time() - max(state[0] for state in files) / 1e9) >= _SETTLED_S

    def files(self) -> State:
        """Look at the config file, and at the strategy's own that it asks for."""
        paths = (self.path, Path(self.wanted.removeprefix("file:")) if self.wanted.startswith("file:") else None)
        return tuple(_state_of(path) for path in paths)


def course_of(argument: str | None, folder: "DataFolder") -> tuple[Course, str]:
    """Return the configuration to begin with, and what is wrong with the files, "" if nothing.

    Raises: ConfigError where they are wrong, or the strategy's own is, and no earlier configuration can be followed.
    """
    (settings, wrong), path = load_or_last(argument, folder), find(argument)
    try:
        return Course(settings, path, plan_of(settings)), wrong
    except ConfigError as error:
        from agent.fallback import last_course

        return last_course(folder, path, settings, error), f"{wrong}\n{error}".strip()


def _state_of(path: Path | None) -> tuple[int, int, int]:
    with suppress(OSError):
        if path is not None:
            status = os.stat(path)  # noqa: PTH116 - each pass of the loop asks
            return (status.st_mtime_ns, status.st_size, status.st_ino)
    return (0, 0, 0)
