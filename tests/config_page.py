"""The tables of docs/config.md, made from the schema; `python -m tests.config_page` writes them into the page."""

import dataclasses
from decimal import Decimal
from pathlib import Path
from typing import Any

from agent.settings import Config, Fallback, Market, News, NewsFeed, Parameters

PAGE = Path(__file__).resolve().parent.parent / "docs" / "config.md"
BEGIN, END = "<!-- tables: made from agent/settings.py -->", "<!-- end of tables -->"


def tables() -> str:
    """Return every section as a Markdown table of its keys, defaults and meanings."""
    return "\n".join(_section(part.name, getattr(Config(), part.name)) for part in dataclasses.fields(Config)[:-1])


def _section(name: str, section: object) -> str:
    assert dataclasses.is_dataclass(section)
    lines = [f"## [{name}]", "", str(type(section).__doc__), "", "| key | default | meaning |", "|---|---|---|"]
    lines += [f"| `{key.name}` | {_default(key)} | {key.metadata['doc']} |" for key in dataclasses.fields(section)]
    if isinstance(section, Market):
        lines += ["", "A fallback is `{source = ...}` with these keys:", "", "| key | meaning |", "|---|---|"]
        lines += [f"| `{key.name}` | {key.metadata['doc']} |" for key in dataclasses.fields(Fallback)]
    if isinstance(section, News):
        lines += ["", "A feed is `{name = ..., url = ...}` with these keys:", "", "| key | meaning |", "|---|---|"]
        lines += [f"| `{key.name}` | {key.metadata['doc']} |" for key in dataclasses.fields(NewsFeed)]
        lines += ["", "The default feeds:", "", "| name | url |", "|---|---|"]
        lines += [f"| {feed.name} | {feed.url} |" for feed in section.feeds]
    return "\n".join([*lines, ""])


def _default(key: "dataclasses.Field[Any]") -> str:
    value = key.default
    if key.type == Parameters:
        return "`{}`"
    if isinstance(value, tuple):
        return "see below" if value and isinstance(value[0], NewsFeed) else f"`{list(value)}`".replace("'", '"')
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if isinstance(value, int | Decimal) else f'`"{value}"`'


def with_tables(page: str) -> str:
    """Return the page with its tables as the schema has them."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
