"""Plots of one value for each: which source explains most, and where a rule ends on shuffled scores."""

import math
from collections.abc import Sequence

from desk.report.drawing import LEFT, RIGHT, TOP, WIDTH, box, chart, element, linear, rule, short, text, ticks, tip
from desk.study.answer import Rank
from desk.study.strategies import Outcome
from desk.study.words import Words


def ranking(ranks: Sequence[Rank], critical: float, words: Words) -> str:
    """Draw each series' best statistic beside what it must exceed."""
    ranks = [each for each in ranks if each.best]
    left, row = 150, 24
    limits = [critical] if math.isfinite(critical) else []
    high = 1.08 * max([*limits, *(abs(each.best.z) for each in ranks if each.best)])
    height = TOP + row * len(ranks) + 24
    x = linear(0, high, left, WIDTH - 60)
    parts = [rule(x(value), TOP, x(value), height - 22, "grid") for value in ticks(0, high)]
    parts += [text(f"{value:g}", x(value), height - 6, "middle") for value in ticks(0, high)]
    labels = []
    for at, each in enumerate(ranks):
        if each.best is None:
            continue
        y = TOP + row * at
        found = abs(each.best.z) > critical
        told = f"{each.series}: {words.window(each.best.lag_s, each.best.horizon_s)}, {each.best.rank:+.3f}"
        length = x(abs(each.best.z)) - left
        bar = box(left, y + 4, length, row - 8, "bar found" if found else "bar", told)
        parts += [text(short(each.series), left - 8, y + 16, "end strong" if found else "end"), bar]
        labels.append(text(f"{each.best.rank:+.3f}", x(abs(each.best.z)) + 6, y + 16, "halo"))
    parts += [rule(x(limit), TOP - 6, x(limit), height - 22, "limit") for limit in limits]
    return chart(words("section_ranking"), WIDTH, height, parts + labels, "wide")


def shuffled(outcome: Outcome, words: Words) -> str:
    """Draw where a rule ends on shuffled scores, and where it ends on the true ones."""
    height = 66
    values = [*outcome.shuffled, outcome.earned]
    margin = 0.05 * (max(values) - min(values)) or 0.001
    x = linear(min(values) - margin, max(values) + margin, LEFT, WIDTH - RIGHT)
    parts = [text(f"{value:+.2%}", x(value), height - 4, "middle") for value in ticks(min(values), max(values), 4)]
    parts.append(rule(LEFT, 40, WIDTH - RIGHT, 40, "grid"))
    parts += [rule(x(value), 22, x(value), 40, "tick") for value in outcome.shuffled]
    own = f"{outcome.earned:+.2%}"
    parts.append(element("circle", tip(own), cx=x(outcome.earned), cy=31.0, r=6, class_="own"))
    parts.append(text(words(f"rule_{outcome.name}"), LEFT, 14, "strong"))
    return chart(words("axis_shuffled"), WIDTH, height, parts)
