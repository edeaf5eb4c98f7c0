"""The last good configuration: what a script goes on with when its file has become wrong; imported only then."""

from agent import config
from agent.errors import ConfigError
from agent.folder import DataFolder
from agent.settings import Config
from store import newest


def last_good(folder: DataFolder, error: ConfigError) -> Config:
    """Return the configuration of the newest `start` or `reload` event.

    Arguments:
        error: what is wrong with the file; raised where no earlier configuration was ever good.
    Cost: reads back to that event.
    """
    for event in newest(folder.stream("events")):
        if event["kind"] in ("start", "reload") and "config" in event:
            last, problems = config.parse(event["config"])
            if not problems:
                return last
    raise error
