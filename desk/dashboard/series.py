"""What the chart draws: at most so many points of any range, chosen so that no spike is lost."""

from array import array
from collections.abc import Iterable
from threading import RLock
from typing import Any, NamedTuple

from agent.clock import DAY_S, MINUTE_S
from desk.dashboard.candles import Candles, fold
from desk.dashboard.cells import CELL_S, Averages, Gaps, Mark, Scores, rows_of
from desk.dashboard.digests import Digests
from desk.dashboard.records import Records

_WEEK_S = 7 * DAY_S
# Every one is a multiple of those before it that matter: of a minute, and from the quarter hour on of that.
BUCKETS_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, DAY_S, _WEEK_S)
# Eight bytes each: a year of ten symbols takes 2.8 million; all kinds together stay below 30 MB.
_CANDLE_NUMBERS_MAX = 2_900_000
_OTHER_NUMBERS_MAX = 300_000

Bars = dict[float, list[float]]


class Range(NamedTuple):
    """The time that is drawn, in whole buckets, seconds since 1970."""

    begin_s: int
    end_s: int
    bucket_s: int

    @property
    def cell_s(self) -> int | None:
        """How wide cells have to be, None where quarter hours will do."""
        return self.bucket_s if self.bucket_s < CELL_S else None


def range_of(since_s: float, until_s: float, points: int) -> Range:
    """Return the range in the narrowest buckets of which there are no more than so many."""
    span_s = max(until_s - since_s, MINUTE_S)
    # One bucket more than the span has may be touched at its ends.
    widths = (width_s for width_s in BUCKETS_S if span_s / width_s <= points - 1)
    bucket_s = next(widths, int(-(-span_s // ((points - 1) * _WEEK_S))) * _WEEK_S)
    begin_s = int(since_s // bucket_s) * bucket_s
    return Range(begin_s, max(-int(-until_s // bucket_s) * bucket_s, begin_s + bucket_s), bucket_s)


class Series:
    """Reads what is drawn, and remembers of each file what it read; threads take turns, so no file is read twice."""

    def __init__(self, records: Records) -> None:
        self._turn = RLock()
        self._records = records
        self._candles = Digests(records, "prices", Candles, _CANDLE_NUMBERS_MAX)
        self._averages = Digests(records, "signals", Averages, _OTHER_NUMBERS_MAX)
        self._scores = Digests(records, "sentiment", Scores, _OTHER_NUMBERS_MAX)
        self._gaps = Digests(records, "events", Gaps, _OTHER_NUMBERS_MAX)

    def newest_end_s(self) -> float | None:
        """Return the end of the newest candle's minute, None where there is none."""
        span_s = self._records.span_s("prices")
        return span_s and span_s[1]

    def drawn(self, since_s: float | None, until_s: float | None, points: int, symbol: str | None) -> dict[str, Any]:
        """Return columns of equal length; the newest day where no range is given.

        Arguments:
            points: the most that any column may hold.
            symbol: the market; the first by name where none is given.
        """
        until_s = (self.newest_end_s() or DAY_S) if until_s is None else until_s
        since_s = max(0.0, until_s - DAY_S) if since_s is None else since_s
        span = range_of(since_s, max(since_s, until_s), points)
        with self._turn:
            return self._drawn(span, points, symbol)

    def _drawn(self, span: Range, points: int, symbol: str | None) -> dict[str, Any]:
        sources, bars = self.bars(span)
        symbol = symbol or min(bars, default=None)
        columns = _columns(bars.get(symbol or "", {}))
        return {
            "symbol": symbol,
            "source": sources.get(symbol or ""),
            "since": span.begin_s,
            "until": span.end_s,
            "bucket_s": span.bucket_s,
            **columns,
            **self._drawn_signals(span, symbol, points),
            "gaps": self._drawn_gaps(span, symbol, points),
            "sentiment": self._drawn_scores(span),
        }

    def bars(self, span: Range) -> tuple[dict[str, str], dict[str, Bars]]:
        """Return where each symbol's prices come from, and its bars by the begin of their bucket, unsorted."""
        sources: dict[str, str] = {}
        found: dict[str, Bars] = {}
        with self._turn:
            for cells in self._candles.from_moment(span.begin_s, span.end_s, span.cell_s):
                sources.update(cells.sources)
                for symbol, rows in cells.rows.items():
                    _merge(found.setdefault(symbol, {}), rows, span)
        return sources, {symbol: bars for symbol, bars in found.items() if bars}

    def _drawn_signals(self, span: Range, symbol: str | None, points: int) -> dict[str, Any]:
        newest: dict[float, tuple[float, float, float]] = {}
        marks: list[Mark] = []
        for cells in self._averages.from_moment(span.begin_s, span.end_s, span.cell_s):
            for cell, time_s, fast, slow in rows_of(cells.rows.get(symbol or "", array("d")), Averages.WIDTH):
                bucket = cell // span.bucket_s * span.bucket_s
                if span.begin_s <= cell < span.end_s and newest.get(bucket, (0.0,))[0] <= time_s:
                    newest[bucket] = time_s, fast, slow
            marks += [mark for mark in cells.marks if _is_in(mark, span, symbol)]
        times = sorted(newest)
        return {
            "sma_time": times,
            "sma_fast": [newest[time_s][1] for time_s in times],
            "sma_slow": [newest[time_s][2] for time_s in times],
            "signals": [
                {"time": mark.time_s, "price": mark.price, "signal": mark.signal, "reason": mark.reason}
                for mark in _thinned(sorted(marks), points)
            ],
        }

    def _drawn_gaps(self, span: Range, symbol: str | None, points: int) -> list[tuple[float, float]]:
        # A gap is told of after it, so the files that tell begin no earlier than it.
        found = [
            (max(begin_s, span.begin_s), min(end_s, span.end_s))
            for cells in self._gaps.from_moment(span.begin_s, span.end_s)
            for name, begin_s, end_s in cells.gaps
            if name == symbol and begin_s < span.end_s and end_s > span.begin_s
        ]
        return sorted(found)[-points:]

    def _drawn_scores(self, span: Range) -> dict[str, dict[str, list[float]]]:
        sums: dict[str, dict[float, list[float]]] = {}
        for cells in self._scores.from_moment(span.begin_s, span.end_s, span.cell_s):
            for source, rows in cells.rows.items():
                buckets = sums.setdefault(source, {})
                for cell, total, count in rows_of(rows, Scores.WIDTH):
                    if span.begin_s <= cell < span.end_s:
                        pair = buckets.setdefault(cell // span.bucket_s * span.bucket_s, [0.0, 0])
                        pair[0] += total
                        pair[1] += count
        return {
            source: {
                "time": sorted(buckets),
                "score": [round(buckets[each][0] / buckets[each][1], 6) for each in sorted(buckets)],
                "count": [int(buckets[each][1]) for each in sorted(buckets)],
            }
            for source, buckets in sorted(sums.items())
            if buckets
        }


def _merge(bars: Bars, rows: "array[float]", span: Range) -> None:
    for cell, *values in rows_of(rows, Candles.WIDTH):
        if span.begin_s <= cell < span.end_s:
            bucket = cell // span.bucket_s * span.bucket_s
            known = bars.get(bucket)
            bars[bucket] = fold(known, values) if known else values


def _columns(bars: Bars) -> dict[str, list[float]]:
    times = sorted(bars)
    names = ("open", "high", "low", "close", "volume")
    columns = {name: [bars[time_s][at] for time_s in times] for at, name in enumerate(names, 2)}
    return {"time": times, **columns}


def _is_in(mark: Mark, span: Range, symbol: str | None) -> bool:
    return mark.symbol == symbol and span.begin_s <= mark.time_s < span.end_s


def _thinned(marks: list[Mark], points: int) -> Iterable[Mark]:
    """Return at most so many of them, evenly chosen."""
    if len(marks) <= points:
        return marks
    return [marks[index * len(marks) // points] for index in range(points)]
