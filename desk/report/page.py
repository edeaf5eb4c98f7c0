"""The whole report: one file that needs nothing else, under a policy that lets nothing else in."""

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from pathlib import Path

from agent.console import visible
from desk.report import bars, heat, paths
from desk.report.drawing import element
from desk.study import tables, telling
from desk.study.answer import FOUND, TOO_LITTLE, Answer
from desk.study.correlation import RETURN, VOLATILITY
from desk.study.strategies import Trade
from desk.study.table import component_lines
from desk.study.tables import Table
from desk.study.words import Words, moment

STYLE = Path(__file__).with_name("page.css")
PATHS_SHOWN = 4
HORIZONS_SHOWN = 9


def page(answer: Answer, words: Words, trade: Trade) -> str:
    """Return the report as HTML.

    No script, no inline style, nothing fetched: the policy in it allows its one style sheet by hash, and no more.
    """
    style = STYLE.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = words("title")
    head = (
        '<meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>moss: {escape(title)}</title><style>{style}</style>'
    )
    body = "".join(_sections(answer, words, trade))
    return f'<!doctype html><html lang="{words.lang}"><head>{head}</head><body><main>{body}</main></body></html>\n'


def _sections(answer: Answer, words: Words, trade: Trade) -> Iterator[str]:
    yield _header(answer, words)
    yield _verdict(answer, words, trade)
    if answer.verdict != TOO_LITTLE:
        yield _ranking(answer, words)
        yield from _profiles(answer, words)
        yield _heat(answer, words)
        yield _events(answer, words)
        yield _components(answer, words)
        yield _power(answer, words)
        yield _strategies(answer, words, trade)
        if answer.titles:
            yield _section(words("section_titles"), "", _table(tables.titles(answer, words)))
        yield _glossary(words)
    yield _footer(answer, words)


def _header(answer: Answer, words: Words) -> str:
    lines = [escape(words("title"))]
    told = ""
    if answer.days:
        bounds = {"start": moment(answer.from_ms), "end": moment(answer.until_ms)}
        told = words("span", **bounds, days=f"{answer.days:,.1f}", bin=words.duration(answer.bin_s))
    return f"<header><h1>{lines[0]}</h1><p>{_plain(told)}</p></header>"


def _verdict(answer: Answer, words: Words, trade: Trade) -> str:
    first, *rest = telling.verdict(answer, words)
    items = "".join(f"<li>{_plain(line)}</li>" for line in rest)
    more = telling.power_lines(answer, words) + telling.strategy_lines(answer, words, trade)
    paragraphs = "".join(f"<p>{_plain(line)}</p>" for line in more) if answer.verdict != TOO_LITTLE else ""
    look = "verdict found" if answer.verdict == FOUND else "verdict"
    return f'<section class="{look}"><h2>{_plain(first)}</h2><ul>{items}</ul>{paragraphs}</section>'


def _ranking(answer: Answer, words: Words) -> str:
    drawn = bars.ranking(answer.ranking(), answer.critical, words) if answer.ranking() else ""
    lead = f"{words('lead_ranking')} {words('ranking_note')}"
    return _section(words("section_ranking"), lead, _figure("", drawn), _more(tables.ranking(answer, words), words))


def _profiles(answer: Answer, words: Words) -> Iterator[str]:
    """Yield the lags of everything together, and of what is most striking."""
    best = [each.series for each in answer.best(RETURN) if each.series != "all"][:1]
    for market in answer.markets:
        shown = [each for each in answer.profiles if each.market == market.name and each.series in ("all", *best)]
        if not shown:
            continue
        lead = words("lead_profile", horizon=words.duration(shown[0].horizon_s))
        plots = [_figure(f"{words.name(each.series)}, {each.market}", paths.profile(each, words)) for each in shown]
        yield _section(words("section_profile"), lead, f'<div class="pair">{"".join(plots)}</div>')


def _heat(answer: Answer, words: Words) -> str:
    series = [each.name for each in answer.series]
    parts = []
    deepest = heat.reach(answer.comparisons)
    for market in answer.markets:
        for target in (RETURN, VOLATILITY):
            found = [each for each in answer.comparisons if (each.market, each.target) == (market.name, target)]
            horizons_s = sorted({each.horizon_s for each in found})
            if found:
                label = f"{words(f'target_{target}')}, {market.name}"
                parts.append(
                    _figure(label, heat.comparisons(found, series, horizons_s, answer.asked.alpha, deepest, words))
                )
    lead = words("lead_heat", reach=f"{deepest:.2f}")
    best = tables.comparisons(answer.best(), words)
    return _section(words("section_heat"), lead, f'<div class="pair">{"".join(parts)}</div>', _more(best, words))


