"""What the study wants of the records, said so that any engine can run it: which, each once, grouped how.

Nothing here knows SQL, files or an engine. `duck.py` runs these plans over the JSONL in place; a test runs the same
plans in plain Python and compares.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]

TEXT, NUMBER, MOMENT = "text", "number", "moment"
COUNT, SUM, MAGNITUDE, MAX, MIN, LAST = "count", "sum", "magnitude", "max", "min", "last"
IS, FROM, BEFORE, ABOVE, UP_TO = "is", "from", "before", "above", "up_to"
MS = 1000
"""Milliseconds of a second; all moments here are whole milliseconds."""


class Field(NamedTuple):
    """One field of a record.

    A number that is not finite and a moment that is not in the form of `ts` count as missing; a record that misses a
    field is left out, unless the field has something that stands in for it. A moment is milliseconds since 1970 UTC.
    """

    name: str
    kind: str = TEXT
    instead: str | None = None


class Condition(NamedTuple):
    """What a record must fulfil to count: `field` IS `value`, FROM it on, UP_TO it, BEFORE it, or ABOVE it."""

    field: str
    test: str
    value: str | int | float


class Records(NamedTuple):
    """Which records of which streams, each once.

    Of those that agree in all of `once` the first recorded one counts; `box` names the folder a record lies in. Where
    `known_from` names a stream, a record's `ts` is that of the first there with the same `text_id`: scores made anew of
    old headlines count from when the headline was first known.
    """

    streams: tuple[str, ...]
    fields: tuple[Field, ...]
    where: tuple[Condition, ...]
    once: tuple[str, ...]
    known_from: str = ""


class Key(NamedTuple):
    """What to group by: a field, or a moment's number of whole bins since 1970."""

    name: str
    field: str
    bin_s: int = 0


class Value(NamedTuple):
    """What to make of each group: how many, the SUM, the sum of MAGNITUDEs, MAX, MIN, or the LAST by `order`."""

    name: str
    how: str
    field: str = ""
    order: str = ""


class Aggregate(NamedTuple):
    """A table: one row for each group, in the order of its keys."""

    records: Records
    keys: tuple[Key, ...]
    values: tuple[Value, ...]
    where: tuple[Condition, ...] = ()


class Engine(Protocol):
    """Whatever can run an aggregate."""

    def table(self, aggregate: Aggregate) -> Columns:
        """Return the columns of the table, named as its keys and values, all of one length."""


class Span(NamedTuple):
    """From when and until when records count, in milliseconds; None where that end is open."""

    since_ms: int | None = None
    until_ms: int | None = None

    def of(self, field: str) -> tuple[Condition, ...]:
        """Return the conditions that keep a moment within the span."""
        since = () if self.since_ms is None else (Condition(field, FROM, self.since_ms),)
        until = () if self.until_ms is None else (Condition(field, BEFORE, self.until_ms),)
        return since + until


def candles(span: Span) -> Records:
    """Return one-minute candles, each minute of a market once, whichever boxes stored it."""
    fields = (
        *(Field("symbol"), Field("source"), Field("open_ts", MOMENT), Field("unit_s", NUMBER)),
        *(Field("high", NUMBER), Field("low", NUMBER), Field("close", NUMBER)),
    )
    is_candle = (Condition("kind", IS, "candle"), Condition("unit_s", IS, 60), Condition("close", ABOVE, 0))
    return Records(("prices",), fields, (*is_candle, *span.of("open_ts")), ("source", "symbol", "open_ts"))


def markets(records: Records) -> Aggregate:
    """Return which markets there are, with how many candles each from when to when."""
    values = (Value("count", COUNT), Value("first", MIN, "open_ts"), Value("last", MAX, "open_ts"))
    return Aggregate(records, (Key("source", "source"), Key("symbol", "symbol")), values)


def bars(records: Records, source: str, symbol: str, bin_s: int) -> Aggregate:
    """Return one market's bars: the last close of each bin that has a candle, its highest and its lowest price."""
    values = (Value("close", LAST, "close", "open_ts"), Value("high", MAX, "high"), Value("low", MIN, "low"))
    only = (Condition("source", IS, source), Condition("symbol", IS, symbol))
    return Aggregate(records, (Key("bin", "open_ts", bin_s),), values, only)


def scores(streams: tuple[str, ...], model: str, once: tuple[str, ...], span: Span, *, titles: bool = False) -> Records:
    """Return the scores of one model, each headline once; with their titles only where those are asked for."""
    fields = (
        *(Field("text_id"), Field("story", instead=""), Field("source"), Field("lang", instead="")),
        *(Field("score", NUMBER), Field("model", instead=""), *((Field("title", instead=""),) if titles else ())),
    )
    where = (Condition("kind", IS, "score"), Condition("model", IS, model), *_SCORE, *span.of("ts"))
    return Records(streams, fields, where, once, _known_from(streams))


def models(streams: tuple[str, ...], span: Span) -> Aggregate:
    """Return how many headlines each model has scored, in all and in streams of its own."""
    fields = (Field("text_id"), Field("model", instead=""), Field("score", NUMBER))
    where = (Condition("kind", IS, "score"), *_SCORE, *span.of("ts"))
    records = Records(streams, fields, where, ("model", "text_id"), _known_from(streams))
    return Aggregate(records, (Key("model", "model"),), (Value("count", COUNT),))


_SCORE = (Condition("score", FROM, -1.0), Condition("score", UP_TO, 1.0))


def _known_from(streams: tuple[str, ...]) -> str:
    return "" if streams == ("sentiment",) else "sentiment"


def moods(records: Records, bin_s: int, *, by_box: bool) -> Aggregate:
    """Return the sums of scores and of their magnitudes by source, language and bin; by box too if asked for."""
    keys = (Key("source", "source"), Key("lang", "lang"), Key("bin", "ts", bin_s))
    values = (Value("total", SUM, "score"), Value("strength", MAGNITUDE, "score"), Value("count", COUNT))
    return Aggregate(records, ((Key("box", "box"),) if by_box else ()) + keys, values)


def headlines(records: Records, strong: float, *, good: bool) -> Aggregate:
    """Return the headlines with a score at least that strong, good or bad ones, by moment."""
    keys = (Key("ts", "ts"), Key("source", "source"), Key("title", "title"))
    where = Condition("score", FROM, strong) if good else Condition("score", UP_TO, -strong)
    return Aggregate(records, keys, (Value("score", SUM, "score"),), (where,))


def gaps() -> Aggregate:
    """Return the minutes that the bot told it can not have, by market."""
    fields = (Field("symbol"), Field("source"), Field("from_ts", MOMENT), Field("until_ts", MOMENT))
    once = ("source", "symbol", "from_ts", "until_ts")
    records = Records(("events",), fields, (Condition("kind", IS, "gap"),), once)
    keys = (Key("source", "source"), Key("symbol", "symbol"), Key("from", "from_ts"), Key("until", "until_ts"))
    return Aggregate(records, keys, (Value("count", COUNT),))


def empty(aggregate: Aggregate) -> Columns:
    """Return the table without rows."""
    names = [key.name for key in aggregate.keys] + [value.name for value in aggregate.values]
    return {name: np.zeros(0) for name in names}
