"""From the records to arrays: which markets, which model's scores, which bins; nothing else reads the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from agent.errors import UsageError
from desk.study import plan
from desk.study.files import Shelf
from desk.study.grid import Floats, Grid, Prices, Series, prices, series
from desk.study.plan import MS, Columns, Engine, Records, Span

BINS_S = (60, 300, 900, 3_600)
BINS_MAX = 20_000_000
# What a bin costs: the arrays of the market at hand, and two spectra for each series.
BIN_BYTES, SERIES_BYTES = 140, 16
# A market with fewer candles is told, and left out.
CANDLES_MIN = 100
ONCE = {"text": ("text_id",), "source": ("source", "story"), "story": ("story",)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the store to look at.

    Arguments:
        model: whose scores; empty for the one with the most.
        once: what counts once: "text", "source" (a story once in each source) or "story" (once in all).
        bin_s: how long a bin is; 0 for the shortest that fits into the memory.
        groups: sources by the name of a group that a person put them into.
        symbols: only these markets; empty for all.
        hole_s: how long the last price is taken to hold where no candle and no event says otherwise.
    """

    span: Span = field(default_factory=Span)
    model: str = ""
    once: str = "text"
    bin_s: int = 0
    memory_mb: int = 300
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    symbols: tuple[str, ...] = ()
    hole_s: int = 3_600
    titles: int = 0


@dataclass(frozen=True, slots=True)
class Minutes:
    """One market's candles for the bot's own engine: the number of the minute since 1970, and the close as stored."""

    symbol: str
    source: str
    minute: Floats
    close: Floats


@dataclass(slots=True)
class Gathered:
    """All that the study works on."""

    grid: Grid
    markets: list[Prices]
    minutes: list[Minutes]
    series: list[Series]
    model: str
    models: dict[str, int]
    headlines: int
    too_short: dict[str, int]
    titles: list[tuple[int, str, str, float]]


def gather(engine: Engine, shelf: Shelf, wanted: Wanted, scratch: Path) -> Gathered:
    """Ask the engine for all tables, and lay them on the grid; the largest arrays lie in files, not in memory.

    Raises: UsageError where what is wanted is not there.
    """
    streams = tuple(name for name in shelf.streams() if name == "sentiment" or name.startswith("sentiment-"))
    models = _models(engine, streams, wanted.span)
    model = _chosen(models, wanted.model)
    known = _markets(engine, wanted)
    moods = _Moods(engine, shelf, streams, model, wanted)
    grid = _grid(known, wanted, len(moods.names) + 4)
    all_series = moods.series(grid) if grid.count else []
    markets, minutes = [], []
    gaps = engine.table(plan.gaps())
    candles = plan.candles(wanted.span)
    for (source, symbol), _ in known.enough:
        minute = engine.table(plan.bars(candles, source, symbol, 60))
        minutes.append(Minutes(symbol, source, *(_kept(minute[name], scratch) for name in ("bin", "close"))))
        bars = minute if grid.bin_s == 60 else engine.table(plan.bars(candles, source, symbol, grid.bin_s))
        found = prices(symbol, source, bars, gaps, grid, wanted.hole_s)
        log_close, variance = (_kept(values, scratch) for values in (found.log_close, found.variance))
        markets.append(Prices(symbol, source, log_close, variance, found.candles, found.in_gaps))
    strong = moods.titles() if wanted.titles else []
    return Gathered(grid, markets, minutes, all_series, model, models, moods.headlines, known.too_short, strong)


def _models(engine: Engine, streams: tuple[str, ...], span: Span) -> dict[str, int]:
    if not streams:
        return {}
    table = engine.table(plan.models(streams, span))
    return {str(model): int(count) for model, count in zip(table["model"], table["count"], strict=True)}


def _chosen(models: Mapping[str, int], wanted: str) -> str:
    """Return the model asked for, else the one that scored most: scores of two models are never mixed."""
    if wanted and wanted not in models:
        there = ", ".join(f"{name} ({count})" for name, count in models.items()) or "none"
        raise UsageError(f"--model {wanted}: no headline was scored by it; there are: {there}")
    return wanted or max(models, key=lambda name: (models[name], name), default="")


@dataclass(slots=True)
class _Known:
    """The markets there are: those with enough candles, with the milliseconds of their first and last, and the rest."""

    enough: list[tuple[tuple[str, str], tuple[int, int]]]
    too_short: dict[str, int]


