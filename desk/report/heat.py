"""Tables of coefficients as colours."""

from collections.abc import Sequence

from desk.report.drawing import WIDTH, box, chart, element, short, text, tip
from desk.study.components import Components
from desk.study.correlation import Comparison
from desk.study.words import Words

SHADES = 5


def heat(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: dict[tuple[int, int], tuple[float, bool, str]],
    reach: float,
    label: str,
) -> str:
    """Draw a table of coefficients as colours; a ring marks what stands out.

    Arguments:
        cells: by row and column, the value, whether it stands out, and what to say of it.
        reach: the value of the deepest colour.
    """
    left, row, top = 150, 24, 26
    width = (WIDTH - left - 4) / max(1, len(columns))
    parts = [text(name, left + width * (at + 0.5), 16, "middle") for at, name in enumerate(columns)]
    for down, name in enumerate(rows):
        parts.append(text(short(name), left - 8, top + row * down + 16, "end"))
        for across in range(len(columns)):
            if (down, across) not in cells:
                continue
            value, stands_out, told = cells[down, across]
            x, y = left + width * across + 1, top + row * down + 1
            shade = min(SHADES, round(SHADES * abs(value) / reach)) if reach else 0
            looks = ["cell", *([f"{'plus' if value > 0 else 'minus'} f{shade}"] if shade else [])]
            looks += ["ring"] if stands_out else []
            parts.append(element("g", tip(told) + "".join(box(x, y, width - 2, row - 2, look) for look in looks)))
            look = "middle strong" if stands_out else "middle figure"
            parts.append(text(f"{value:+.2f}", x + width / 2 - 1, y + 15, look))
    return chart(label, WIDTH, top + row * len(rows) + 6, parts, "wide")


def comparisons(
    found: Sequence[Comparison],
    series: Sequence[str],
    horizons_s: Sequence[int],
    alpha: float,
    deepest: float,
    words: Words,
) -> str:
    """Draw all series at all horizons, lag 0, of one market and one target; `deepest` has the deepest colour."""
    cells = {}
    for each in found:
        if each.lag_s == 0 and each.series in series:
            told = f"{each.series}, {words.window(0, each.horizon_s)}: {each.rank:+.3f}, p = {each.p_all:.3f}"
            place = series.index(each.series), horizons_s.index(each.horizon_s)
            cells[place] = each.rank, each.p_all <= alpha, told
    names = [words.name(name) for name in series]
    return heat(names, [words.duration(each) for each in horizons_s], cells, deepest, words("section_heat"))


def reach(found: Sequence[Comparison]) -> float:
    """Return what the deepest colour stands for: the largest coefficient there is, at least 0.05."""
    return max([0.05, *(abs(each.rank) for each in found if each.lag_s == 0)])


def components(found: Components, words: Words) -> str:
    """Draw the loadings."""
    columns = [words("col_component", n=at + 1) for at in range(len(found.loadings))]
    cells = {
        (down, across): (loading, False, f"{found.sources[down]}: {loading:+.2f}")
        for across, loadings in enumerate(found.loadings)
        for down, loading in enumerate(loadings)
    }
    return heat(found.sources, columns, cells, 1.0, words("section_components"))
