"""What a request may ask with: each parameter's form, read strictly, and described for the OpenAPI page."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from agent.clock import seconds
from agent.errors import MossError

LIMIT_MAX = 1000
POINTS_MAX = 4000
# A day before the year 10000, the last that can be written: a search looks a minute further than what is asked for.
_MOMENT_S_END = 253_402_214_400
_TEXT_MAX = 100


class BadRequest(MossError):
    """The request cannot be answered as it is: who asks mends what the message names."""


class Parameter(NamedTuple):
    """One query parameter: how its text is read, and what it looks like."""

    read: Callable[[str], Any]
    schema: Mapping[str, Any]
    text: str


class Cursor(NamedTuple):
    """A place between two records: at a moment, after so many of its records."""

    ms: int
    seen: int

    def __str__(self) -> str:
        return f"{self.ms}.{self.seen}"


def _moment(text: str) -> int:
    """Read a moment as milliseconds since 1970."""
    if re.fullmatch(r"[0-9]{1,15}", text, re.ASCII):
        moment_ms = int(text)
    else:
        # In a query an unescaped plus is a blank.
        moment_ms = max(0, round(seconds(re.sub(r" (?=\d\d:?\d\d$)", "+", text).upper()) * 1000))
    if moment_ms >= _MOMENT_S_END * 1000:
        raise ValueError("out of range")
    return moment_ms


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or not low <= int(text) <= high:
            raise ValueError("out of range")
        return int(text)

    return read


def _cursor(text: str) -> Cursor:
    found = re.fullmatch(r"([0-9]{1,15})\.([0-9]{1,9})", text, re.ASCII)
    if not found:
        raise ValueError("no cursor")
    return Cursor(_moment(found[1]), int(found[2]))


def _word(text: str) -> str:
    if not 0 < len(text) <= _TEXT_MAX:
        raise ValueError("too long")
    return text


def _one_of(*words: str) -> Parameter:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError("none of them")
        return text

    return Parameter(read, {"type": "string", "enum": list(words)}, f"one of {', '.join(words)}")


def _count(low: int, high: int, default: int, text: str) -> Parameter:
    schema = {"type": "integer", "minimum": low, "maximum": high, "default": default}
    return Parameter(_whole(low, high), schema, f"{text}, {low} to {high}, {default} by default")


def _plain(text: str) -> Parameter:
    return Parameter(_word, {"type": "string", "minLength": 1, "maxLength": _TEXT_MAX}, text)


_MOMENT = {
    "oneOf": [
        {"type": "string", "format": "date-time"},
        {"type": "integer", "minimum": 0, "maximum": _MOMENT_S_END * 1000 - 1},
    ]
}
LIMIT_DEFAULT, POINTS_DEFAULT = 200, 2000
PARAMETERS: Mapping[str, Parameter] = {
    "since": Parameter(_moment, _MOMENT, "the first moment wanted, RFC 3339 or milliseconds since 1970"),
    "until": Parameter(_moment, _MOMENT, "the first moment not wanted any more, in the same forms"),
    "limit": _count(1, LIMIT_MAX, LIMIT_DEFAULT, "how many records"),
    "cursor": Parameter(
        _cursor,
        {"type": "string", "pattern": r"^[0-9]{1,14}\.[0-9]{1,9}$"},
        "`next` of the answer before, to go on from there",
    ),
    "order": _one_of("desc", "asc"),
    "symbol": _plain("only this market, such as KRW-BTC"),
    "source": _plain("only this exchange or news source"),
    "kind": _plain("only records of this kind"),
    "signal": _one_of("BUY", "SELL", "HOLD"),
    "points": _count(100, POINTS_MAX, POINTS_DEFAULT, "how many points at most"),
}


class Query:
    """The parameters of one request, read.

    Arguments:
        given: names and texts, as they came.
        allowed: the names that this address knows.
    Raises: BadRequest, naming the parameter and what it should be.
    """

    def __init__(self, given: Iterable[tuple[str, str]], allowed: Iterable[str]) -> None:
        self._values: dict[str, Any] = {}
        names = tuple(allowed)
        for name, text in given:
            if name not in names:
                raise BadRequest(f"there is no parameter {name!r:.60} here; there are {', '.join(names) or 'none'}")
            if name in self._values:
                raise BadRequest(f"{name} is given twice")
            try:
                self._values[name] = PARAMETERS[name].read(text)
            except (ValueError, OverflowError) as error:
                raise BadRequest(f"{name}: {text!r:.60} does not fit; it is {PARAMETERS[name].text}") from error
        since, until = self.moment_ms("since"), self.moment_ms("until")
        if since is not None and until is not None and since > until:
            raise BadRequest("since is after until")

    def moment_ms(self, name: str) -> int | None:
        """Return a moment, milliseconds since 1970, None where none was given."""
        value: int | None = self._values.get(name)
        return value

    def number(self, name: str, default: int) -> int:
        """Return a parameter that is a whole number, the default where it was not given."""
        value: int = self._values.get(name, default)
        return value

    def text(self, name: str) -> str | None:
        """Return a parameter that is a text, None where it was not given."""
        value: str | None = self._values.get(name)
        return value

    @property
    def cursor(self) -> Cursor | None:
        """Where the page begins that is asked for, None for the first."""
        value: Cursor | None = self._values.get("cursor")
        return value

    @property
    def key(self) -> tuple[tuple[str, Any], ...]:
        """What tells this query from another."""
        return tuple(sorted(self._values.items()))
