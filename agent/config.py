"""The configuration of this process: found, read and checked against the schema of `settings.py`."""

import dataclasses
import os
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from agent import settings
from agent.errors import ConfigError
from agent.settings import Config, Parameters

SYSTEM_FILE = Path("/etc/moss/moss.toml")
_SECTIONS = {part.name: part for part in dataclasses.fields(Config) if part.name != "path"}
_WORDS = {str: "a text in quotes", bool: "true or false", int: "a whole number", Decimal: "a number"}

if TYPE_CHECKING:
    from agent.folder import DataFolder

# Where a problem lies, as (section, key), and what it is.
Problem = tuple[str, str, str]


def load(argument: str | None, environ: Mapping[str, str] = os.environ) -> Config:
    """Read the configuration that applies here.

    Arguments:
        argument: the file named by `--config`; then come MOSS_CONFIG, /etc/moss/moss.toml, ./moss.toml, the defaults.
    Raises: ConfigError naming the file, and each wrong key with its line.
    """
    path = _find(argument, environ)
    if path is None:
        return Config()
    try:
        text = path.read_text(encoding="utf-8")
        tree = tomllib.loads(text, parse_float=Decimal)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from error
    config, problems = parse(tree)
    if problems:
        from agent.mistake import line_of

        lines = [f"{path}{line_of(text, section, key)}: [{section}] {key}: {what}" for section, key, what in problems]
        raise ConfigError("\n".join(lines))
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


def _find(argument: str | None, environ: Mapping[str, str]) -> Path | None:
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
        if name not in _SECTIONS:
            from agent.mistake import nearest

            problems.append((name, "", f"there is no such section{nearest(name, _SECTIONS)}"))
        elif not isinstance(content, Mapping):
            problems.append((name, "", f"must be a section, written [{name}]"))
        else:
            schema: Any = _SECTIONS[name].default_factory
            sections[name] = _section(name, schema, content, problems)
    config = Config(**sections)
    if not problems:
        problems += _relations(config)
    return config, problems


def _section(name: str, schema: Any, content: Mapping[str, Any], problems: list[Problem]) -> Any:  # noqa: ANN401 - any
    keys = {part.name: part for part in dataclasses.fields(schema)}
    values: dict[str, Any] = {}
    for key, raw in content.items():
        if key not in keys:
            from agent.mistake import nearest

            problems.append((name, key, f"there is no such key{nearest(key, keys)}"))
            continue
        value, wrong = _value(name, keys[key].type, raw, problems)
        check = keys[key].metadata["check"]
        wrong = wrong or (check(value) if check else None)
        if wrong:
            problems.append((name, key, f"{raw!r:.60} {wrong}"))
        else:
            values[key] = value
    return schema(**values)


def _value(section: str, kind: Any, raw: Any, problems: list[Problem]) -> tuple[Any, str | None]:  # noqa: ANN401 - any
    """Return the value as its schema's type, and what is wrong with it if it is none."""
    if kind in _WORDS:
        if kind is Decimal and type(raw) in (int, float, Decimal):
            number = Decimal(str(raw))
            return number, None if number.is_finite() else "must be a number"
        return raw, None if type(raw) is kind else f"must be {_WORDS[kind]}"
    if kind == Parameters:
        table = dict(raw) if isinstance(raw, Mapping | list) else {"": ""}
        good = all(type(value) in (int, float, Decimal) for value in table.values())
        numbers = [(name, value if type(value) is int else float(value)) for name, value in table.items() if good]
        return tuple(numbers), None if good else "must be numbers by name, such as {length = 30}"
    if kind == tuple[str, ...]:
        good = isinstance(raw, list) and all(isinstance(entry, str) for entry in raw)
        return tuple(raw) if good else (), None if good else 'must be a list of texts, such as ["KRW-BTC"]'
    schema = get_args(kind)[0]
    if not isinstance(raw, list) or not all(isinstance(entry, Mapping) for entry in raw):
        first, second = (part.name for part in dataclasses.fields(schema)[:2])
        return (), f"must be a list such as [{{{first} = ..., {second} = ...}}]"
    return tuple(_section(section, schema, entry, problems) for entry in raw), None


def _relations(config: Config) -> list[Problem]:
    """Find what is wrong between keys that are each right alone."""
    found: list[Problem] = []
    strategy, schedule = config.strategy, config.schedule
    if strategy.fast >= strategy.slow:
        found.append(("strategy", "fast", f"{strategy.fast} must be smaller than slow, which is {strategy.slow}"))
    if strategy.rsi_oversold >= strategy.rsi_overbought:
        found.append(("strategy", "rsi_oversold", f"must be smaller than rsi_overbought, {strategy.rsi_overbought}"))
    if bool(schedule.session_open) != bool(schedule.session_close):
        found.append(("schedule", "session_open", 'and session_close go together: both a time, or both ""'))
    elif schedule.session_open and schedule.session_open == schedule.session_close:
        found.append(("schedule", "session_close", 'equals session_open; write "" for both to trade round the clock'))
    sources = [config.market.source, *(each.source for each in config.market.fallback)]
    if "" in sources or len(set(sources)) < len(sources):
        found.append(("market", "fallback", "each needs a source, and one that is not named before it"))
    names = [feed.name for feed in config.news.feeds]
    for feed in config.news.feeds:
        if not feed.name or names.count(feed.name) > 1:
            found.append(("news", "feeds", f"the name {feed.name!r} is empty or used twice"))
        if feed.url != "demo:" and settings.web_address(feed.url):
            found.append(("news", "feeds", f"the url of {feed.name!r} {settings.web_address(feed.url)}"))
    return found


def record_of(config: Config) -> dict[str, Any]:
    """Return the whole config as the JSON object that a `start` event holds; secrets are never in it."""

    def plain(value: Any) -> Any:  # noqa: ANN401 - walks values of every type
        if isinstance(value, Decimal):
            return int(value) if value == value.to_integral_value() else float(value)
        if isinstance(value, Mapping):
            return {name: plain(entry) for name, entry in value.items()}
        return [plain(entry) for entry in value] if isinstance(value, tuple | list) else value

    tree: dict[str, Any] = plain({name: dataclasses.asdict(getattr(config, name)) for name in _SECTIONS})
    return tree
