"""The configuration of this process: found, read and checked against the schema of `settings.py`."""

import dataclasses
import json
import os
import tomllib
from collections.abc import Mapping
from decimal import Context, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import ConfigError
from agent.settings import Config

if TYPE_CHECKING:
    from agent.folder import DataFolder

SYSTEM_FILE = Path("/etc/moss/moss.toml")
SECTIONS = {part.name: part for part in dataclasses.fields(Config) if part.name != "path"}
_WORDS = {str: "a text in quotes", bool: "true or false", int: "a whole number", Decimal: "a number"}
# Where a problem lies, as (section, key), and what it is.
Problem = tuple[str, str, str]
UNKNOWN = "there is no such"
# Amounts are written out in full.
DECIMALS_MAX = 18
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
            schema: Any = SECTIONS[name].default_factory
            sections[name] = section_of(name, schema, content, problems)
    config = Config(**sections)
    if not problems:
        from agent.relations import mistakes  # the defaults go together

        problems += mistakes(config)
    return config, problems


def section_of(name: str, schema: Any, content: Mapping[str, Any], problems: list[Problem]) -> Any:  # noqa: ANN401 - any
    """Check one section's content, or one table of a list in it; what is wrong is added to the problems."""
    keys = {part.name: part for part in dataclasses.fields(schema)}
    values: dict[str, Any] = {}
    for key, raw in content.items():
        if key not in keys:
            problems.append((name, key, UNKNOWN))
            continue
        value, wrong = _value(name, keys[key].type, raw, problems)
        check = keys[key].metadata["check"]
        wrong = wrong or (check(value) if check else None)
        if wrong:
            from agent.mistake import shown

            problems.append((name, key, f"{shown(raw)} {wrong}"))
        else:
            values[key] = value
    return schema(**values)


def _value(section: str, kind: Any, raw: Any, problems: list[Problem]) -> tuple[Any, str | None]:  # noqa: ANN401 - any
    """Return the value as its schema's type, and what is wrong with it if it is none."""
    if kind in _WORDS:
        if kind is Decimal and type(raw) in (int, float, Decimal):
            number = Decimal(str(raw) if type(raw) is float else raw)
            good = number.is_finite() and int(number.as_tuple().exponent) >= -DECIMALS_MAX
            return number, None if good else f"must be a number of {DECIMALS_MAX} decimals at most"
        return raw, None if type(raw) is kind else f"must be {_WORDS[kind]}"
    if kind == tuple[str, ...]:
        good = isinstance(raw, list) and all(isinstance(entry, str) for entry in raw)
        return tuple(raw) if good else (), None if good else 'must be a list of texts, such as ["KRW-BTC"]'
    from agent.listing import value_of

    return value_of(section, kind, raw, problems)


def record_of(config: Config) -> dict[str, Any]:
    """Return the whole config as the JSON object that a `start` event holds; secrets are never in it."""
    tree = {name: dataclasses.asdict(getattr(config, name)) for name in SECTIONS}
    text = json.dumps(tree, default=lambda value: int(value) if value == int(value) else float(value))
    record: dict[str, Any] = json.loads(text)
    return record
