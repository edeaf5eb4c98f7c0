"""Other markets that stand in while the first is down: when, in which order, and that prices never meet."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from agent import watch
from agent.clock import seconds, timestamp
from agent.jobs import Due
from agent.understudy import FAILED_PASSES_MAX
from tests.fakes.exchange import FakeBithumb, FakeCoinbase, FakeUpbit
from tests.fakes.markets import BTC, T0, Bench, wave
from tests.fakes.server import Reply, Request


class Stage:
    """Upbit first, Bithumb and Coinbase behind it; Bithumb's prices are ten times as high, Coinbase's in dollars."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        self.upbit = FakeUpbit(wave, lambda: self.bench.clock.now_s())
        self.bithumb = FakeBithumb(lambda symbol, at: 10 * (wave(symbol, at) or 1000), lambda: self.bench.clock.now_s())
        self.coinbase = FakeCoinbase(
            lambda symbol, at: (wave(symbol, at) or 100) / 10, lambda: self.bench.clock.now_s()
        )
        urls = [f'{name}_url = "{opened.enter_context(getattr(self, name).server).url}"' for name in NAMES]
        fallback = 'fallback = [{source = "bithumb"}, {source = "coinbase", symbols = ["BTC-USD"]}]'
        self.bench = Bench(folder, "\n".join([*urls, fallback]))

    def switches(self) -> list[tuple[str, str]]:
        return [(event["instead_of"], event["source"]) for event in self.bench.records("events", "source")]


NAMES = ("upbit", "bithumb", "coinbase")


def down(_request: Request) -> Reply:
    return Reply(404, b"{}")


def up(_request: Request) -> None:
    return None


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with ExitStack() as opened:
        yield Stage(tmp_path, opened)


def test_next_market_stands_in_when_the_first_failed_a_few_passes(stage: Stage) -> None:
    stage.bench.live(10)
    stage.upbit.trouble = down
    stage.bench.live(FAILED_PASSES_MAX - 1)
    assert stage.switches() == []
    stage.bench.live(10)
    assert stage.switches() == [("upbit", "bithumb")]
    (event,) = stage.bench.records("events", "source")
    assert event["symbols"] == [BTC]
    assert "answered 404" in event["why"]
    assert not stage.bench.holes(stage.bithumb, "bithumb")
    assert {signal["source"] for signal in stage.bench.records("signals")[-2:]} == {"bithumb"}


def test_prices_of_two_markets_never_meet_in_one_window(stage: Stage) -> None:
    for _ in range(3):
        stage.bench.live(30)
        stage.upbit.trouble = down
        stage.bench.live(30)
        stage.upbit.trouble = up
    for signal in stage.bench.records("signals"):
        low, high = (1000, 1200) if signal["source"] == "upbit" else (10_000, 12_000)
        assert low <= signal["price"] <= high
        assert low <= signal["sma_slow"] <= high
    assert stage.switches() == [("upbit", "bithumb"), ("bithumb", "upbit")] * 2 + [("upbit", "bithumb")]
    assert "no last evaluation to compare with" in stage.bench.records("signals", source="bithumb")[0]["reason"]


def test_first_market_is_back_with_all_it_missed_before_anything_is_decided_on_it(stage: Stage) -> None:
    stage.bench.live(10)
    stage.upbit.trouble = down
    stage.bench.live(330)
    stage.upbit.trouble = up
    stage.bench.live(1)
    assert stage.switches()[-1] == ("bithumb", "upbit")
    assert stage.bench.records("events", "source")[-1]["why"] == "it answers again"
    assert not stage.bench.holes(stage.upbit)
    stored = stage.bench.minutes("upbit")
    assert stored == sorted(stored)
    assert max(stored) == T0 + 340 * 60


def test_markets_are_tried_in_their_order_and_the_first_again_after_the_last(stage: Stage) -> None:
    stage.bench.live(5)
    for exchange in (stage.upbit, stage.bithumb, stage.coinbase):
        exchange.trouble = down
    stage.bench.live(4 * FAILED_PASSES_MAX)
    assert stage.switches()[:4] == list(pairwise(["upbit", "bithumb", "coinbase", "upbit", "bithumb"]))


def test_next_market_is_skipped_when_it_is_down_too(stage: Stage) -> None:
    stage.bench.live(5)
    stage.upbit.trouble = stage.bithumb.trouble = down
    stage.bench.live(3 * FAILED_PASSES_MAX)
    assert stage.switches() == [("upbit", "bithumb"), ("bithumb", "coinbase")]
    assert not stage.bench.holes(stage.coinbase, "coinbase", "BTC-USD")


def test_signals_in_another_currency_are_told_and_not_traded_on(stage: Stage) -> None:
    stage.bench.live(5)
    stage.upbit.trouble = stage.bithumb.trouble = down
    stage.bench.live(60)
    asked = [signal for signal in stage.bench.records("signals", symbol="BTC-USD") if signal["signal"] != "HOLD"]
    told = stage.bench.records("events", "unfilled", symbol="BTC-USD")
    assert len(asked) > 2
    assert [event["candle_ts"] for event in told] == [signal["candle_ts"] for signal in asked]
    assert not stage.bench.records("ledger", symbol="BTC-USD")


