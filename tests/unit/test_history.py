"""A market's candles kept whole, against a source and a clock that the test moves."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import Unreachable, Unusable
from agent.history import FIRST_CANDLES, History
from agent.market.candle import Candle, candle_of, checked
from store import Store, scan
from tests.fakes.clock import ManualClock

T0 = 1_582_185_600
PAGES_MAX = 199


class FakeSource:
    """A market whose every minute was traded, but for those in `holes`; from `down_from_page` on it answers nothing."""

    name = "fake"
    rows_max = 200
    pages_max = PAGES_MAX
    skew_s = 0.0

    def __init__(self, clock: ManualClock, first_s: int = T0 - 86_400) -> None:
        self.clock = clock
        self.first_s = first_s
        self.holes: set[int] = set()
        # Whether it counts minutes, as some exchanges do, in place of rows.
        self.is_ranged = False
        self.questions: list[tuple[int, int]] = []
        self.pages_left = 10_000
        self.on_question: Callable[[], None] = lambda: None

    def candles(self, symbol: str, before_s: int, count: int, deadline_s: float) -> list[Candle]:
        self.on_question()
        if self.pages_left <= 0:
            raise Unreachable("the fake exchange is down")
        self.pages_left -= 1
        self.questions.append((before_s, count))
        assert 1 <= count <= self.rows_max
        assert before_s <= self.clock.now_s()
        times: list[int] = []
        open_s = before_s - 60
        floor_s = before_s - 60 * count if self.is_ranged else self.first_s
        while open_s >= floor_s and len(times) < count:
            if open_s not in self.holes:
                times.append(open_s)
            open_s -= 60
        values = {"open": 5, "high": 6, "low": 4, "close": 5, "volume": 1}
        return [checked(symbol, self.name, open_s, values) for open_s in reversed(times)]


class Bench:
    """A history over a store in a folder, made anew as a restart would."""

    def __init__(self, folder: Path, now_s: float = T0) -> None:
        self.path = folder / "prices.jsonl"
        self.clock = ManualClock(now_s)
        self.source = FakeSource(self.clock)
        self.gaps: list[tuple[int, int]] = []
        self.prices = Store(self.path, durable=False)
        self.restart()

    def restart(self) -> None:
        self.prices.close()
        self.history = History("KRW-BTC", self.source, self.prices, self.clock, self._gap)
        for candle in self.stored():
            self.history.remember(candle)

    def _gap(self, symbol: str, first_s: int, end_s: int) -> None:
        self.gaps.append((first_s, end_s))

    def catch_up(self, deadline_s: float = 10) -> int:
        return sum(len(page) for page in self.history.catch_up(deadline_s))

    def stored(self) -> list[Candle]:
        return [candle_of(record) for record in scan(self.path)]

    def times(self) -> list[int]:
        return [candle.open_s for candle in self.stored()]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, T0 + 7)


def test_history_takes_the_newest_candles_when_the_store_is_empty(bench: Bench) -> None:
    assert bench.catch_up() == FIRST_CANDLES
    assert bench.times() == list(range(T0 - 60 * FIRST_CANDLES, T0, 60))
    assert bench.history.settled_s == T0


def test_history_stores_each_candle_once_when_it_asks_again(bench: Bench) -> None:
    bench.catch_up()
    assert bench.catch_up() == 0
    bench.restart()
    assert bench.catch_up() == 0
    bench.clock.sleep_s(60)
    assert bench.catch_up() == 1
    assert bench.times()[-2:] == [T0 - 60, T0]


def test_history_asks_for_few_rows_when_nothing_is_missing(bench: Bench) -> None:
    bench.catch_up()
    for _ in range(30):
        bench.clock.sleep_s(60)
        bench.catch_up()
    assert max(count for _, count in bench.source.questions[1:]) <= 10


def test_history_fills_an_outage_oldest_first_and_goes_on_after_an_interruption(bench: Bench) -> None:
    bench.catch_up()
    bench.clock.sleep_s(15 * 3600)
    bench.source.pages_left = 1
    with pytest.raises(Unreachable):
        bench.catch_up()
    assert bench.history.settled_s is None
    assert bench.times()[-1] == T0 - 60
    bench.source.pages_left = 2
    with pytest.raises(Unreachable):
        bench.catch_up()
    bench.source.pages_left = 100
    bench.restart()
    bench.catch_up()
    assert bench.times() == list(range(T0 - 60 * FIRST_CANDLES, T0 + 15 * 3600, 60))
    assert bench.history.settled_s == T0 + 15 * 3600


def test_history_stores_a_row_when_it_comes_late(bench: Bench) -> None:
    bench.source.holes = {T0 + 60}
    bench.catch_up()
    bench.clock.sleep_s(180)
    assert bench.catch_up() == 2
    bench.source.holes.clear()
    bench.clock.sleep_s(60)
    assert bench.catch_up() == 2
    assert sorted(bench.times())[-4:] == [T0, T0 + 60, T0 + 120, T0 + 180]


def test_history_stores_what_an_exchange_holds_back_for_an_hour(bench: Bench) -> None:
    bench.catch_up()
    for minute in range(60):
        bench.source.holes.add(T0 + 60 * minute)
        bench.clock.sleep_s(60)
        assert bench.catch_up() == 0
    bench.source.holes.clear()
    bench.clock.sleep_s(60)
    bench.catch_up()
    assert bench.times() == list(range(T0 - 60 * FIRST_CANDLES, T0 + 61 * 60, 60))


def test_history_does_not_ask_for_days_again_each_minute_when_nothing_is_traded(bench: Bench) -> None:
    bench.catch_up()
    bench.source.holes = set(range(T0, T0 + 3 * 86_400, 60))
    for _ in range(100):
        bench.clock.sleep_s(600)
        bench.catch_up()
    bench.source.questions.clear()
    bench.clock.sleep_s(60)
    bench.catch_up()
    assert len(bench.source.questions) == 1


def test_history_tells_of_a_gap_when_the_exchange_is_asked_too_late(bench: Bench) -> None:
    bench.catch_up()
    bench.clock.sleep_s(60 * 200 * (PAGES_MAX + 4))
    bench.source.on_question = lambda: bench.clock.sleep_s(0.001)
    bench.catch_up(deadline_s=1e9)
    end_s = T0 + 60 * 200 * (PAGES_MAX + 4)
    assert bench.gaps == [(T0, end_s - (PAGES_MAX + 1) * 200 * 60)]
    assert len(bench.source.questions) == 1 + 200
    times = bench.times()
    assert set(range(bench.gaps[0][1], end_s, 60)) <= set(times)
    assert len(times) == len(set(times))


def test_history_stops_at_its_deadline_and_is_not_current(bench: Bench) -> None:
    bench.catch_up()
    bench.clock.sleep_s(10 * 200 * 60)
    bench.source.on_question = lambda: bench.clock.sleep_s(3)
    bench.catch_up(deadline_s=8)
    assert bench.history.settled_s is None
    assert len(bench.source.questions) == 1 + 3
    bench.catch_up(deadline_s=800)
    assert bench.history.settled_s is not None


@pytest.mark.parametrize(("second", "settled"), [(4.9, T0 - 60), (5.0, T0), (30.0, T0)])
def test_history_counts_a_minute_as_left_out_only_some_seconds_after_its_end(
    bench: Bench, second: float, settled: int
) -> None:
    bench.source.holes = {T0 - 60}
    bench.clock.wall_s = T0 + second
    bench.catch_up()
    assert bench.history.settled_s == settled


def test_history_settles_a_minute_at_once_when_its_candle_is_there(bench: Bench) -> None:
    bench.clock.wall_s = T0 + 0.5
    bench.catch_up()
    assert bench.history.settled_s == T0


def test_history_asks_once_when_nothing_was_traded_since_the_last_stored_candle(bench: Bench) -> None:
    bench.catch_up()
    bench.source.holes = set(range(T0, T0 + 400 * 86_400, 60))
    bench.clock.sleep_s(365 * 86_400)
    bench.restart()
    bench.source.questions.clear()
    assert bench.catch_up() == 0
    assert len(bench.source.questions) == 1
    assert bench.gaps == []
    assert bench.history.settled_s == T0 + 365 * 86_400


def test_history_asks_on_when_the_newest_page_is_short_and_does_not_reach_back(bench: Bench) -> None:
    bench.catch_up()
    bench.clock.sleep_s(900 * 60)
    honest = bench.source.candles

    def stingy(symbol: str, before_s: int, count: int, deadline_s: float) -> list[Candle]:
        return honest(symbol, before_s, count, deadline_s)[-150:]

    bench.source.candles = stingy  # type: ignore[method-assign]  # an exchange that gives less than it could
    for _ in range(4):
        bench.catch_up()
    assert len(bench.times()) == len(set(bench.times())) > FIRST_CANDLES + 500


def test_history_stores_no_unfinished_minute_when_the_clock_is_ahead(bench: Bench) -> None:
    bench.source.skew_s = -3600.0
    bench.catch_up()
    assert bench.times()[-1] == T0 - 3600 - 60
    assert bench.history.settled_s == T0 - 3600
    bench.source.skew_s = 0.0
    bench.clock.sleep_s(300)
    bench.catch_up()
    assert bench.times()[-66:] == list(range(T0 - 3660, T0 + 300, 60))


def test_history_trusts_its_clock_when_it_is_about_right_or_behind(bench: Bench) -> None:
    for skew_s in (-1.0, 9.0, 3600.0):
        bench.source.skew_s = skew_s
        bench.clock.sleep_s(60)
        bench.catch_up()
        assert bench.history.settled_s == bench.clock.now_s() // 60 * 60


def test_history_tells_of_a_gap_when_an_exchange_keeps_only_the_newest_page(bench: Bench) -> None:
    bench.source.pages_max = 0
    bench.catch_up()
    bench.clock.sleep_s(500 * 60)
    assert bench.catch_up() == 200
    assert bench.gaps == [(T0, T0 + 300 * 60)]
    bench.clock.sleep_s(60)
    assert bench.catch_up() == 1
    assert len(bench.gaps) == 1


def test_history_asks_for_older_minutes_when_the_newest_page_is_a_range_without_trade(bench: Bench) -> None:
    bench.catch_up()
    bench.clock.sleep_s(500 * 60)
    bench.source.is_ranged = True
    bench.source.holes = set(range(T0 + 200 * 60, T0 + 500 * 60, 60))
    assert bench.catch_up() == 200


def test_history_calls_an_answer_unusable_when_it_has_none_of_the_candles_it_had(bench: Bench) -> None:
    bench.catch_up()
    bench.source.first_s = T0 + 86_400
    bench.clock.sleep_s(60)
    with pytest.raises(Unusable, match="fake answers without any candle"):
        bench.catch_up()
    assert bench.history.settled_s is None


def test_history_looks_over_the_whole_newest_page_for_late_rows_at_a_start_and_each_hour(bench: Bench) -> None:
    late = T0 - 100 * 60
    bench.source.holes = {late, late + 60}
    bench.catch_up()
    bench.source.holes = {late + 60}
    bench.restart()
    assert bench.catch_up() == 1
    bench.source.holes.clear()
    for _ in range(10):
        bench.clock.sleep_s(60)
        bench.catch_up()
    assert late + 60 not in bench.times()
    for _ in range(50):
        bench.clock.sleep_s(60)
        bench.catch_up()
    assert late + 60 in bench.times()
    assert len(bench.times()) == len(set(bench.times()))


def test_history_tells_a_gap_once_when_the_pages_behind_it_do_not_come_at_first(bench: Bench) -> None:
    bench.catch_up()
    bench.clock.sleep_s(60 * 200 * (PAGES_MAX + 4))
    for _ in range(3):
        bench.source.pages_left = 1
        with pytest.raises(Unreachable):
            bench.catch_up(deadline_s=1e9)
    bench.source.pages_left = 10_000
    bench.catch_up(deadline_s=1e9)
    assert len(bench.gaps) == 1


def test_history_leaves_a_question_to_the_next_pass_when_hardly_any_time_is_left(bench: Bench) -> None:
    bench.catch_up()
    bench.clock.sleep_s(10 * 200 * 60)
    bench.source.on_question = lambda: bench.clock.sleep_s(0.9)
    bench.source.questions.clear()
    bench.catch_up(deadline_s=3)
    # 3.0, 2.1, 1.2 and 0.3 s were left: the last is too little to ask with.
    assert len(bench.source.questions) == 3
