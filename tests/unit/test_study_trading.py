"""The strategy test is the bot's own engine and bank, and never knows what had not been recorded."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from agent.market import bank
from agent.market.candle import Candle, quantity
from agent.market.engine import Engine
from agent.market.strategy import BUY, HOLD, Plan, Strategy, Verdict
from agent.replay import Replay
from agent.settings import Config
from desk.study.answer import Answer, Asked
from desk.study.gather import Minutes
from desk.study.grid import Grid, Series
from desk.study.rules import LEVELS, MEMORIES_S, Mood, filtered, forward, signalled
from desk.study.shifts import Turns
from desk.study.strategies import try_all
from desk.study.telling import strategy_lines
from desk.study.trading import Ledger, Orders, buy_and_hold, decided, earned, evaluations, walk
from desk.study.words import Words
from tests.fakes.newsroom import BEGIN_S, Newsroom
from tests.fakes.study import HOURS, TERMS, TRADE, quiet

GRID = Grid(BEGIN_S // 300, 12 * 288, 300)


def market(seed: int = 1, days: int = 12) -> Minutes:
    """Return a market with a hole of two hours and many minutes left out."""
    closes = Newsroom(seed, days=days, sources={}).closes
    kept = np.random.default_rng(seed).random(len(closes)) > 0.05
    kept[5_000:5_120] = False
    minute = BEGIN_S // 60 + np.flatnonzero(kept)
    return Minutes("KRW-BTC", "upbit", minute.astype(np.float64), closes[kept])


def moods(seed: int = 1) -> Series:
    """Return scores over the same time."""
    dice = np.random.default_rng(seed)
    at = np.sort(dice.choice(GRID.count, 600, replace=False)).astype(np.int64)
    score = np.tanh(np.convolve(dice.standard_normal(600), np.ones(9) / 3, mode="same"))
    return Series("all", "all", at, score, np.abs(score), np.ones(600, dtype=np.int64))


def drawn(series: Series, count: int) -> list[int]:
    """Return some turns of the scores."""
    return [int(turn) for turn in Turns(count, 1).of(series.at)]


def test_orders_are_what_a_replay_of_the_same_candles_signals() -> None:
    there = market()
    config = replace(Config(), market=replace(Config().market, symbols=("KRW-BTC",)))
    candles = [
        Candle("KRW-BTC", "upbit", int(minute) * 60, *(quantity(float(close), "close"),) * 4, Decimal(0))
        for minute, close in zip(there.minute, there.close, strict=True)
    ]
    entries = list(Replay(config).entries((candle, "") for candle in candles))
    signals = [record for stream, record in entries if stream == "signals" and record["signal"] != HOLD]
    (orders,) = decided(there, TRADE.plans()[:1], HOURS)
    assert len(signals) > 100
    assert orders.buys.tolist() == [record["signal"] == BUY for record in signals]
    assert orders.prices.tolist() == [record["price"] for record in signals]
    ledger = Ledger(TERMS, "KRW-BTC", bank.Account(config.bank.cash)).take(orders)
    last = [record for stream, record in entries if stream == "ledger"][-1]
    assert bank.plain(ledger.account.cash) == last["cash"]


class Gated:
    """A strategy that buys as another does, but only in a good mood: what the study does, done inside the engine."""

    def __init__(self, inner: Strategy, clock: list[int], mood: Mood, memory_s: int, level: float) -> None:
        self.window, self.fades = inner.window, inner.fades
        self._inner, self._clock = inner, clock
        self._mood, self._memory_s, self._level = mood, memory_s, level

    def add(self, close: Decimal) -> None:
        self._inner.add(close)

    def decide(self, last: Mapping[str, Any] | None) -> Verdict:
        verdict = self._inner.decide(last)
        good = self._mood.at(np.array(self._clock), self._memory_s)[0] >= self._level
        return verdict if verdict.signal != BUY or good else verdict._replace(signal=HOLD)


@pytest.mark.parametrize("at", [0, 1])
def test_filter_inside_the_engine_leaves_the_same_account_to_the_last_digit(at: int) -> None:
    there, plan, clock = market(), TRADE.plans()[at], [0]
    mood = Mood(moods(), GRID)
    gated = Plan("gated", {}, lambda: Gated(plan.make(), clock, mood, 21_600, 0.1))
    engine = Engine(("KRW-BTC",), "upbit", gated, TERMS, lambda: clock[0])
    list(engine.open_account(TRADE.cash))
    for _ in walk(engine, there, HOURS, clock):
        list(engine.decide("KRW-BTC"))
    (orders,) = decided(there, [plan], HOURS)
    kept = filtered(plan.name, orders).pick(mood, 21_600, 0.1)
    ledger = Ledger(TERMS, "KRW-BTC", bank.Account(TRADE.cash)).take(kept)
    assert 10 < ledger.fills < len(orders.buys)
    assert engine.account == ledger.account


def test_mood_knows_only_what_was_recorded_by_then() -> None:
    series = moods()
    mood = Mood(series, GRID)
    for moment_s in (BEGIN_S + 86_400, BEGIN_S + 86_399, BEGIN_S + 400_123):
        ended = (series.at + 1) * 300 + BEGIN_S <= moment_s
        recent = ended & (series.at * 300 + BEGIN_S >= moment_s // 300 * 300 - 3_600)
        expected = series.score[recent].mean() - series.score[ended].mean() if recent.any() else 0.0
        assert mood.at(np.array([moment_s]), 3_600)[0] == pytest.approx(expected, abs=1e-12)


def test_turned_mood_has_the_same_moments_and_the_scores_of_earlier_headlines() -> None:
    series = moods()
    turned = replace(series, score=np.append(series.score[-7:], series.score[:-7]))
    moments = np.arange(BEGIN_S, BEGIN_S + 12 * 86_400, 3_600, dtype=np.int64)
    np.testing.assert_allclose(Mood(series, GRID, 7).at(moments, 21_600), Mood(turned, GRID).at(moments, 21_600))
    assert (Mood(series, GRID, 7).at(moments, 21_600) != Mood(series, GRID).at(moments, 21_600)).any()


def test_rules_decide_the_same_whatever_comes_later() -> None:
    there, series = market(), moods()
    half_s = BEGIN_S + 6 * 86_400
    later = there.minute * 60 + 60 > half_s
    other = replace(there, close=np.where(later, there.close * 1.5, there.close))
    changed = replace(series, score=np.where((series.at + 1) * 300 + BEGIN_S > half_s, -series.score, series.score))
    edges = [BEGIN_S + day * 86_400 for day in (2, 4, 6, 8)]
    found = []
    for candles, scores in ((there, series), (other, changed)):
        ends_s = (candles.minute.astype(np.int64) + 1) * 60
        price = dict(zip(edges, candles.close[np.searchsorted(ends_s, edges, side="right") - 1].tolist(), strict=True))
        (orders,) = decided(candles, TRADE.plans()[:1], HOURS)
        for rule in (filtered("sma_cross", orders), signalled(*evaluations(candles, HOURS))):
            walked = forward(rule, Mood(scores, GRID), edges, price.__getitem__, TERMS)
            past = walked.orders.due_s <= half_s
            found.append((walked.chosen[:3], [column[past].tolist() for column in walked.orders], len(past)))
    assert found[0][:2] == found[2][:2]
    assert found[1][:2] == found[3][:2]
    assert all(each[1][0] for each in found)
    (late, other_late) = (next(iter(decided(candles, TRADE.plans()[:1], HOURS))) for candles in (there, other))
    assert late.prices.tolist() != other_late.prices.tolist()


def test_parameters_are_those_that_earned_most_before_each_stretch() -> None:
    there = market()
    (orders,) = decided(there, TRADE.plans()[:1], HOURS)
    rule, mood = filtered("sma_cross", orders), Mood(moods(), GRID)
    edges = [BEGIN_S + day * 86_400 for day in (3, 6, 9)]
    walked = forward(rule, mood, edges, lambda _: float(there.close[-1]), TERMS)
    for start_s, chosen in zip(edges, walked.chosen, strict=False):
        gains = {}
        for memory_s in MEMORIES_S:
            for level in LEVELS:
                given = rule.pick(mood, memory_s, level)
                gains[memory_s, level] = earned(given.only(given.due_s <= start_s), float(there.close[-1]), TERMS)
        assert gains[chosen] == max(gains.values())


def test_estimate_orders_trades_as_the_bank_settles_them() -> None:
    sides, prices = [True, True, False, True], [100.0, 110.0, 120.0, 90.0]
    orders = Orders(np.arange(4), np.array(sides), np.array(prices))
    ledger = Ledger(TERMS, "A", bank.Account(TRADE.cash)).take(orders)
    held = float(ledger.account.positions["A"]) * 95.0
    gain = (float(ledger.account.cash) + held - float(TRADE.cash)) / float(TERMS.order_amount)
    assert earned(orders, 95.0, TERMS) == pytest.approx(gain, rel=1e-6)


def test_holding_puts_all_money_in_at_the_same_costs() -> None:
    ledger = buy_and_hold(TERMS, "A", Decimal(1_000_000), 100.0, 0)
    worth, invested = ledger.worth(np.array([10]), np.array([200.0]), 1e6)
    assert worth[0] == pytest.approx(2e6 / 1.0005 / 1.0005, rel=1e-9)
    assert invested[0] > 0.999999


def test_all_rules_are_told_beside_holding_and_the_same_rules_on_shuffled_scores() -> None:
    walked = try_all(market(), moods(), GRID, TRADE, drawn(moods(), 30), quiet())
    assert [each.name for each in walked.outcomes] == ["hold", "sma_cross", "rsi", "sma_cross+mood", "rsi+mood", "mood"]
    for each in walked.outcomes:
        assert len(each.equity) == len(walked.days_s)
        assert each.equity[-1] == pytest.approx(1 + each.earned)
        assert (len(each.shuffled), each.p is None) == ((30, False) if "mood" in each.name else (0, True))
    assert min(each.p or 1 for each in walked.outcomes) >= 1 / 31


def test_scores_that_lead_the_price_earn_more_than_shuffled_ones() -> None:
    there = market(7)
    closes = np.interp(BEGIN_S + 300 * (np.arange(GRID.count) + 1), there.minute * 60 + 60, there.close)
    at = np.arange(0, GRID.count - 12, 3, dtype=np.int64)
    score = np.tanh(300 * np.log(closes[at + 12] / closes[at]))
    leading = Series("all", "all", at, score, np.abs(score), np.ones(len(at), dtype=np.int64))
    dear = replace(TRADE, terms=TERMS._replace(order_amount=Decimal(5_000_000)))
    rule = try_all(there, leading, GRID, dear, drawn(leading, 99), quiet()).outcomes[-1]
    assert rule.name == "mood"
    assert rule.p == pytest.approx(0.01)
    assert rule.earned > max(rule.shuffled)


def test_too_little_time_is_not_traded() -> None:
    there = market()
    short = replace(there, minute=there.minute[:5_000], close=there.close[:5_000])
    assert try_all(short, moods(), GRID, TRADE, drawn(moods(), 5), quiet()).outcomes == []


def test_account_without_money_is_not_traded_and_that_is_what_is_told() -> None:
    broke = replace(TRADE, cash=Decimal(0))
    answer = Answer(Asked([]), walks=[try_all(market(), moods(), GRID, broke, drawn(moods(), 5), quiet())])
    assert answer.walks[0].outcomes == []
    words = Words("en")
    assert strategy_lines(answer, words, broke) == [words("strategies_no_cash")]
    assert strategy_lines(answer, words, TRADE) == [words("strategies_none")]
