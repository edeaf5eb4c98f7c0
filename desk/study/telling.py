"""The answer in sentences: the verdict first, then what it rests on and what to mind."""

import math
from collections.abc import Iterator

from agent.clock import DAY_S
from desk.study.answer import FOUND, NOTHING, Answer
from desk.study.correlation import RETURN, Comparison
from desk.study.power import WINDOWS_MIN
from desk.study.shifts import SEARCHES
from desk.study.strategies import Trade, Walk
from desk.study.words import Words, chance, moment

BP = 10_000
# What people ask about when they ask how much more data it takes.
ASKED_SIZE = 0.02
ASKED_HORIZON_S = 3_600
SHOWN = 5


def verdict(answer: Answer, words: Words) -> list[str]:
    """Return the verdict, and right after it what was found or how near chance the best came."""
    if answer.verdict == FOUND:
        return list(_found(answer, words))
    if answer.verdict == NOTHING:
        return list(_nothing(answer, words))
    steps = max((market.bins for market in answer.markets), default=0)
    return [words("verdict_too_little", headlines=f"{answer.headlines:,}", steps=f"{steps:,}")]


def _found(answer: Answer, words: Words) -> Iterator[str]:
    ties, events = answer.found(), answer.events_found()
    count = len(ties) + len(events)
    yield words("verdict_found", count=count) if count > 1 else words("verdict_found_one")
    for each in ties[:SHOWN]:
        told = words(
            "found_one",
            series=words.name(each.series),
            target=words(f"target_{each.target}"),
            market=each.market,
            window=words.window(each.lag_s, each.horizon_s),
            rank=f"{each.rank:+.3f}",
            pairs=f"{each.pairs:,}",
            p=chance(each.p_all),
        )
        yield f"{told} {words('found_step', bp=f'{each.step * BP:+.1f}')}" if each.target == RETURN else told
    for around in sorted(events, key=lambda each: -abs(each.z))[:SHOWN]:
        yield words(
            "found_event" if around.z > 0 else "found_event_against",
            series=words.name(around.series),
            good=around.good.events,
            bad=around.bad.events,
            market=around.market,
            at=words.duration(around.at_s),
            p=chance(around.p_all),
        )
    yield words("tie_is_no_cause")


def _nothing(answer: Answer, words: Words) -> Iterator[str]:
    yield words("verdict_nothing", count=f"{len(answer.comparisons):,}")
    best = answer.best()[0]
    yield words(
        "nothing_best",
        series=words.name(best.series),
        target=words(f"target_{best.target}"),
        window=words.window(best.lag_s, best.horizon_s),
        rank=f"{best.rank:+.3f}",
        percent=f"{answer.matched:.0%}",
    )


def power_lines(answer: Answer, words: Words) -> list[str]:
    """Return how large a tie must be to be found, and how much data a small one takes."""
    rows = [each for each in answer.power if each.horizon_s == ASKED_HORIZON_S] or answer.power[:1]
    lines = []
    for row in rows[:1]:
        told = words("power_line", smallest=f"{row.smallest:.3f}", horizon=words.duration(row.horizon_s))
        needed = words("power_need", size=ASKED_SIZE, days=words.days(row.days_needed[ASKED_SIZE]))
        lines.append(f"{told} {needed}")
    if not math.isfinite(answer.critical):
        floor = chance(min(1.0, SEARCHES / (1 + answer.turns)))
        lines.append(words("power_never", turns=f"{answer.turns:,}", floor=floor, alpha=answer.asked.alpha))
    late = [each.horizon_s for each in answer.power if WINDOWS_MIN * each.horizon_s > answer.days * DAY_S]
    if late:
        days = words.days(WINDOWS_MIN * min(late) / DAY_S)
        lines.append(words("p_floor", horizon=words.duration(min(late)), days=days))
    return lines


def strategy_lines(answer: Answer, words: Words, trade: Trade) -> list[str]:
    """Return whether any rule earned more with the scores than without their order in time."""
    walks = [walk for walk in answer.walks if walk.outcomes]
    if not walks:
        lacking = "strategies_none" if trade.cash else "strategies_no_cash"
        return [words(lacking)] if answer.asked.trading else []
    helped = [
        words("strategies_helped", market=walk.market, rule=words(f"rule_{each.name}"), p=chance(each.p_all))
        for walk in walks
        for each in walk.outcomes
        if each.p_all is not None and each.p_all <= answer.asked.alpha
    ]
    return helped or [words("strategies_nothing")]


def tested(walk: Walk, words: Words, trade: Trade) -> str:
    """Return over what time and at what costs the rules of trading were tried on one market."""
    return words(
        "strategies_line",
        market=walk.market,
        start=moment(walk.days_s[0] * 1000),
        end=moment(walk.days_s[-1] * 1000),
        fee=f"{trade.terms.fee_rate:.2%}",
        slippage=f"{trade.terms.slippage_rate:.2%}",
        amount=f"{trade.terms.order_amount:,f}",
        cash=f"{trade.cash:,f}",
    )


def method(answer: Answer, words: Words) -> str:
    """Return how chance was worked out, with all that it takes to repeat it."""
    asked, count = answer.asked, f"{len(answer.comparisons):,}"
    return words("method", shifts=f"{asked.shifts:,}", seed=asked.seed, count=count, alpha=asked.alpha)


def reading(answer: Answer, words: Words) -> list[str]:
    """Return what was read, and what to mind about it."""
    lines = [words("boxes", folders=", ".join(answer.asked.folders), records=f"{answer.records:,}")]
    if answer.days:
        bounds = {"start": moment(answer.from_ms), "end": moment(answer.until_ms)}
        lines.append(words("span", **bounds, days=f"{answer.days:,.1f}", bin=words.duration(answer.bin_s)))
    lines += [
        words("seen_market", name=market.name, bins=f"{market.bins:,}", in_gaps=f"{market.in_gaps:,}")
        for market in answer.markets
    ]
    sources = sum(each.kind == "source" for each in answer.series)
    model = answer.model or words("no_model")
    lines.append(words("seen_scores", headlines=f"{answer.headlines:,}", sources=sources, model=model))
    others = {model: count for model, count in answer.models.items() if model != answer.model}
    if others:
        told = ", ".join(f"{model or '?'} ({count:,})" for model, count in others.items())
        lines.append(words("other_models", models=told))
    lines += [words("too_short", name=name, count=count) for name, count in answer.too_short.items()]
    lines += [words("set_back", count=answer.set_back)] if answer.set_back else []
    lines += [words("damaged", count=len(answer.damaged))] if answer.damaged else []
    return lines


def window(each: Comparison, words: Words) -> str:
    """Return the stretch of time that a comparison is about."""
    return words.window(each.lag_s, each.horizon_s)
