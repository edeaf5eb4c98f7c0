"""A day as one page that needs nothing else: no script, no picture, no other host."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import islice
from typing import Any, NamedTuple

from agent.clock import DAY_S, seconds, timestamp
from agent.console import visible
from desk.dashboard.account import performance
from desk.dashboard.drawing import Drawing
from desk.dashboard.records import Records
from desk.dashboard.series import Series, range_of
from desk.dashboard.style import STYLE
from desk.dashboard.words import WORDS

_POINTS = DAY_S // 300 + 1
_ROWS_MAX = 1000
# Of an event, what is worth a column beside when and what kind it was.
_EVENT_FIELDS = ("what", "symbol", "source", "class", "message", "from_ts", "until_ts", "doing")


class Day(NamedTuple):
    """Which day, in which zone, told in which language."""

    name: str
    begin_s: float
    zone: str
    zone_s: float
    words: Mapping[str, str]


def page(records: Records, name: str, zone: str, lang: str, *, has_titles: bool) -> str:
    """Return the day as HTML.

    Arguments:
        name: such as "2026-11-21".
        zone: an offset such as "+09:00"; the day begins at its midnight.
        lang: "en" or "ko".
        has_titles: whether headlines are in it; they are their writers'.
    Raises: ValueError when that is no day.
    """
    begin_s = seconds(f"{name}T00:00:00{zone}")
    zone_s = seconds(f"{name}T00:00:00Z") - begin_s
    day = Day(name, begin_s, zone, zone_s, WORDS[lang])
    series = Series(records)
    end_s = begin_s + DAY_S
    symbols = _symbols(series, begin_s, end_s)
    drawn = [series.drawn(begin_s, end_s, _POINTS, symbol) for symbol in symbols]
    parts = [_price(day, each) for each in drawn] or [f"<p>{escape(day.words['no_price'])}</p>"]
    parts.append(_account(day, performance(records, series, begin_s, end_s, _POINTS)))
    parts.append(_trades(day, records))
    parts.append(_mood(day, drawn[0]["sentiment"] if drawn else _scores(series, begin_s, end_s)))
    if has_titles:
        parts.append(_titles(day, records))
    parts.append(_events(day, records))
    title = escape(f"moss, {name} ({zone})")
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><main><h1>{title}</h1>{''.join(parts)}<footer>{escape(day.words['paper'])}</footer></main></body></html>\n"
    )


def _symbols(series: Series, begin_s: float, end_s: float) -> list[str]:
    return sorted(series.bars(range_of(begin_s, end_s, _POINTS))[1])


def _scores(series: Series, begin_s: float, end_s: float) -> dict[str, Any]:
    found: dict[str, Any] = series.drawn(begin_s, end_s, _POINTS, None)["sentiment"]
    return found


def _price(day: Day, drawn: Mapping[str, Any]) -> str:
    times = drawn["time"]
    values = [*drawn["high"], *drawn["low"], *drawn["sma_fast"], *drawn["sma_slow"]]
    chart = Drawing(day.begin_s, day.begin_s + DAY_S, values, 300, day.zone_s)
    for begin_s, end_s in drawn["gaps"]:
        chart.stretch(begin_s, end_s, "gap")
    columns = {name: list(zip(times, drawn[name], strict=True)) for name in ("high", "low", "close")}
    chart.band(columns["high"], columns["low"], "band")
    for name in ("sma_slow", "sma_fast"):
        chart.line(list(zip(drawn["sma_time"], drawn[name], strict=True)), name)
    chart.line(columns["close"], "close")
    for mark in drawn["signals"]:
        sign, style = ("▲", "buy") if mark["signal"] == "BUY" else ("▼", "sell")
        chart.mark(
            mark["time"], mark["price"], sign, style, f"{mark['signal']} {_figure(mark['price'])} {mark['reason']}"
        )
    first, last = drawn["open"][0], drawn["close"][-1]
    rate = f"{last / first - 1:+.2%}" if first else ""
    told = f"{_figure(last)} ({rate}); {_figure(min(drawn['low']))} – {_figure(max(drawn['high']))}"
    heading = f"{drawn['symbol']} · {drawn['source']}"
    return f"<section><h2>{_text(heading)}</h2><p>{told}</p>{chart.svg(day.words['price'])}</section>"


def _figure(price: float) -> str:
    """Return a price as it was written: a whole one without `.0`."""
    return f"{price:,.12g}"


def _account(day: Day, sums: Mapping[str, Any]) -> str:
    if sums["return_rate"] is None:
        return ""
    chart = Drawing(day.begin_s, day.begin_s + DAY_S, [*sums["equity"], *sums["hold"]], 180, day.zone_s)
    for name in ("hold", "equity"):
        chart.line(list(zip(sums["time"], sums[name], strict=True)), name)
    rows = [
        (day.words["equity"], f"{sums['equity'][-1]:,.2f} ({sums['return_rate']:+.3%})"),
        (day.words["hold"], f"{sums['hold'][-1]:,.2f} ({sums['hold_return_rate']:+.3%})"),
        (day.words["fees"], f"{sums['fees']:,.2f}"),
        (day.words["drawdown"], f"{sums['drawdown_rate']:.3%}"),
    ]
    heading = day.words["account"]
    return f"<section><h2>{escape(heading)}</h2>{_table((), rows)}{chart.svg(heading)}</section>"


def _trades(day: Day, records: Records) -> str:
    names = ("ts", "kind", "side", "symbol", "quantity", "price", "fee", "cash", "equity")
    return _section(day, "trades", names, _of_day(day, records, "ledger"))


def _events(day: Day, records: Records) -> str:
    return _section(day, "events", ("ts", "kind", *_EVENT_FIELDS), _of_day(day, records, "events"))


def _titles(day: Day, records: Records) -> str:
    return _section(day, "headlines", ("ts", "source", "lang", "score", "title"), _of_day(day, records, "sentiment"))


def _mood(day: Day, sources: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    if not sources:
        return ""
    chart = Drawing(day.begin_s, day.begin_s + DAY_S, (-1, 1), 160, day.zone_s)
    rows = []
    for source, columns in sources.items():
        count = sum(columns["count"])
        mean = sum(a * b for a, b in zip(columns["score"], columns["count"], strict=True)) / count
        rows.append((source, f"{count:,.0f}", f"{mean:+.3f}"))
        for time_s, score in zip(columns["time"], columns["score"], strict=True):
            chart.dot(time_s, score, "score", f"{visible(source)} {score:+.2f}")
    heading = (day.words["source"], day.words["count"], day.words["score"])
    drawing = chart.svg(day.words["mood"])
    return f"<section><h2>{escape(day.words['mood'])}</h2>{drawing}{_table(heading, rows)}</section>"


def _of_day(day: Day, records: Records, stream: str) -> list[Mapping[str, Any]]:
    found = records.scan(stream, timestamp(day.begin_s), timestamp(day.begin_s + DAY_S))
    return list(islice(found, _ROWS_MAX))


def _section(day: Day, word: str, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a table with a column for each field that any of the records has."""
    there = [name for name in names if any(name in row for row in rows)]
    cells = [[_cell(day, name, row.get(name, "")) for name in there] for row in rows]
    more = f"<p>{escape(day.words['more'])}</p>" if len(rows) == _ROWS_MAX else ""
    content = _table(there, cells) if rows else f"<p>{escape(day.words['none'])}</p>"
    return f"<section><h2>{escape(day.words[word])}</h2>{content}{more}</section>"


def _cell(day: Day, name: str, value: object) -> str:
    return timestamp(seconds(str(value)) + day.zone_s)[11:19] if name == "ts" else str(value)


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in heading)
    body = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    heading_row = f"<thead><tr>{head}</tr></thead>" if head else ""
    return f'<div class="wide"><table>{heading_row}<tbody>{body}</tbody></table></div>'


def _text(value: str) -> str:
    """Return what came from outside as text that is nothing but text."""
    return escape(visible(value))
