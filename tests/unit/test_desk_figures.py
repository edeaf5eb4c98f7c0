"""What chart and figures are made of: ranges and their points, the account beside the replay's."""

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent.clock import timestamp
from agent.folder import DataFolder
from agent.market.performance import Performance
from desk.dashboard.account import performance
from desk.dashboard.records import Records
from desk.dashboard.series import Series, range_of
from store import Store
from tests.desks import BEGIN_S, candle, fill, fill_store, rotate


@pytest.mark.parametrize("points", [100, 2000, 4000])
@pytest.mark.parametrize("span_s", [60, 3600, 86_400, 86_400 * 30, 86_400 * 366, 86_400 * 36_600])
def test_range_never_has_more_buckets_than_points(points: int, span_s: int) -> None:
    for shift_s in (0, 1, 59, 43_210):
        found = range_of(BEGIN_S + shift_s, BEGIN_S + shift_s + span_s, points)
        assert (found.end_s - found.begin_s) / found.bucket_s <= points
        assert found.begin_s <= BEGIN_S + shift_s
        assert found.end_s >= BEGIN_S + shift_s + span_s
        assert found.begin_s % found.bucket_s == 0


def test_series_of_long_ranges_holds_the_one_spike_however_the_files_lie(tmp_path: Path) -> None:
    """Three weeks in quarter hours and more, with one odd minute, a late one, and files cut in the middle of a cell."""
    data, minutes = tmp_path / "data", 21 * 1440
    data.mkdir()
    records = [candle(minute, 1000, high=9999 if minute == 12_345 else 1001) for minute in range(minutes)]
    late = records.pop(5_000)
    records.insert(5_004, late)
    for at in range(0, minutes, 7001):
        with Store(data / "prices.jsonl", durable=False) as store:
            store.append_many(records[at : at + 7001])
        rotate(data, "prices", 1_795_248_000 + at, gzipped=at > 7001)
    series = Series(Records(DataFolder(data)))
    for points in (100, 2000):
        for _ in range(2):
            drawn = series.drawn(BEGIN_S, BEGIN_S + 60 * minutes, points, None)
            assert drawn["bucket_s"] >= 900
            assert len(drawn["time"]) <= points
            assert max(drawn["high"]) == 9999
            spike = drawn["high"].index(9999)
            assert drawn["time"][spike] <= BEGIN_S + 60 * 12_345 < drawn["time"][spike] + drawn["bucket_s"]
            assert sum(drawn["volume"]) == pytest.approx(0.5 * minutes)


@pytest.mark.parametrize("others", [(), ("KRW-ETH", "KRW-XRP")])
def test_performance_is_that_of_a_replay_over_the_same_records(
    tmp_path: Path, seed: int, others: tuple[str, ...]
) -> None:
    chance = random.Random(seed)
    data = tmp_path / "data"
    data.mkdir()
    oracle = Performance(Decimal(1000))
    first = {
        "ts": timestamp(BEGIN_S),
        "kind": "deposit",
        "amount": "1000",
        "cash": "1000",
        "positions": {},
        "equity": "1000",
    }
    cash, held, entries = 1000.0, 0.0, [("ledger", first)]
    close = 1000.0
    for minute in range(90):
        close += chance.uniform(-20, 20)
        entries.append(("prices", candle(minute, close)))
        # What is not held, and comes between a candle and the trade on it.
        entries += [("prices", candle(minute, chance.uniform(90, 110), symbol)) for symbol in others]
        if minute % 7 == 3:
            side = "SELL" if held and chance.random() < 0.6 else "BUY"
            price, quantity = close, held if side == "SELL" else 0.05
            cash += (price * quantity if side == "SELL" else -price * quantity) - 0.1
            held = 0.0 if side == "SELL" else held + quantity
            trade = fill(side, minute, repr(cash), repr(held) if held else "0")
            worth = {
                "price": repr(price),
                "quantity": repr(quantity),
                "fee": "0.1",
                "equity": repr(cash + held * close),
            }
            entries.append(("ledger", {**trade, **worth}))
    for stream in ("prices", "ledger"):
        with Store(data / f"{stream}.jsonl", durable=False) as store:
            store.append_many([record for name, record in entries if name == stream])
    list(oracle.watching(iter(entries)))
    wanted = oracle.figures()
    records = Records(DataFolder(data))
    found = performance(records, Series(records), None, None, 2000)
    assert found["bucket_s"] == 60
    for mine, theirs in (
        *(("return_rate", "return_rate"), ("hold_return_rate", "hold_return_rate"), ("trades", "fills")),
        *(("sells", "sells"), ("win_rate", "win_rate"), ("fees", "fees"), ("drawdown_rate", "drawdown_rate_max")),
    ):
        assert found[mine] == pytest.approx(wanted[theirs], abs=1e-9), mine
    assert found["equity"][-1] == pytest.approx(wanted["equity"])


