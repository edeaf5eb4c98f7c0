"""The answer in tables: each a header and rows of text; the terminal and the page lay them out their own way."""

from collections.abc import Sequence
from typing import NamedTuple

from desk.study.answer import Answer
from desk.study.correlation import RETURN, Comparison
from desk.study.power import SIZES
from desk.study.telling import window
from desk.study.words import Words, chance, moment

NONE = "-"
# Said above the table, or by its title, where it is the same in every row.
SPARED = ("market", "series", "target", "kind")


class Table(NamedTuple):
    """Rows under a header; the first `left` columns hold words, the others figures."""

    header: list[str]
    rows: list[list[str]]
    left: int = 1


def ranking(answer: Answer, words: Words) -> Table:
    """Which series explains most, judged by its own best window."""
    keys = ("series", "kind", "headlines", "mean", "best_window", "rank", "explained", "p_series", "p_all")
    means = {each.name: each.mean for each in answer.series}
    rows = []
    for each in answer.ranking():
        best = each.best
        start = [each.series, words(f"kind_{each.kind}"), f"{each.headlines:,}", f"{means[each.series]:+.2f}"]
        if best is None:
            rows.append([*start, *[NONE] * 5])
            continue
        end = [window(best, words), f"{best.rank:+.3f}", f"{each.explained:.2%}"]
        rows.append([*start, *end, chance(best.p_series), chance(best.p_all)])
    return _spare(keys, Table([words(f"col_{key}") for key in keys], rows, 2))


def comparisons(chosen: list[Comparison], words: Words) -> Table:
    """Some comparisons in full."""
    keys = ("market", "series", "target", "window", "pearson", "rank", "z", "p", "p_all", "pairs", "effective")
    rows = [
        [
            *(each.market, words.name(each.series), words(f"target_{each.target}"), window(each, words)),
            *(f"{each.pearson:+.3f}", f"{each.rank:+.3f}", f"{each.z:+.1f}", chance(each.p), chance(each.p_all)),
            *(f"{each.pairs:,}", f"{each.effective:,.0f}"),
        ]
        for each in chosen
    ]
    return _spare(keys, Table([words(f"col_{key}") for key in keys], rows, 4))


def horizons(answer: Answer) -> list[Comparison]:
    """Return all sources' comparisons with returns at lag 0."""
    return [each for each in answer.comparisons if each.series == "all" and not each.lag_s and each.target == RETURN]


def events(answer: Answer, words: Words) -> Table:
    """Each series' strong scores."""
    rows = [
        [
            *(each.market, words.name(each.series), f"{each.good.events:,} / {each.bad.events:,}"),
            *(words.duration(each.at_s), f"{each.z:+.1f}", chance(each.p_all)),
        ]
        for each in sorted(answer.around, key=lambda each: -abs(each.z))
    ]
    keys = ("market", "series", "events", "at", "z", "p_all")
    return _spare(keys, Table([words(f"col_{key}") for key in keys], rows, 2))


def components(answer: Answer, words: Words) -> Table:
    """Each source's loadings."""
    found = answer.components
    header = [words("col_source"), *(words("col_component", n=at + 1) for at in range(len(found.loadings)))]
    rows = [[name, *(f"{loadings[at]:+.2f}" for loadings in found.loadings)] for at, name in enumerate(found.sources)]
    return Table(header, rows)


def power(answer: Answer, words: Words) -> Table:
    """What each horizon can show, and what it would take."""
    keys = ("market", "horizon", "pairs", "effective", "smallest")
    header = [*(words(f"col_{key}") for key in keys), *(words("col_size", size=size) for size in SIZES)]
    rows = [
        [
            *(each.market, words.duration(each.horizon_s), f"{each.pairs:,}", f"{each.effective:,.0f}"),
            *(f"{each.smallest:.3f}", *(words.days(each.days_needed[size]) for size in SIZES)),
        ]
        for each in answer.power
    ]
    return _spare(keys, Table(header, rows, 1))


def strategies(answer: Answer, words: Words) -> Table:
    """What each rule left."""
    keys = ("market", "rule", "earned", "fills", "fees", "drawdown", "invested", "shuffled", "p_shuffled")
    rows = []
    for walk in answer.walks:
        for each in walk.outcomes:
            shuffled = NONE
            if each.shuffled:
                low, high = min(each.shuffled), max(each.shuffled)
                shuffled = f"{low:+.2%} .. {high:+.2%}"
            rows.append(
                [
                    *(walk.market, words(f"rule_{each.name}"), f"{each.earned:+.2%}", f"{each.fills:,}"),
                    *(f"{each.fees:,.0f}", f"{each.drawdown:.2%}", f"{each.invested:.1%}", shuffled),
                    NONE if each.p_all is None else chance(each.p_all),
                ]
            )
    return _spare(keys, Table([words(f"col_{key}") for key in keys], rows, 2))


def titles(answer: Answer, words: Words) -> Table:
    """The strongest headlines, for who asked for them."""
    rows = [[moment(at_ms), source, f"{score:+.2f}", title or NONE] for at_ms, source, title, score in answer.titles]
    return Table([words(f"col_{key}") for key in ("when", "source", "score", "title")], rows, 4)


def _spare(keys: Sequence[str], table: Table) -> Table:
    """Leave out the columns that say the same in every row, of those that need not be said again."""
    header, rows, left = table
    same = [len(rows) > 1 and len({row[at] for row in rows}) == 1 for at in range(len(header))]
    kept = [at for at in range(len(header)) if not (at < left and keys[at] in SPARED and same[at])]
    return Table([header[at] for at in kept], [[row[at] for at in kept] for row in rows], sum(at < left for at in kept))
