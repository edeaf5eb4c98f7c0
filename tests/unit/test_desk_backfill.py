"""Candles that a backfill put in front of the stream are found by their minutes, whatever their `ts` says."""

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from agent.backfill import Backfill
from agent.clock import DAY_S, MINUTE_S
from agent.folder import DataFolder
from agent.market.candle import Candle
from agent.settings import Config, Market
from agent.stop import Stop
from desk.dashboard.backfills import Backfills
from desk.dashboard.records import Records
from desk.dashboard.series import Series
from store import Store
from store.segments import snapshot
from tests.desks import BEGIN_S, candle, rotate
from tests.fakes.clock import ManualClock

DAYS = 5
# Each tenth minute, so that days are quickly written.
STEP_MIN = 10
ADDED_DAY = 3


class Exchange:
    """Has a candle of each tenth minute of any market."""

    name = "demo"
    rows_max = 1440
    pages_max = 200
    skew_s = 0.0

    def candles(self, symbol: str, before_s: int, count: int, _deadline_s: float) -> list[Candle]:
        opens = range(before_s - count * MINUTE_S, before_s, MINUTE_S * STEP_MIN)
        return [Candle(symbol, "demo", open_s, *(Decimal(50),) * 4, Decimal(1)) for open_s in opens]


def days(data: Path, *, gzipped: bool = False) -> DataFolder:
    """Write a day a segment, of one market first and from a later day on of two."""
    data.mkdir()
    for day in range(DAYS):
        minutes = range(1440 * day, 1440 * (day + 1), STEP_MIN)
        symbols = ("KRW-BTC", "KRW-ETH")[: 1 + (day >= ADDED_DAY)]
        with Store(data / "prices.jsonl", durable=False) as store:
            store.append_many([candle(minute, 100, symbol) for minute in minutes for symbol in symbols])
        if day < DAYS - 1:
            rotate(data, "prices", BEGIN_S + (day + 1) * DAY_S + 60, gzipped=gzipped)
    return DataFolder(data)


def backfill(folder: DataFolder, since_s: int, *symbols: str) -> Path:
    """Let the bot's own backfill fetch what is missing, and return its segment."""
    before = set(folder.path.glob("prices.*"))
    clock = ManualClock(BEGIN_S + DAYS * DAY_S)
    settings = Config(market=Market(source="demo", symbols=symbols))
    assert Backfill(settings, folder, clock, Exchange(), Stop(), since_s).run() == 0
    (segment,) = set(folder.path.glob("prices.*")) - before
    return segment


def points(folder: DataFolder, day: int, symbol: str) -> int:
    drawn = Series(Records(folder)).drawn(BEGIN_S + day * DAY_S, BEGIN_S + (day + 1) * DAY_S, 2000, symbol)
    return len(drawn["time"])


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("since_day", [-2, 0, 1])
def test_chart_shows_the_backfilled_days_of_a_market_that_was_added_later(
    tmp_path: Path, since_day: int, *, is_packed: bool
) -> None:
    folder = days(tmp_path / "data", gzipped=is_packed)
    segment = backfill(folder, BEGIN_S + since_day * DAY_S, "KRW-BTC", "KRW-ETH")
    if is_packed:
        segment.with_name(f"{segment.name}.gz").write_bytes(gzip.compress(segment.read_bytes()))
        segment.unlink()
    for symbol, first_day in (("KRW-BTC", min(0, since_day)), ("KRW-ETH", since_day)):
        found = [points(folder, day, symbol) for day in range(-2, DAYS)]
        assert found == [144 if day >= first_day else 0 for day in range(-2, DAYS)], symbol


def test_chart_shows_backfilled_days_when_an_earlier_backfill_lies_between(tmp_path: Path) -> None:
    folder = days(tmp_path / "data")
    backfill(folder, BEGIN_S, "KRW-BTC", "KRW-ETH")
    backfill(folder, BEGIN_S - 2 * DAY_S, "KRW-BTC")
    backfill(folder, BEGIN_S, "KRW-BTC", "KRW-ETH", "KRW-XRP")
    for symbol in ("KRW-BTC", "KRW-ETH", "KRW-XRP"):
        assert [points(folder, day, symbol) for day in range(2)] == [144, 144], symbol
    assert points(folder, -1, "KRW-BTC") == 144


@pytest.mark.parametrize(("symbols", "count"), [(("KRW-BTC",), 0), (("KRW-BTC", "KRW-ETH"), 1)])
def test_backfill_of_earlier_time_is_not_read_when_a_later_one_is_asked_for(
    tmp_path: Path, symbols: tuple[str, ...], count: int
) -> None:
    folder = days(tmp_path / "data")
    segment = backfill(folder, BEGIN_S - 20 * DAY_S, *symbols)
    older, live = snapshot(str(folder.stream("prices")))
    assert live
    assert list(Backfills().younger(older, live, len(older))) == [str(segment)] * count
    live.close()