def test_money_paid_in_is_earned_by_neither(tmp_path: Path) -> None:
    fill_store(tmp_path, 60)
    records = Records(DataFolder(tmp_path))
    before = performance(records, Series(records), BEGIN_S, BEGIN_S + 3600, 2000)
    with Store(tmp_path / "ledger.jsonl") as ledger:
        entry = {"amount": "5000", "cash": "6000.9", "positions": {}, "equity": "6000.9"}
        ledger.append({"ts": timestamp(BEGIN_S + 3000), "kind": "deposit", **entry})
    after = performance(records, Series(records), BEGIN_S, BEGIN_S + 3600, 2000)
    assert after["equity"][-1] == before["equity"][-1] + 5000
    assert after["hold"][-1] > before["hold"][-1] + 4000
    assert abs(after["return_rate"]) < abs(before["return_rate"]) + 1e-9


# Of a record of the ledger the minute, the kind, fields of its own, and the cash and positions after it.
Entry = tuple[int, str, dict[str, str], str, dict[str, str]]

HELD = {"KRW-BTC": "10"}
BOUGHT: Entry = (50, "fill", {"side": "BUY", "price": "100", "quantity": "10", "fee": "0"}, "0", HELD)
SOLD: Entry = (150, "fill", {"side": "SELL", "price": "200", "quantity": "10", "fee": "0"}, "2000", {})


def figures(data: Path, closes: list[float], *ledger: Entry) -> Any:  # noqa: ANN401 - JSON
    """Return what an account of 1,000 made of a time with these closes and records."""
    begun: Entry = (0, "deposit", {"amount": "1000"}, "1000", {})
    with Store(data / "prices.jsonl", durable=False) as store:
        store.append_many([candle(minute, close) for minute, close in enumerate(closes)])
    with Store(data / "ledger.jsonl", durable=False) as store:
        for minute, kind, fields, cash, positions in (begun, *ledger):
            head = {"ts": timestamp(BEGIN_S + 60 * minute), "kind": kind, "symbol": "KRW-BTC"}
            store.append({**head, **fields, "cash": cash, "positions": positions, "equity": "0"})
    records = Records(DataFolder(data))
    return performance(records, Series(records), None, None, 2000)


@pytest.mark.parametrize("left", ["500", "1", "0"])
def test_money_paid_out_is_lost_by_neither(tmp_path: Path, left: str) -> None:
    found = figures(tmp_path, [100.0] * 300, (150, "withdraw", {}, left, {}))
    assert [found[name] for name in ("return_rate", "hold_return_rate", "drawdown_rate")] == pytest.approx([0, 0, 0])
    assert (found["equity"][-1], found["hold"][-1]) == pytest.approx((float(left), float(left)))


@pytest.mark.parametrize("left", ["1900", "500", "1", "0"])
def test_gain_stays_what_it_was_when_money_is_paid_out(tmp_path: Path, left: str) -> None:
    closes = [100.0] * 100 + [200.0] * 200
    found = figures(tmp_path, closes, BOUGHT, SOLD, (200, "withdraw", {}, left, {}))
    assert [found[name] for name in ("return_rate", "hold_return_rate", "drawdown_rate")] == pytest.approx([1, 1, 0])
    assert min(found["hold"]) >= 0


def test_money_paid_into_an_empty_account_goes_on_from_what_was_earned(tmp_path: Path) -> None:
    closes = [100.0] * 100 + [200.0] * 150 + [100.0] * 50
    emptied: Entry = (200, "withdraw", {}, "0", {})
    again: Entry = (220, "deposit", {}, "600", {})
    bought: Entry = (230, "fill", {"side": "BUY", "price": "200", "quantity": "3", "fee": "0"}, "0", {"KRW-BTC": "3"})
    found = figures(tmp_path, closes, BOUGHT, SOLD, emptied, again, bought)
    # Twice as much, then half of it: what it began with, after the deepest fall.
    assert [found[name] for name in ("return_rate", "hold_return_rate", "drawdown_rate")] == pytest.approx([0, 0, 0.5])
    assert (found["equity"][-1], found["hold"][-1]) == pytest.approx((300, 300))


def test_account_that_never_had_money_has_no_return(tmp_path: Path) -> None:
    emptied: Entry = (0, "withdraw", {}, "0", {})
    found = figures(tmp_path, [100.0] * 300, emptied)
    assert (found["return_rate"], found["hold_return_rate"]) == (None, None)