def _events(answer: Answer, words: Words) -> str:
    if not answer.around:
        return _section(words("section_events"), words("events_none"))
    chosen = sorted(answer.around, key=lambda each: (each.series != "all", -abs(each.z)))[:PATHS_SHOWN]
    plots = [_figure(f"{words.name(each.series)}, {each.market}", paths.around(each, words)) for each in chosen]
    lead = f"{words('lead_events')} {words('events_strong', strong=f'{answer.strong:.2f}')}"
    legend = _legend([("path up", words("good")), ("path down", words("bad"))])
    body = f'<div class="pair">{"".join(plots)}</div>{legend}'
    return _section(words("section_events"), lead, body, _more(tables.events(answer, words), words))


def _components(answer: Answer, words: Words) -> str:
    lines = " ".join(component_lines(answer, words))
    if not answer.components.sources:
        return _section(words("section_components"), lines)
    drawn = heat.components(answer.components, words)
    return _section(words("section_components"), f"{words('lead_components')} {lines}", _figure("", drawn))


def _power(answer: Answer, words: Words) -> str:
    table, lines = tables.power(answer, words), telling.power_lines(answer, words)
    notes = [words("power_note")] if table.rows else []
    return _section(words("section_power"), " ".join(lines + notes), _table(table) if table.rows else "")


def _strategies(answer: Answer, words: Words, trade: Trade) -> str:
    walks = [walk for walk in answer.walks if walk.outcomes]
    lines = telling.strategy_lines(answer, words, trade)
    if not walks:
        return _section(words("section_strategies"), " ".join(lines)) if lines else ""
    parts = []
    for walk in walks:
        told = telling.tested(walk, words, trade)
        names = [(f"path hue-{hue}", words(f"rule_{each.name}")) for hue, each in enumerate(walk.outcomes)]
        strips = "".join(bars.shuffled(each, words) for each in walk.outcomes if each.shuffled)
        held = _figure(words("caption_held"), paths.equity(walk, walk.outcomes, words))
        ruled = _figure(words("caption_ruled"), paths.equity(walk, walk.outcomes[1:], words))
        plots = f'<div class="pair">{held}{ruled}</div>{_legend(names)}{_figure(words("axis_shuffled"), strips)}'
        parts.append(f"<p>{_plain(told)}</p>{plots}")
    lead = f"{' '.join(lines)} {words('lead_strategies')}"
    return _section(words("section_strategies"), lead, "".join(parts), _more(tables.strategies(answer, words), words))


def _glossary(words: Words) -> str:
    lines = "".join(f"<dd>{_plain(words(f'glossary_{key}'))}</dd>" for key in ("rank", "p", "z", "worth"))
    return _section(words("glossary"), "", f"<dl>{lines}</dl>")


def _footer(answer: Answer, words: Words) -> str:
    lines = telling.reading(answer, words)
    lines += [telling.method(answer, words)] if answer.verdict != TOO_LITTLE else []
    lines.append(words("made", seed=answer.asked.seed))
    return "<footer>" + "".join(f"<p>{_plain(line)}</p>" for line in lines) + "</footer>"


def _section(title: str, lead: str, *parts: str) -> str:
    told = f"<p>{_plain(lead)}</p>" if lead else ""
    return f"<section><h2>{_plain(title)}</h2>{told}{''.join(parts)}</section>"


def _figure(caption: str, drawn: str) -> str:
    told = f"<figcaption>{_plain(caption)}</figcaption>" if caption else ""
    return f"<figure>{told}{drawn}</figure>"


def _more(table: Table, words: Words) -> str:
    return f"<details><summary>{_plain(words('plot_table'))}</summary>{_table(table)}</details>" if table.rows else ""


def _table(table: Table) -> str:
    def row(cells: list[str], kind: str) -> str:
        return (
            "<tr>"
            + "".join(
                element(kind, _plain(cell), **({"class_": "word"} if at < table.left else {}))
                for at, cell in enumerate(cells)
            )
            + "</tr>"
        )

    body = "".join(row(cells, "td") for cells in table.rows)
    return f'<div class="scroll"><table><thead>{row(table.header, "th")}</thead><tbody>{body}</tbody></table></div>'


def _legend(entries: list[tuple[str, str]]) -> str:
    items = "".join(
        f'<li><svg viewBox="0 0 20 12" aria-hidden="true"><path d="M0 6H20" class="{look}"/></svg>{_plain(name)}</li>'
        for look, name in entries
    )
    return f'<ul class="legend">{items}</ul>'


def _plain(text: str) -> str:
    """Return a text from wherever it came as text and nothing else."""
    return escape(visible(text)).replace("p = ", "p\u00a0=\u00a0")  # stays on one line
