"""The configuration to work with: the file's, or while that is wrong, the last good one out of the store."""

from agent import config
from agent.console import say
from agent.errors import ConfigError
from agent.folder import DataFolder
from agent.settings import Config
from store import newest


def settings(argument: str | None, folder: DataFolder) -> tuple[Config, str]:
    """Load the configuration, or fall back; a typing error must not end a year of records.

    Arguments:
        argument: the file named by `--config`, if one is.
    Returns: the configuration, and what is wrong with the file, "" if nothing.
    Raises: ConfigError where the file is wrong and no earlier configuration was ever good.
    """
    try:
        return config.load(argument), ""
    except ConfigError as error:
        last = _last_good(folder)
        if last is None:
            raise
        say(f"{error}")
        say("moss goes on with the last good configuration until that is mended")
        return last, str(error)


def _last_good(folder: DataFolder) -> Config | None:
    """Return the whole configuration that the newest `start` or `reload` event holds."""
    for event in newest(folder.stream("events")):
        if event["kind"] in ("start", "reload") and "config" in event:
            last, problems = config.parse(event["config"])
            if not problems:
                return last
    return None
