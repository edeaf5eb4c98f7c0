"""The configuration of this process: found, read and checked against the schema of `settings.py`."""

import dataclasses
import json
import os
import tomllib
from collections.abc import Mapping
from decimal import Context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import ConfigError
from agent.settings import Config

if TYPE_CHECKING:
    from agent.folder import DataFolder

SYSTEM_FILE = Path("/etc/moss/moss.toml")
SECTIONS = {part.name: part for part in dataclasses.fields(Config) if part.name != "path"}
# Where a problem lies, as (section, key), and what it is.
Problem = tuple[str, str, str]
UNKNOWN = "there is no such"
# What is beyond a Decimal becomes infinite or none, which the checks then name.
_FLOATS = Context(prec=1_000, traps=[])


def load(argument: str | None, environ: Mapping[str, str] = os.environ) -> Config:
    """Read the configuration that applies here.

    Arguments:
        argument: the file named by `--config`; then come MOSS_CONFIG, /etc/moss/moss.toml, ./moss.toml, the defaults.
    Raises: ConfigError naming the file, and each wrong key with its line.
    """
    path = find(argument, environ)
    if path is None:
        return Config()
    try:
        text = path.read_text(encoding="utf-8-sig")
        config, problems = parse(tomllib.loads(text, parse_float=_FLOATS.create_decimal))
    except Exception as error:
        from agent.mistake import unusable

        # A file that nobody foresaw is a wrong one too: it must not end a bot that has a good configuration.
        raise ConfigError(f"{path}: {unusable(error)}") from error
    if problems:
        from agent.mistake import told

        raise ConfigError(told(path, text, problems))
    return dataclasses.replace(config, path=path)


def load_or_last(argument: str | None, folder: "DataFolder") -> tuple[Config, str]:
    """Read the configuration, or while that is wrong take the last good one: a typing error ends no year of records.

    Returns: the configuration, and what is wrong with the file, "" if nothing.
    Raises: ConfigError where no earlier configuration was ever good.
    """
    try:
        return load(argument), ""
    except ConfigError as error:
        from agent.fallback import last_good

        return last_good(folder, error), str(error)


def find(argument: str | None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the config file that applies here, None where there is none; `load` says which comes first."""
    named = argument or environ.get("MOSS_CONFIG")
    if named:
        return Path(named)
    return next((path for path in (SYSTEM_FILE, Path("moss.toml")) if os.path.lexists(path)), None)


def parse(tree: Mapping[str, Any]) -> tuple[Config, list[Problem]]:
    """Check a parsed TOML tree, or the config of a `start` event, against the schema.

    Returns: the config, and every problem found; with problems the config is not to be used.
    """
    problems: list[Problem] = []
    sections: dict[str, Any] = {}
    for name, content in tree.items():
        if name not in SECTIONS:
            problems.append((name, "", UNKNOWN))
        elif not isinstance(content, Mapping):
            problems.append((name, "", f"must be a section, written [{name}]"))
        else:
            from agent.section import section_of  # without a file nothing is checked

            schema: Any = SECTIONS[name].default_factory
            sections[name] = section_of(name, schema, content, problems)
    config = Config(**sections)
    if not problems:
        from agent.relations import mistakes  # the defaults go together

        problems += mistakes(config)
    return config, problems


def record_of(config: Config) -> dict[str, Any]:
    """Return the whole config as the JSON object that a `start` event holds; secrets are never in it."""
    tree = {name: dataclasses.asdict(getattr(config, name)) for name in SECTIONS}
    text = json.dumps(tree, default=lambda value: int(value) if value == int(value) else float(value))
    record: dict[str, Any] = json.loads(text)
    return record
