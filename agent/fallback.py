"""The last good configuration, while the file is wrong; imported only then."""

from agent import config
from agent.console import say
from agent.errors import ConfigError
from agent.folder import DataFolder
from agent.settings import Config
from store import newest


def last_good(folder: DataFolder, wrong: ConfigError) -> Config:
    """Return the whole configuration that the newest `start`, `reload` or `rollback` event holds, and say so.

    Arguments:
        wrong: what is wrong with the file; raised where no earlier configuration was ever good.
    """
    for event in newest(folder.stream("events")):
        if event["kind"] in ("start", "reload", "rollback") and "config" in event:
            last, problems = config.parse(event["config"])
            if not problems:
                say(str(wrong))
                say("moss goes on with the last good configuration until that is mended")
                return last
    raise wrong