def _markets(engine: Engine, wanted: Wanted) -> _Known:
    table = engine.table(plan.markets(plan.candles(wanted.span)))
    names = [(str(source), str(symbol)) for source, symbol in zip(table["source"], table["symbol"], strict=True)]
    unknown = [name for name in wanted.symbols if name not in {symbol for _, symbol in names}]
    if unknown:
        there = ", ".join(sorted({symbol for _, symbol in names})) or "none"
        raise UsageError(f"--symbol {unknown[0]}: there are no candles of it; there are: {there}")
    rows = [
        (name, int(count), (int(first), int(last)))
        for name, count, first, last in zip(names, table["count"], table["first"], table["last"], strict=True)
        if not wanted.symbols or name[1] in wanted.symbols
    ]
    rows.sort(key=lambda row: -row[1])
    enough = [(name, span) for name, count, span in rows if count >= CANDLES_MIN]
    return _Known(enough, {f"{name[1]} ({name[0]})": count for name, count, _ in rows if count < CANDLES_MIN})


def _grid(known: _Known, wanted: Wanted, series_count: int) -> Grid:
    if not known.enough:
        return Grid(0, 0, wanted.bin_s or 60)
    first = min(span[0] for _, span in known.enough)
    last = max(span[1] for _, span in known.enough)
    budget_bytes = max(50, wanted.memory_mb - 100) * 1_000_000
    for bin_s in (wanted.bin_s,) if wanted.bin_s else BINS_S:
        start, end = first // (bin_s * MS), last // (bin_s * MS)
        grid = Grid(start, end - start + 1, bin_s)
        if grid.count * (BIN_BYTES + SERIES_BYTES * series_count) <= budget_bytes:
            break
    if grid.count > BINS_MAX:
        raise UsageError(
            f"the candles span {grid.days:,.0f} days, more than fits; is one of them from a wrong clock?"
            " --since and --until choose"
        )
    return grid


class _Moods:
    """The scores by source, language and bin."""

    def __init__(self, engine: Engine, shelf: Shelf, streams: tuple[str, ...], model: str, wanted: Wanted) -> None:
        self._engine = engine
        self._wanted = wanted
        self._several = len(shelf.boxes) > 1
        once = ONCE[wanted.once]
        self._records: Records | None = None
        self._own: Records | None = None
        self.names: list[str] = []
        self.headlines = 0
        if not model:
            return
        # Whatever two boxes both read counts once in what is about all of them.
        self._records = plan.scores(streams, model, once, wanted.span, titles=bool(wanted.titles))
        self._own = plan.scores(streams, model, ("box", *once), wanted.span)
        day = self._table(86_400, by_box=self._several)
        self.names = sorted(set(_names(day, several=self._several)))
        self.headlines = int(self._table(86_400, by_box=False)["count"].sum())

    def series(self, grid: Grid) -> list[Series]:
        """Return all series: everything, each language, each group, each source (of each box)."""
        if self._records is None:
            return []
        joint = self._table(grid.bin_s, by_box=False)
        every = np.ones(len(joint["bin"]), dtype=np.bool_)
        found = [series("all", "all", joint, every, grid)]
        langs = sorted({str(lang) for lang in joint["lang"]})
        if len(langs) > 1:
            found += [series(lang or "?", "lang", joint, joint["lang"] == lang, grid) for lang in langs]
        for name, members in self._wanted.groups.items():
            found.append(series(name, "group", joint, np.isin(joint["source"].astype(str), members), grid))
        own = self._table(grid.bin_s, by_box=self._several)
        names = np.array(_names(own, several=self._several), dtype=object)
        found += [series(name, "source", own, names == name, grid) for name in self.names]
        return [each for each in found if len(each.at)]

    def titles(self) -> list[tuple[int, str, str, float]]:
        """Return moment, source, title and score of the strongest headlines, good and bad ones alike."""
        if self._records is None:
            return []
        found = []
        for good in (True, False):
            table = self._engine.table(plan.headlines(self._records, 0.5, good=good))
            strongest = np.argsort(-np.abs(table["score"]), kind="stable")[: self._wanted.titles]
            found += [
                (int(table["ts"][at]), str(table["source"][at]), str(table["title"][at]), float(table["score"][at]))
                for at in strongest
            ]
        return sorted(found)

    def _table(self, bin_s: int, *, by_box: bool) -> Columns:
        records = self._own if by_box else self._records
        assert records is not None  # noqa: S101 - asked only where there is a model
        return self._engine.table(plan.moods(records, bin_s, by_box=by_box))


def _names(table: Columns, *, several: bool) -> list[str]:
    if not several:
        return [str(source) for source in table["source"]]
    return [f"{box}: {source}" for box, source in zip(table["box"], table["source"], strict=True)]


def _kept(values: np.ndarray[tuple[int], np.dtype[np.float64]], scratch: Path) -> Floats:
    """Put an array into a file and return it as it lies there: only what is looked at takes memory."""
    path = scratch / f"{len(list(scratch.iterdir()))}.npy"
    np.save(path, np.asarray(values, dtype=np.float64))
    if not len(values):
        return np.zeros(0)
    kept: Floats = np.load(path, mmap_mode="r")
    return kept
