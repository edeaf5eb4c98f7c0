"""The study's figures are those of pandas and statsmodels, and its shortcuts those of the long way round."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.multivariate.pca import PCA
from statsmodels.stats.multitest import multipletests
from statsmodels.tsa.stattools import acf

from desk.study.components import components
from desk.study.correlation import RETURN, VOLATILITY, Correlations, correlate
from desk.study.events import Events, study
from desk.study.grid import Floats, Grid, Prices, Series
from desk.study.shifts import Circle, Largest, Turns, centred_ranks, chance, ranks
from desk.study.strategies import Outcome, settle
from desk.study.targets import expected, returns, surprise, volatility
from tests.fakes.study import quiet

GRID = Grid(first=5_000_000, count=6_000, bin_s=300)


def walk(dice: np.random.Generator, gap: slice = slice(0, 0)) -> Prices:
    """Return a market on the grid, with a gap."""
    moves = 1e-3 * dice.standard_t(4, GRID.count)
    log_close = np.cumsum(moves)
    log_close[gap] = np.nan
    variance = np.square(moves) + 1e-8
    variance[gap] = np.nan
    return Prices("A", "x", log_close, variance, GRID.count, 0)


def said(dice: np.random.Generator, name: str = "s", count: int = 800, kind: str = "source") -> Series:
    """Return a series of scores that come in moods, some of them equal."""
    at = np.sort(dice.choice(GRID.count, count, replace=False)).astype(np.int64)
    score = np.round(np.tanh(np.convolve(dice.standard_normal(count), np.ones(5) / 2, mode="same")), 2)
    return Series(name, kind, at, np.asarray(score, np.float64), np.abs(score), np.ones(count, dtype=np.int64))


def frame(series: Series, after: Floats, lag_bins: int) -> pd.DataFrame:
    """Join scores with what came after them the way a person would in pandas."""
    table = pd.DataFrame({"after": after})
    table["score"] = pd.Series(series.score, index=series.at).reindex(table.index)
    table["strength"] = pd.Series(series.strength, index=series.at).reindex(table.index)
    table["after"] = table["after"].shift(-lag_bins)
    return table.dropna()


def test_coefficients_are_those_of_pandas_at_every_horizon_and_lag(seed: int) -> None:
    dice = np.random.default_rng(seed)
    market, series = walk(dice, slice(2_000, 2_300)), said(dice)
    found = Correlations(Turns(200, 1))
    correlate(market, [series], GRID, found, quiet())
    assert {(each.target, each.horizon_s) for each in found.comparisons} > {(RETURN, 300), (VOLATILITY, 86_400)}
    close = pd.Series(market.log_close)
    for each in found.comparisons:
        bins = each.horizon_s // 300
        ahead = (close.shift(-bins) - close).to_numpy()
        after = ahead if each.target == RETURN else surprise(market.variance, bins, GRID)
        table = frame(series, after, each.lag_s // 300)
        column = "score" if each.target == RETURN else "strength"
        assert each.pairs == len(table)
        assert each.pearson == pytest.approx(table[column].corr(table["after"]), abs=1e-9)
        assert each.rank == pytest.approx(table[column].corr(table["after"], method="spearman"), abs=1e-9)
        if each.target == RETURN:
            standard = (table[column] - table[column].mean()) / table[column].std(ddof=0)
            slope = sm.OLS(table["after"].to_numpy(), sm.add_constant(standard.to_numpy())).fit().params[1]
            assert each.step == pytest.approx(slope, rel=1e-6, abs=1e-12)


def test_volatility_is_pandas_rolling_mean_of_the_variance_to_come(seed: int) -> None:
    market = walk(np.random.default_rng(seed), slice(100, 110))
    rolling = pd.Series(market.variance).rolling(12, min_periods=11).mean().shift(-12)
    np.testing.assert_allclose(volatility(market.variance, 12), np.sqrt(rolling.to_numpy()), rtol=1e-6, atol=1e-12)


def test_surprise_is_what_a_regression_of_statsmodels_leaves(seed: int) -> None:
    market = walk(np.random.default_rng(seed), slice(1_000, 1_100))
    past: dict[str, Any] = {
        str(bins): pd.Series(market.variance).rolling(bins, min_periods=1).mean() ** 0.5 for bins in (6, 48, 288)
    }
    hours = pd.get_dummies(pd.Series(GRID.hour_of_day()), dtype=float)
    table = pd.DataFrame({"after": volatility(market.variance, 12), **past}).dropna()
    fitted = sm.OLS(
        table["after"].to_numpy(), np.column_stack([table[["6", "48", "288"]], hours.loc[table.index]])
    ).fit()
    found = surprise(market.variance, 12, GRID)
    assert np.isfinite(found).sum() == len(table)
    np.testing.assert_allclose(found[table.index], fitted.resid, rtol=0, atol=1e-9)


def test_sums_of_products_under_each_turn_are_those_of_rolling_the_scores_round(seed: int) -> None:
    dice = np.random.default_rng(seed)
    scores, prices = dice.standard_normal(997), dice.standard_normal(997)
    turns = Turns(300, 3).of(np.arange(997, dtype=np.int64))
    statistic, null, spread = Circle(scores, turns).beside(prices)
    assert statistic == pytest.approx(float((scores * prices).sum()))
    np.testing.assert_allclose(null, [float((np.roll(scores, turn) * prices).sum()) for turn in turns], atol=1e-9)
    assert spread == pytest.approx(np.std([(np.roll(scores, turn) * prices).sum() for turn in range(997)]))


def test_no_turn_comes_near_the_true_order_from_either_side() -> None:
    at = np.arange(0, 10_000, 10, dtype=np.int64)
    turns = Turns(5_000, 1, near_bins=800).of(at)
    assert (turns.min(), turns.max()) == (81, 919)
    assert len(set(turns.tolist())) > 800
    # Half as long a time has its near turns twice as far round, but never are more than half of all left out.
    assert Turns(5_000, 1, near_bins=800).of(at[:500]).min() == 81
    assert Turns(5_000, 1, near_bins=800).of(at[:200]).min() == 50
    assert Turns(5_000, 1).of(at).min() == 1


def test_few_headlines_give_no_small_p_however_often_they_are_turned() -> None:
    at = np.arange(40, dtype=np.int64)
    circle = Circle(np.arange(40.0), Turns(5_000, 1).of(at))
    assert circle.distinct == 39
    largest = Largest(5_000)
    largest.add(np.zeros(5_000), circle.distinct)
    assert (largest.p(9.0), largest.p_all(9.0)) == (1 / 40, 2 / 40)
    assert largest.critical(0.06) < np.inf
    assert largest.critical(0.04) == np.inf


def test_return_counts_by_how_large_it_is_for_its_time_and_only_the_past_says_how_large(seed: int) -> None:
    market = walk(np.random.default_rng(seed), slice(3_000, 3_030))
    variance = pd.Series(market.variance)
    past = [variance.rolling(bins, min_periods=1).mean() ** 0.5 for bins in (6, 48, 288)]
    usual = expected(market.variance, GRID)
    mean = pd.concat(past, axis=1).mean(axis=1).to_numpy()
    np.testing.assert_allclose(usual, np.maximum(mean, 0.1 * mean.mean()), rtol=1e-5)
    later = np.where(np.arange(GRID.count) > 4_000, 9 * market.variance, market.variance)
    # Only where it was so calm that the mean of all decides how calm, may what comes later matter.
    past_bins = (np.arange(GRID.count) <= 4_000) & (mean > 0.4 * mean.mean())
    assert past_bins.sum() > 3_000
    np.testing.assert_allclose(expected(later, GRID)[past_bins], usual[past_bins], rtol=1e-9)
    assert (expected(np.zeros(GRID.count), GRID) == 1).all()


def test_ranks_share_the_mean_as_pandas_has_it(seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 50, 400).astype(float)
    np.testing.assert_array_equal(ranks(values), pd.Series(values).rank().to_numpy())
    values[:100] = np.nan
    centred = centred_ranks(values)
    assert not centred[:100].any()
    assert centred.sum() == pytest.approx(0)


def test_spread_of_chance_is_bartletts_from_both_autocorrelations() -> None:
    """The variance of a correlation of two series that have nothing to do with each other (Bartlett 1946)."""
    dice = np.random.default_rng(5)
    count, memory = 20_000, 0.9
    series = np.zeros((2, count))
    for at in range(1, count):
        series[:, at] = memory * series[:, at - 1] + dice.standard_normal(2)
    standard = (series - series.mean(axis=1, keepdims=True)) / series.std(axis=1, keepdims=True)
    turns = Turns(4_000, 1).of(np.arange(count, dtype=np.int64))
    _, _, spread = Circle(standard[0], turns).beside(standard[1])
    both = acf(series[0], nlags=200, fft=True) * acf(series[1], nlags=200, fft=True)
    expected = np.sqrt((1 + 2 * both[1:].sum()) / count)
    assert spread / count == pytest.approx(expected, rel=0.1)
    # Who takes the values for independent thinks chance far smaller.
    assert spread / count > 2.5 / np.sqrt(count)


def test_p_values_are_never_zero_and_count_the_true_order() -> None:
    null = np.arange(-50.0, 49.0)
    assert chance(1_000.0, null, 99) == pytest.approx(1 / 100)
    assert chance(0.0, null, 99) == 1


def test_components_are_those_of_statsmodels(seed: int) -> None:
    dice = np.random.default_rng(seed)
    days, common = 80, dice.standard_normal(80)
    grid = Grid(first=20_000 * 288, count=days * 288, bin_s=300)
    table = np.stack([weight * common + dice.standard_normal(days) for weight in (2, 1.5, 1, -1)], axis=1) / 10
    at = np.arange(days, dtype=np.int64) * 288 + 7
    every = [Series(f"s{k}", "source", at, table[:, k], np.abs(table[:, k]), np.ones(days, np.int64)) for k in range(4)]
    found = components(every, grid, 1)
    theirs = PCA(table, standardize=True, method="eig")
    np.testing.assert_allclose(found.explained, theirs.eigenvals / theirs.eigenvals.sum(), rtol=1e-6)
    for mine, vector, value in zip(found.loadings, theirs.eigenvecs.T, theirs.eigenvals, strict=False):
        loading = vector * np.sqrt(value / days)
        np.testing.assert_allclose(np.abs(mine), np.abs(loading), rtol=1e-5, atol=1e-8)
    assert found.explained[0] > found.by_chance[0]
    assert found.explained[1] < found.by_chance[0]


def test_source_that_is_silent_on_most_days_is_left_out_of_the_components(seed: int) -> None:
    dice = np.random.default_rng(seed)
    days = 60
    grid = Grid(first=20_000 * 288, count=days * 288, bin_s=300)

    def over(first: int, last: int, name: str) -> Series:
        at = np.arange(first, last, dtype=np.int64) * 288
        score = dice.uniform(-1, 1, len(at))
        return Series(name, "source", at, score, np.abs(score), np.ones(len(at), np.int64))

    found = components([over(0, 60, "a"), over(0, 60, "b"), over(0, 20, "dead"), over(0, 40, "half")], grid, 1)
    assert (found.sources, found.left_out) == (["a", "b", "half"], ["dead"])


def test_paths_are_the_mean_of_each_event_followed_by_hand(seed: int) -> None:
    dice = np.random.default_rng(seed)
    market, series = walk(dice, slice(3_000, 3_020)), said(dice)
    found = Events(Turns(100, 1), 0.5)
    study(market, [series], GRID, found, quiet())
    (around,) = found.around
    close = pd.Series(market.log_close)
    for sign, path in ((1, around.good), (-1, around.bad)):
        places = series.at[sign * series.score >= 0.5]
        assert path.events == len(places)
        for offset_s, mean in zip(around.offsets_s, path.mean, strict=True):
            moved = close.shift(-offset_s // 300) - close
            assert mean == pytest.approx((moved[places] - moved.mean()).mean(), abs=1e-9)


def test_return_is_of_the_bins_after_and_missing_at_the_end() -> None:
    found = returns(np.array([0.0, 1.0, 3.0, np.nan, 10.0]), 2)
    np.testing.assert_array_equal(found, [3.0, np.nan, 7.0, np.nan, np.nan])


def test_rules_are_corrected_as_statsmodels_does_by_holm() -> None:
    outcomes = [Outcome(name, 0.0, 0, 0.0, 0.0, 0.0, [], p=p) for name, p in (("a", 0.02), ("b", 0.01), ("c", 0.5))]
    settle(outcomes)
    assert [each.p_all for each in outcomes] == pytest.approx(multipletests([0.02, 0.01, 0.5], method="holm")[1])
