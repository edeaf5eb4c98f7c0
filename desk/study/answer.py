"""The answer: everything that was found, in one object that the terminal, JSON and the report are made of."""

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

from desk.study.components import Components
from desk.study.correlation import RETURN, Comparison, Correlations, Profile
from desk.study.events import Around
from desk.study.power import Power
from desk.study.strategies import Walk

FOUND, NOTHING, TOO_LITTLE = "found", "nothing", "too_little"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """What the answer can be repeated from, beside the records."""

    folders: list[str]
    seed: int = 1
    shifts: int = 2_000
    shuffles: int = 100
    alpha: float = 0.01
    once: str = "text"
    hole_s: int = 3_600
    since_ms: int | None = None
    until_ms: int | None = None
    trading: bool = True


@dataclass(slots=True)
class MarketSeen:
    """One market that was looked at."""

    name: str
    bins: int
    in_gaps: int


@dataclass(slots=True)
class SeriesSeen:
    """One series that was looked at."""

    name: str
    kind: str
    headlines: int
    mean: float
    first_ms: int
    last_ms: int


@dataclass(slots=True)
class Rank:
    """One series' best comparison with returns, beside what the best of as many would be by chance."""

    series: str
    kind: str
    headlines: int
    best: Comparison | None

    @property
    def explained(self) -> float:
        """The part of the variance of ranks that it explains."""
        return self.best.rank**2 if self.best else 0.0


@dataclass(slots=True)
class Answer:
    """What the study found; `verdict` is FOUND, NOTHING or TOO_LITTLE.

    Arguments:
        critical: what a statistic must exceed to be found; infinite where no p value can be small enough.
        turns: how many turns of the scores differ; `matched` in which part of the drawn ones the best comparison is
            matched or beaten by the best of chance.
    """

    asked: Asked
    verdict: str = TOO_LITTLE
    from_ms: int = 0
    until_ms: int = 0
    days: float = 0.0
    bin_s: int = 0
    model: str = ""
    models: dict[str, int] = field(default_factory=dict)
    headlines: int = 0
    records: int = 0
    damaged: list[str] = field(default_factory=list)
    set_back: int = 0
    too_short: dict[str, int] = field(default_factory=dict)
    markets: list[MarketSeen] = field(default_factory=list)
    series: list[SeriesSeen] = field(default_factory=list)
    critical: float = 0.0
    turns: int = 0
    matched: float = 1.0
    comparisons: list[Comparison] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    strong: float = 0.0
    around: list[Around] = field(default_factory=list)
    components: Components = field(default_factory=Components)
    power: list[Power] = field(default_factory=list)
    walks: list[Walk] = field(default_factory=list)
    titles: list[tuple[int, str, str, float]] = field(default_factory=list)

    def best(self, target: str | None = None) -> list[Comparison]:
        """Return the best comparison of each series, market and target, the most striking first."""
        best: dict[tuple[str, str, str], Comparison] = {}
        for each in self.comparisons:
            key = (each.market, each.series, each.target)
            if target in (None, each.target) and (key not in best or abs(each.z) > abs(best[key].z)):
                best[key] = each
        return sorted(best.values(), key=lambda each: -abs(each.z))

    def found(self) -> list[Comparison]:
        """Return the best comparisons that stand out after correction."""
        return [each for each in self.best() if each.p_all <= self.asked.alpha]

    def events_found(self) -> list[Around]:
        """Return the event studies that stand out after correction."""
        return [each for each in self.around if each.p_all <= self.asked.alpha]

    def ranking(self) -> list[Rank]:
        """Return the sources, groups and languages, the one that explains most first."""
        best: dict[str, Comparison] = {}
        for each in self.best(RETURN):
            best.setdefault(each.series, each)
        ranks = [Rank(each.name, each.kind, each.headlines, best.get(each.name)) for each in self.series]
        ranks = [each for each in ranks if each.kind != "all"]
        # All are compared as often, so their best are alike by chance; p values end at one in the number of turns.
        return sorted(ranks, key=lambda each: -abs(each.best.z) if each.best else 0.0)

    def judge(self, correlations: Correlations) -> None:
        """Settle what stands out, and give the verdict."""
        self.critical = correlations.settle(self.asked.alpha)
        self.turns, self.matched = correlations.distinct, correlations.matched
        self.comparisons, self.profiles = correlations.comparisons, correlations.profiles
        if self.comparisons:
            self.verdict = FOUND if self.found() or self.events_found() else NOTHING

    def record(self) -> dict[str, Any]:
        """Return the answer as JSON knows it."""
        told = _plain(dataclasses.asdict(self))
        told["format"] = FORMAT
        told["comparisons_count"] = len(self.comparisons)
        told["found"] = [_plain(dataclasses.asdict(each)) for each in self.found()]
        told["ranking"] = [
            {**_plain(dataclasses.asdict(each)), "explained": _plain(each.explained)} for each in self.ranking()
        ]
        for row, each in zip(told["comparisons"], self.comparisons, strict=True):
            row["effective"] = _plain(each.effective)
        assert isinstance(told, dict)  # noqa: S101 - a dataclass becomes a dict
        return told


def _plain(value: Any) -> Any:  # noqa: ANN401 - walks values of every type
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
