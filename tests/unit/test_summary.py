"""Yesterday in one event: every count is what was put in."""

from pathlib import Path
from typing import Any

import pytest

from agent.clock import seconds, timestamp
from agent.config import parse
from agent.folder import DataFolder
from agent.settings import Config
from agent.summary import sum_up
from store import Store
from tests.faults.store_rotation import compress, rotate

# In Korea, that is the whole of 2026-11-20.
BEGIN_S = int(seconds("2026-11-19T15:00:00Z"))
DAY_S, HOUR_S, MINUTE_S = 86_400, 3_600, 60
MIDNIGHT_S = BEGIN_S + DAY_S
BTC, ETH = "KRW-BTC", "KRW-ETH"


def settings() -> Config:
    config, problems = parse({"market": {"symbols": [BTC, ETH]}, "store": {"durable": False}})
    assert problems == []
    return config


class Diary:
    """A data folder that a test writes into; seconds count from the day's begin."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.mkdir()

    def put(self, stream: str, at_s: float, kind: str, **fields: Any) -> None:  # noqa: ANN401 - of records
        with Store(self.path / f"{stream}.jsonl", durable=False) as store:
            store.append({"ts": timestamp(BEGIN_S + at_s), "kind": kind, **fields})

    def candles(self, symbol: str, first_s: int, end_s: int, close: float) -> None:
        with Store(self.path / "prices.jsonl", durable=False) as store:
            store.append_many(
                {
                    "ts": timestamp(BEGIN_S + at_s + 65),
                    "kind": "candle",
                    "symbol": symbol,
                    "open_ts": timestamp(BEGIN_S + at_s),
                    "close": close,
                }
                for at_s in range(first_s, end_s, MINUTE_S)
            )

    def sum_up(self, now_s: float = MIDNIGHT_S + 10) -> dict[str, Any] | None:
        return sum_up(settings(), DataFolder(self.path), now_s)


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "data")


def test_day_is_summed_up_as_it_was(diary: Diary) -> None:
    diary.put("events", -DAY_S, "start")
    diary.candles(BTC, -HOUR_S, 0, 100.0)
    diary.candles(ETH, -HOUR_S, 0, 10.0)
    # Ten hours, then two that nobody stored, of which one is told as lost; no trade in the last twelve minutes of ETH.
    diary.candles(BTC, 0, 10 * HOUR_S, 105.0)
    diary.candles(ETH, 0, 10 * HOUR_S, 11.0)
    rotate(diary.path / "prices.jsonl", 1)
    diary.candles(BTC, 12 * HOUR_S, DAY_S + 120, 110.0)
    diary.candles(ETH, 12 * HOUR_S, DAY_S - 12 * MINUTE_S, 9.0)
    diary.put("events", 12 * HOUR_S, "start")
    lost = {"from_ts": timestamp(BEGIN_S + 10 * HOUR_S), "until_ts": timestamp(BEGIN_S + 11 * HOUR_S)}
    diary.put("events", 12 * HOUR_S + 5, "gap", symbol=BTC, **lost)
    for at_s, name in ((-5, "TimeError"), (5, "Unreachable"), (6, "Unusable"), (7, "Unreachable"), (DAY_S, "Unusable")):
        diary.put("events", at_s, "error", **{"class": name})
    for end_s, signal in ((0, "BUY"), (300, "BUY"), (600, "HOLD"), (900, "SELL"), (DAY_S, "BUY")):
        diary.put("signals", end_s + 5, "signal", candle_ts=timestamp(BEGIN_S + end_s - MINUTE_S), signal=signal)
    diary.put("ledger", -500, "deposit", cash="1000", positions={}, equity="1000")
    diary.put("ledger", -400, "fill", fee="1.5", cash="700", positions={BTC: "3"}, equity="1000")
    diary.put("ledger", 400, "fill", fee="0.25", cash="800", positions={BTC: "2"}, equity="1000")
    diary.put("ledger", 500, "fill", fee="0.5", cash="690", positions={BTC: "2", ETH: "10"}, equity="1000")
    diary.put("ledger", DAY_S + 1, "fill", fee="9", cash="0", positions={}, equity="0")
    for at_s, score in ((-1, 1.0), (1, 0.5), (2, -0.25), (DAY_S, 1.0)):
        diary.put("sentiment", at_s, "score", score=score)
    compress(diary.path / "prices.jsonl-20261121-1")
    assert diary.sum_up() == {
        "day": "2026-11-20",
        "candles": 22 * 60 * 2 - 12,
        "no_trade": 2 * 60 + 60 + 12,
        "gap": 60,
        "hold_return_rate": round((1.1 + 0.9) / 2 - 1, 6),
        "evaluations": 4,
        "signals": {"BUY": 2, "SELL": 1, "HOLD": 1},
        "fills": 2,
        "fees": "0.75",
        "equity_start": "1000",
        "equity_end": "1000",
        "headlines": 2,
        "score_mean": 0.125,
        "errors": {"Unreachable": 2, "Unusable": 1},
        "downtime_s": 2 * HOUR_S - 5,
    }


def test_day_is_summed_up_once(diary: Diary) -> None:
    diary.put("events", 0, "start")
    first = diary.sum_up()
    assert first is not None
    diary.put("events", DAY_S + 10, "summary", **first)
    assert diary.sum_up() is None
    later = diary.sum_up(MIDNIGHT_S + DAY_S + 10)
    assert later is not None
    assert later["day"] == "2026-11-21"


def test_empty_store_has_no_summary(diary: Diary) -> None:
    assert diary.sum_up() is None


def test_first_day_counts_from_its_first_candle(diary: Diary) -> None:
    diary.put("events", 22 * HOUR_S, "start")
    diary.candles(BTC, 22 * HOUR_S, DAY_S, 100.0)
    diary.candles(ETH, 22 * HOUR_S, DAY_S, 100.0)
    found = diary.sum_up()
    assert found is not None
    assert (found["candles"], found["no_trade"], found["gap"], found["downtime_s"]) == (240, 0, 0, 0)
    assert (found["equity_start"], found["equity_end"], found["score_mean"]) == (None, None, None)


def test_bot_that_was_down_over_midnight_was_down_up_to_it(diary: Diary) -> None:
    diary.put("events", 0, "start")
    diary.candles(BTC, 0, HOUR_S, 100.0)
    diary.put("events", DAY_S + HOUR_S, "start")
    found = diary.sum_up(MIDNIGHT_S + HOUR_S + 10)
    assert found is not None
    assert found["downtime_s"] == 23 * HOUR_S - 5
