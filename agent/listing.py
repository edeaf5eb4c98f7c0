"""Lists of tables in a configuration, and a strategy's own numbers; imported only where a file holds some."""

import dataclasses
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, get_args

from agent.config import Problem, section_of
from agent.settings import Config, Parameters, web_address


def value_of(section: str, kind: Any, raw: Any, problems: list[Problem]) -> tuple[Any, str | None]:  # noqa: ANN401 - any
    """Return the value as its schema's type, and what is wrong with it if it is none.

    Arguments:
        problems: what is wrong inside a table is added here.
    """
    if kind == Parameters:
        table = dict(raw) if isinstance(raw, Mapping | list) else {"": ""}
        good = all(type(value) in (int, float, Decimal) for value in table.values())
        numbers = [(name, value if type(value) is int else float(value)) for name, value in table.items() if good]
        return tuple(numbers), None if good else "must be numbers by name, such as {length = 30}"
    schema = get_args(kind)[0]
    if not isinstance(raw, list) or not all(isinstance(entry, Mapping) for entry in raw):
        first, second = (part.name for part in dataclasses.fields(schema)[:2])
        return (), f"must be a list such as [{{{first} = ..., {second} = ...}}]"
    return tuple(section_of(section, schema, entry, problems) for entry in raw), None


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
