"""What moves the sources together: principal components of their daily mean scores."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from desk.study.grid import Floats, Grid, Series

DAYS_MIN = 20
# A source must have said something on so many of the days.
PRESENT_MIN = 0.5
KEPT = 3
DRAWS = 200


@dataclass(slots=True)
class Components:
    """The components, largest first.

    Arguments:
        sources: those that took part; `left_out` those that were silent too often or never differed.
        explained: each component's part of all variance; `by_chance` what the same sources show where each is shifted
            by itself (parallel analysis, Horn 1965), at its 95th percentile.
        loadings: for each kept component, each source's correlation with it.
    """

    days: int = 0
    sources: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    explained: list[float] = field(default_factory=list)
    by_chance: list[float] = field(default_factory=list)
    loadings: list[list[float]] = field(default_factory=list)


def components(all_sources: Sequence[Series], grid: Grid, seed: int) -> Components:
    """Return the components of the days' mean scores; without any where there are too few days or sources."""
    days = [_daily(each, grid) for each in all_sources]
    count = len(days[0]) if days else 0
    kept = [at for at, daily in enumerate(days) if _is_enough(daily)]
    found = Components(count)
    found.left_out = [each.name for at, each in enumerate(all_sources) if at not in kept]
    if count < max(DAYS_MIN, 2 * len(kept)) or len(kept) < 2:
        found.left_out = [each.name for each in all_sources]
        return found
    found.sources = [all_sources[at].name for at in kept]
    table = np.stack([_standard(days[at]) for at in kept], axis=1)
    values, vectors = _eigen(table)
    found.explained = [float(value) for value in values / values.sum()]
    found.by_chance = _by_chance(table, seed)
    for at in range(min(KEPT, len(values))):
        loading = vectors[:, at] * np.sqrt(max(values[at], 0.0))
        # A component has no sign of its own: most of what it holds counts as up.
        found.loadings.append([float(each) for each in loading * (np.sign(loading.sum()) or 1.0)])
    return found


def _daily(series: Series, grid: Grid) -> Floats:
    """Return the mean score of each day, UTC, NaN on days without a headline."""
    day = (grid.first + series.at) * grid.bin_s // 86_400 - grid.first * grid.bin_s // 86_400
    count = int((grid.first + grid.count - 1) * grid.bin_s // 86_400 - grid.first * grid.bin_s // 86_400) + 1
    total = np.bincount(day, weights=series.score * series.count, minlength=count)
    said = np.bincount(day, weights=series.count, minlength=count)
    return np.asarray(np.where(said > 0, total / np.maximum(said, 1), np.nan), dtype=np.float64)


def _is_enough(daily: Floats) -> bool:
    known = daily[np.isfinite(daily)]
    return len(known) >= PRESENT_MIN * len(daily) and len(known) > 1 and float(known.std()) > 0


def _standard(daily: Floats) -> Floats:
    """Return the days in standard deviations from their mean; a silent day is an average one."""
    known = np.isfinite(daily)
    middle, spread = daily[known].mean(), daily[known].std()
    return np.asarray(np.where(known, (daily - middle) / spread, 0.0), dtype=np.float64)


def _eigen(table: Floats) -> tuple[Floats, Floats]:
    values, vectors = np.linalg.eigh(table.T @ table / len(table))
    return values[::-1], vectors[:, ::-1]


def _by_chance(table: Floats, seed: int) -> list[float]:
    """Return each component's part of the variance where the sources are moved against each other."""
    dice = np.random.default_rng(seed)
    drawn = []
    for _ in range(DRAWS):
        moved = [np.roll(column, dice.integers(len(table))) for column in table.T]
        values = _eigen(np.stack(moved, axis=1))[0]
        drawn.append(values / values.sum())
    return [float(part) for part in np.quantile(np.array(drawn), 0.95, axis=0)]
