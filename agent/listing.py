"""Lists of tables in a configuration, and a strategy's own numbers; imported only where a file holds some."""

import dataclasses
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, get_args

from agent.config import Problem
from agent.section import section_of
from agent.settings import Config, Parameters, web_address


def value_of(section: str, kind: Any, raw: Any, problems: list[Problem]) -> tuple[Any, str | None]:  # noqa: ANN401 - any
    """Return the value as its schema's type, and what is wrong with it if it is none.

    Arguments:
        problems: what is wrong inside a table is added here.
    """
    if kind == Parameters:
        numbers = _numbers(raw)
        return numbers or (), None if numbers is not None else "must be numbers by name, such as {length = 30}"
    schema = get_args(kind)[0]
    if not isinstance(raw, list) or not all(isinstance(entry, Mapping) for entry in raw):
        first, second = (part.name for part in dataclasses.fields(schema)[:2])
        return (), f"must be a list such as [{{{first} = ..., {second} = ...}}]"
    return tuple(section_of(section, schema, entry, problems) for entry in raw), None


def _numbers(raw: object) -> Parameters | None:
    """Return numbers by name out of a table, or out of the pairs that a `start` event holds; None where it is none."""
    pairs = list(raw.items()) if isinstance(raw, Mapping) else raw
    if not isinstance(pairs, list) or not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        return None
    if not all(isinstance(name, str) and _is_number(value) for name, value in pairs):
        return None
    return tuple((name, value if type(value) is int else float(value)) for name, value in pairs)


def _is_number(value: object) -> bool:
    if type(value) is int:
        return value.bit_length() <= 63
    return isinstance(value, float | Decimal) and math.isfinite(float(value))


def relations(config: Config) -> list[Problem]:
    """Find what is wrong between the tables of a list."""
    found: list[Problem] = []
    sources = [config.market.source, *(each.source for each in config.market.fallback)]
    if "" in sources or len(set(sources)) < len(sources):
        found.append(("market", "fallback", "each needs a source, and one that is not named before it"))
    names = [feed.name for feed in config.news.feeds]
    for feed in config.news.feeds:
        if not feed.name or names.count(feed.name) > 1:
            found.append(("news", "feeds", f"the name {feed.name!r} is empty or used twice"))
        if feed.url != "demo:" and web_address(feed.url):
            found.append(("news", "feeds", f"the url of {feed.name!r} {web_address(feed.url)}"))
    return found
