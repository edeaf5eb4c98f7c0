"""The study, told top-down: gather, compare, follow, sort out, try."""

import tempfile
from pathlib import Path

import numpy as np

from desk.study import events
from desk.study.answer import Answer, Asked, MarketSeen, SeriesSeen
from desk.study.components import components
from desk.study.correlation import Correlations, correlate, near_bins
from desk.study.duck import Duck
from desk.study.files import Shelf, boxes
from desk.study.gather import Gathered, Wanted, gather
from desk.study.grid import Grid, Series
from desk.study.plan import MS
from desk.study.power import power
from desk.study.progress import Progress
from desk.study.shifts import Turns
from desk.study.strategies import Trade, try_all

# What Python, numpy and DuckDB take before there is any data.
OWN_MB = 120
DUCK_MB_MIN = 64
# The rest is for the arrays of a market, which are made while DuckDB still holds the candles of all.
DUCK_PART = 0.6
# With fewer headlines there is nothing to ask.
HEADLINES_MIN = 30


def inquire(asked: Asked, wanted: Wanted, trade: Trade, progress: Progress) -> Answer:
    """Read the records and answer.

    Raises: UsageError where what is wanted is not there; FolderError where it cannot be read.
    """
    place = "/var/tmp" if Path("/var/tmp").is_dir() else None  # noqa: S108 - a folder of its own is made there
    with tempfile.TemporaryDirectory(prefix="moss-study-", dir=place) as name:
        scratch = Path(name)
        shelf = Shelf(boxes([Path(folder) for folder in asked.folders]), scratch, progress)
        try:
            with Duck(shelf, max(DUCK_MB_MIN, round(DUCK_PART * (wanted.memory_mb - OWN_MB)))) as engine:
                gathered = gather(engine, shelf, wanted, scratch)
        finally:
            shelf.close()
        answer = _seen(asked, gathered, shelf)
        if gathered.grid.count and gathered.headlines >= HEADLINES_MIN and gathered.series:
            _judge(answer, gathered, trade, progress)
        return answer


def _seen(asked: Asked, gathered: Gathered, shelf: Shelf) -> Answer:
    grid = gathered.grid
    answer = Answer(asked, days=grid.days, bin_s=grid.bin_s, model=gathered.model, models=gathered.models)
    answer.from_ms = grid.first * grid.bin_s * MS
    answer.until_ms = (grid.first + grid.count) * grid.bin_s * MS
    answer.headlines, answer.too_short, answer.titles = gathered.headlines, gathered.too_short, gathered.titles
    answer.records, answer.set_back = shelf.health.records, shelf.health.set_back
    answer.damaged = [f"{each.file}, line {each.line}: {each.why}" for each in shelf.health.damaged]
    for market in gathered.markets:
        answer.markets.append(MarketSeen(f"{market.symbol} ({market.source})", market.candles, market.in_gaps))
    answer.series = [_series_seen(each, grid) for each in gathered.series]
    return answer


def _series_seen(series: Series, grid: Grid) -> SeriesSeen:
    mean = float(np.average(series.score, weights=series.count))
    first, last = (grid.end_ms(int(series.at[at])) for at in (0, -1))
    return SeriesSeen(series.name, series.kind, series.headlines, mean, first, last)


def _judge(answer: Answer, gathered: Gathered, trade: Trade, progress: Progress) -> None:
    asked, grid = answer.asked, gathered.grid
    turns = Turns(asked.shifts, asked.seed, near_bins(grid))
    correlations = Correlations(turns)
    every = gathered.series[0]
    around = events.Events(turns, events.strong_score(every))
    for market in gathered.markets:
        correlate(market, gathered.series, grid, correlations, progress)
        events.study(market, gathered.series, grid, around, progress)
    around.settle()
    answer.strong, answer.around = around.strong, around.around
    answer.judge(correlations)
    sources = [each for each in gathered.series if each.kind == "source"]
    answer.components = components(sources, grid, asked.seed)
    answer.power = power(answer.comparisons, every.name, answer.critical, grid.days)
    if asked.trading:
        drawn = Turns(asked.shuffles, asked.seed + 1, near_bins(grid)).of(every.at).tolist()
        answer.walks = [try_all(each, every, grid, trade, drawn, progress) for each in gathered.minutes]
