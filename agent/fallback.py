"""The last good configuration, while the file is wrong; imported only then."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from agent import config
from agent.console import say
from agent.errors import ConfigError
from agent.folder import DataFolder
from agent.settings import Config
from store import newest

if TYPE_CHECKING:
    from agent.course import Course


def last_good(folder: DataFolder, wrong: ConfigError) -> Config:
    """Return the whole configuration that the newest `start`, `reload` or `rollback` event holds, and say so.

    Arguments:
        wrong: what is wrong with the file; raised where no earlier configuration was ever good.
    """
    for last in _followed(folder):
        _tell(wrong)
        return last
    raise wrong


def last_course(folder: DataFolder, path: Path | None, wanted: Config, wrong: ConfigError) -> "Course":
    """Return the newest configuration of such events whose strategy can be made, and say so.

    Arguments:
        path: the config file, which is watched, as is the strategy's own that it asks for.
        wanted: what that file asks for.
        wrong: what is wrong with its strategy; raised where no earlier one can be followed.
    """
    from agent.course import Course  # the scorer follows no strategy
    from agent.parts import plan_of

    broken = {wanted.strategy}
    for last in _followed(folder):
        # Most starts were of the same strategy, and its file is run by each try.
        if last.strategy in broken:
            continue
        try:
            course = Course(last, path, plan_of(last))
        except ConfigError:
            broken.add(last.strategy)
            continue
        _tell(wrong)
        course.wanted = wanted.strategy.name
        course.state = course.seen = course.files()
        return course
    raise wrong


def _followed(folder: DataFolder) -> Iterator[Config]:
    for event in newest(folder.stream("events")):
        if event["kind"] in ("start", "reload", "rollback") and "config" in event:
            last, problems = config.parse(event["config"])
            if not problems:
                yield last


def _tell(wrong: ConfigError) -> None:
    say(str(wrong))
    say("moss goes on with the last good configuration until that is mended")
