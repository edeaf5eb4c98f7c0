"""Plots over time: when the price moves, how it goes on after strong scores, what money became."""

from collections.abc import Sequence

from desk.report.drawing import (
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Scale,
    area,
    chart,
    element,
    levels,
    line,
    linear,
    rule,
    stretched,
    text,
    ticks,
    tip,
)
from desk.study.correlation import Profile
from desk.study.events import Around
from desk.study.strategies import Outcome, Walk
from desk.study.words import Words

BP = 10_000


def profile(found: Profile, words: Words) -> str:
    """Draw the coefficient at each lag, before and after, over the band of chance."""
    height = 240
    limit = 1.96 * found.spread
    reach = 1.15 * max([limit, *(abs(each) for each in found.rank)])
    x = linear(found.lags_s[0], found.lags_s[-1], LEFT, WIDTH - RIGHT)
    y = linear(-reach, reach, height - 40, TOP)
    ends = (found.lags_s[0], found.lags_s[-1])
    parts = [levels(ticks(-reach, reach), y, lambda value: f"{value:+.2g}" if value else "0")]
    parts.append(area([(x(at), y(limit)) for at in ends], [(x(at), y(-limit)) for at in ends], "band"))
    parts += [rule(LEFT, y(0), WIDTH - RIGHT, y(0), "axis"), rule(x(0), TOP, x(0), height - 40, "now")]
    parts += [
        text(words.duration(at) if at >= 0 else f"-{words.duration(-at)}", x(at), height - 22, "middle")
        for at in _minutes(found)
    ]
    parts.append(line([(x(lag), y(rank)) for lag, rank in zip(found.lags_s, found.rank, strict=True)], "grid"))
    for lag, rank in zip(found.lags_s, found.rank, strict=True):
        told = tip(f"{lag // 60:+d}: {rank:+.3f}")
        look = "mark beyond" if abs(rank) > limit else "mark"
        parts.append(element("circle", told, cx=x(lag), cy=y(rank), r=3, class_=look))
    parts.append(text(words("axis_minutes"), (LEFT + WIDTH - RIGHT) / 2, height - 4, "middle"))
    return chart(words("section_profile"), WIDTH, height, parts)


def _minutes(found: Profile) -> list[int]:
    return [
        each for each in (-7_200, -3_600, -1_800, 0, 1_800, 3_600, 7_200) if found.lags_s[0] <= each <= found.lags_s[-1]
    ]


def around(found: Around, words: Words) -> str:
    """Draw the price's mean path before and after good and bad scores, each over its band of chance."""
    height = 260
    moments = [*(each for each in found.offsets_s if each < 0), 0, *(each for each in found.offsets_s if each > 0)]
    zero = sum(each < 0 for each in found.offsets_s)
    paths = {"up": found.good, "down": found.bad}
    values = [BP * value for path in paths.values() for part in (path.mean, path.low, path.high) for value in part]
    low, high = min([0.0, *values]), max([0.0, *values])
    x = linear(stretched(moments[0]), stretched(moments[-1]), LEFT, WIDTH - RIGHT)
    y = linear(low * 1.05, high * 1.05, height - 40, TOP)
    parts = [levels(ticks(low, high), y, lambda value: f"{value:g}")]
    for look, path in paths.items():
        low_line, high_line = (_points(part, moments, zero, x, y) for part in (path.low, path.high))
        parts.append(area(high_line, low_line, f"band {look}"))
    parts += [rule(LEFT, y(0), WIDTH - RIGHT, y(0), "axis"), rule(x(0), TOP, x(0), height - 40, "now")]
    for look, path in paths.items():
        points = _points(path.mean, moments, zero, x, y)
        parts.append(line(points, f"path {look}"))
        for moment_s, value, place in zip(moments, [*path.mean[:zero], 0.0, *path.mean[zero:]], points, strict=True):
            told = tip(f"{moment_s // 60:+d} min: {BP * value:+.1f}")
            parts.append(element("circle", told, cx=place[0], cy=place[1], r=2.5, class_="mark"))
    shown = [each for each in (-7_200, -1_800, 0, 1_800, 7_200, 43_200, 259_200) if moments[0] <= each <= moments[-1]]
    for each in shown:
        label = words.duration(each) if each >= 0 else f"-{words.duration(-each)}"
        parts.append(text(label, x(stretched(each)), height - 22, "middle"))
    parts.append(text(words("axis_after"), (LEFT + WIDTH - RIGHT) / 2, height - 4, "middle"))
    return chart(words("section_events"), WIDTH, height, parts)


def _points(
    values: Sequence[float], moments: Sequence[int], zero: int, x: Scale, y: Scale
) -> list[tuple[float, float]]:
    whole = [*values[:zero], 0.0, *values[zero:]]
    return [(x(stretched(moment_s)), y(BP * value)) for moment_s, value in zip(moments, whole, strict=True)]


def equity(walk: Walk, outcomes: Sequence[Outcome], words: Words) -> str:
    """Draw what one unit of money became under some of the rules, each in the colour of its place among all."""
    height = 230
    values = [value for each in outcomes for value in each.equity]
    low, high = min(values), max(values)
    x = linear(0, max(1, len(walk.days_s) - 1), LEFT, WIDTH - RIGHT)
    y = linear(low, high, height - 28, TOP)
    parts = [levels(ticks(low, high), y, lambda value: f"{value:.5g}"), rule(LEFT, y(1), WIDTH - RIGHT, y(1), "axis")]
    for each in outcomes:
        hue = walk.outcomes.index(each)
        points = [(x(day), y(value)) for day, value in enumerate(each.equity)]
        parts.append(
            element("g", tip(f"{words(f'rule_{each.name}')}: {each.earned:+.2%}") + line(points, f"path hue-{hue}"))
        )
    last = len(walk.days_s) - 1
    parts += [text(str(day), x(day), height - 8, "middle") for day in ticks(0, last) if day]
    return chart(words("section_strategies"), WIDTH, height, parts)
