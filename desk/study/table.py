"""The answer for a terminal."""

import unicodedata
from collections.abc import Iterator

from agent.console import visible
from desk.study import tables, telling
from desk.study.answer import TOO_LITTLE, Answer
from desk.study.strategies import Trade
from desk.study.tables import Table
from desk.study.words import Words

ROWS_MAX = 12


def lines(answer: Answer, words: Words, trade: Trade) -> Iterator[str]:
    """Yield the answer's lines: the verdict, then what it rests on."""
    yield words("title")
    yield ""
    yield from telling.verdict(answer, words)
    if answer.verdict == TOO_LITTLE:
        yield ""
        yield from telling.reading(answer, words)
        return
    yield from telling.power_lines(answer, words)
    yield from telling.strategy_lines(answer, words, trade)
    for key, table, notes in _sections(answer, words, trade):
        if table.rows or notes:
            yield ""
            yield words(key)
            yield from (f"  {line}" for line in laid(table))
            yield from (f"  {note}" for note in notes)
    yield ""
    yield from telling.reading(answer, words)
    yield telling.method(answer, words)


def _sections(answer: Answer, words: Words, trade: Trade) -> Iterator[tuple[str, Table, list[str]]]:
    yield "section_ranking", tables.ranking(answer, words), [words("ranking_note")]
    yield "section_horizons", tables.comparisons(tables.horizons(answer), words), []
    yield "section_best", tables.comparisons(answer.best()[:ROWS_MAX], words), []
    around = tables.events(answer, words)
    strong = words("events_strong", strong=f"{answer.strong:.2f}") if around.rows else words("events_none")
    yield "section_events", around, [strong]
    yield "section_components", tables.components(answer, words), component_lines(answer, words)
    power = tables.power(answer, words)
    yield "section_power", power, [words("power_note")] if power.rows else []
    tested = [telling.tested(walk, words, trade) for walk in answer.walks if walk.outcomes]
    yield "section_strategies", tables.strategies(answer, words), tested
    yield "section_titles", tables.titles(answer, words), []


def component_lines(answer: Answer, words: Words) -> list[str]:
    """Return how much each component holds, beside chance."""
    found = answer.components
    if not found.sources:
        return [words("components_none")]
    lines = [
        words("components_line", n=at + 1, part=f"{found.explained[at]:.0%}", chance=f"{found.by_chance[at]:.0%}")
        for at in range(len(found.loadings))
    ]
    left_out = ", ".join(found.left_out)
    return lines + ([words("components_left_out", names=left_out)] if left_out else [])


def laid(table: Table) -> Iterator[str]:
    """Yield a table's lines, its columns as wide as they must be."""
    if not table.rows:
        return
    rows = [[visible(cell) for cell in row] for row in (table.header, *table.rows)]
    widths = [max(_width(row[at]) for row in rows) for at in range(len(table.header))]
    for row in rows:
        cells = (
            cell + " " * (width - _width(cell)) if at < table.left else " " * (width - _width(cell)) + cell
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def _width(text: str) -> int:
    """Return how many columns a text takes in a terminal, where Korean letters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
