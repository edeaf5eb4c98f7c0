"""The demo market."""

from itertools import islice, pairwise

from agent.market.demo import candle_at, candles_before

T0 = 1_790_000_040


def test_demo_candle_is_the_same_whenever_it_is_asked_for() -> None:
    newest_first = list(islice(candles_before(7, "KRW-BTC", T0), 300))
    assert newest_first == [candle_at(7, "KRW-BTC", candle.open_s) for candle in newest_first]
    assert newest_first[0].open_s < T0


def test_demo_market_leaves_minutes_out_alone_and_in_a_row() -> None:
    held = [candle_at(1, "KRW-BTC", T0 + 60 * minute) is None for minute in range(10_000)]
    assert 0.02 < sum(held) / len(held) < 0.06
    assert any(all(held[at : at + 6]) for at in range(len(held)))


def test_demo_market_moves_and_stays_a_market_over_a_year() -> None:
    closes = [candle.close for minute in range(0, 525_600, 97) if (candle := candle_at(1, "KRW-BTC", T0 + 60 * minute))]
    assert min(closes) > 50_000_000
    assert max(closes) < 200_000_000
    assert len(set(closes)) > len(closes) / 2


def test_demo_markets_differ_by_seed_and_symbol() -> None:
    closes = {candle.close for seed in (1, 2) for name in "AB" if (candle := candle_at(seed, name, T0))}
    assert len(closes) == 4


def test_demo_markets_do_not_move_as_one() -> None:
    def steps(symbol: str) -> list[int]:
        closes = [c.close for n in range(5_000) if (c := candle_at(1, symbol, T0 + 60 * n)) is not None]
        return [(later > sooner) - (later < sooner) for sooner, later in pairwise(closes[::20])]

    first, second = steps("KRW-BTC"), steps("KRW-ETH")
    agreeing = sum(a == b for a, b in zip(first, second, strict=False)) / len(first)
    assert 0.35 < agreeing < 0.65
