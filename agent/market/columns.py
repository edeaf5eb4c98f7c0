"""Rows that are arrays, as Coinbase, Kraken and Binance send them: each column read by its place, strictly."""

import re
from collections.abc import Sequence
from decimal import Decimal

# Longer than any price is written, and short enough that no number becomes a burden.
_DECIMAL = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")


def columns(row: object, names: Sequence[str]) -> dict[str, object]:
    """Name the columns of a row; what stands behind the last name is left out.

    Raises: ValueError when it is no array or a shorter one.
    """
    if not isinstance(row, list):
        raise ValueError(f"is {row!r:.40}, not an array")
    if len(row) < len(names):
        raise ValueError(f"has {len(row)} columns, not {len(names)}")
    return dict(zip(names, row, strict=False))


def whole(value: object, name: str) -> int:
    """Read a whole number, such as a time.

    Raises: ValueError naming the column.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**15:
        raise ValueError(f"{name} is {value!r:.40}, not a whole number")
    return value


def decimal(value: object, name: str) -> Decimal:
    """Read a decimal number that is sent as a text.

    Raises: ValueError naming the column.
    """
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise ValueError(f"{name} is {value!r:.40}, not a decimal number in a text")
    return Decimal(value)