def test_paper_money_goes_on_with_a_market_in_the_same_currency(stage: Stage) -> None:
    stage.bench.live(5)
    stage.upbit.trouble = down
    stage.bench.live(60)
    asked = [signal for signal in stage.bench.records("signals", source="bithumb") if signal["signal"] != "HOLD"]
    settled = {record["candle_ts"] for record in stage.bench.records("ledger", "fill")}
    settled |= {record["candle_ts"] for record in stage.bench.records("events", "unfilled")}
    assert len(asked) > 2
    assert {signal["candle_ts"] for signal in asked} <= settled
    assert len(stage.bench.records("ledger", "deposit")) == 1


def test_restart_begins_with_the_first_again(stage: Stage) -> None:
    stage.bench.live(5)
    stage.upbit.trouble = down
    stage.bench.live(20)
    stage.bench.restart()
    stage.bench.live(1)
    assert stage.bench.records("events", "error")[-1]["source"] == "upbit"
    stage.bench.live(FAILED_PASSES_MAX)
    assert stage.switches() == [("upbit", "bithumb")] * 2
    stage.upbit.trouble = up
    stage.bench.restart()
    stage.bench.live(2)
    assert not stage.bench.holes(stage.upbit)
    assert not stage.bench.holes(stage.bithumb, "bithumb")[:-3]


def test_no_minute_is_decided_twice_when_the_market_changes_around_it(stage: Stage) -> None:
    for _ in range(4):
        stage.bench.live(7)
        stage.upbit.trouble = down
        stage.bench.live(7)
        stage.upbit.trouble = up
    decided = [(signal["symbol"], signal["candle_ts"]) for signal in stage.bench.records("signals")]
    assert len(decided) == len(set(decided))


def test_gap_of_a_market_that_stood_in_before_is_told_when_it_does_again(stage: Stage) -> None:
    stage.bench.live(5)
    stage.upbit.trouble = down
    stage.bench.live(10)
    stage.upbit.trouble = up
    stage.bench.live(600)
    stage.upbit.trouble = down
    stage.bench.live(10)
    (gap,) = stage.bench.records("events", "gap")
    assert gap["source"] == "bithumb"
    assert len(stage.bench.minutes("bithumb")) < 450


def test_gap_of_a_market_that_stood_in_long_ago_is_told_when_it_does_again(stage: Stage) -> None:
    stage.bench.live(5)
    stage.upbit.trouble = down
    stage.bench.live(10)
    last_s = max(stage.bench.minutes("bithumb"))
    stage.upbit.trouble = up
    stage.bench.clock.sleep_s(40 * 86_400)
    stage.bench.live(2)
    stage.bench.restart()
    stage.upbit.trouble = down
    stage.bench.live(10)
    (gap,) = stage.bench.records("events", "gap", source="bithumb")
    assert gap["from_ts"] == timestamp(last_s + 60)
    assert seconds(gap["until_ts"]) == min(at for at in stage.bench.minutes("bithumb") if at > last_s + 86_400)


def test_first_is_asked_once_a_pass_while_another_stands_in(stage: Stage) -> None:
    stage.bench.live(5)
    stage.upbit.trouble = down
    stage.bench.live(20)
    asked_before = len(stage.upbit.server.requests)
    stage.bench.live(10)
    assert len(stage.upbit.server.requests) - asked_before == 10


def test_first_stays_away_while_it_answers_without_candles(stage: Stage) -> None:
    stage.bench.live(5)
    stage.upbit.trouble = lambda _request: Reply(200, b"[]")
    stage.bench.live(20)
    assert stage.switches() == [("upbit", "bithumb")]
    stage.upbit.trouble = up
    stage.bench.live(1)
    assert stage.switches() == [("upbit", "bithumb"), ("bithumb", "upbit")]
    assert not stage.bench.holes(stage.upbit)


def test_first_market_is_back_though_its_first_symbol_has_no_trade_any_more(tmp_path: Path) -> None:
    quiet, busy = "ABC-USD", "ETH-USD"
    with ExitStack() as opened:
        first = FakeCoinbase(
            lambda symbol, at: None if symbol == quiet and at > T0 + 300 else wave(BTC, at),
            lambda: bench.clock.now_s(),
        )
        second = FakeBithumb(lambda _, at: wave(BTC, at), lambda: bench.clock.now_s())
        urls = [opened.enter_context(each.server).url for each in (first, second)]
        bench = Bench(
            tmp_path,
            f'source = "coinbase"\nsymbols = ["{quiet}", "{busy}"]\ncoinbase_url = "{urls[0]}"\n'
            f'bithumb_url = "{urls[1]}"\nfallback = [{{source = "bithumb", symbols = ["KRW-ABC", "KRW-ETH"]}}]\n',
        )
        # Until none of its newest 300 minutes has a trade.
        bench.live(320)
        first.trouble = down
        bench.live(10)
        first.trouble = up
        bench.live(10)
        switches = [(event["instead_of"], event["source"]) for event in bench.records("events", "source")]
    assert switches == [("coinbase", "bithumb"), ("bithumb", "coinbase")]


def test_no_alert_is_begun_for_a_market_that_stood_in_and_is_read_no_more(stage: Stage) -> None:
    stage.bench.live(5)
    stage.upbit.trouble = stage.bithumb.trouble = down
    stage.bench.live(15)
    assert stage.switches()[-1][1] == "coinbase"
    stage.upbit.trouble = up
    for _ in range(30):
        stage.bench.live(1)
        watch.look(stage.bench.trader, Due(int(stage.bench.clock.now_s()), 1.0))
    assert stage.switches()[-1][1] == "upbit"
    assert [alert["what"] for alert in stage.bench.trader.alerts.open.values() if "prices" in alert["what"]] == []
