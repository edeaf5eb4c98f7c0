"""One section of a configuration, checked key by key against its schema; imported where there is one."""

import dataclasses
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from agent.config import UNKNOWN, Problem

_WORDS = {str: "a text in quotes", bool: "true or false", int: "a whole number", Decimal: "a number"}
# Amounts are written out in full.
DECIMALS_MAX = 18


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
