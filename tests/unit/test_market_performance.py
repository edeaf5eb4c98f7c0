"""What a replay earned, worked out by hand."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from agent.market.engine import Entry
from agent.market.performance import Performance
from tests.scripts import run, write_config


def fill(side: str, price: int, quantity: int, fee: int, cash: int) -> Entry:
    positions = {"A": str(quantity)} if side == "BUY" else {}
    record = {"kind": "fill", "symbol": "A", "side": side, "price": str(price), "quantity": str(quantity)}
    equity = cash + (price * quantity if side == "BUY" else 0)
    return "ledger", {**record, "fee": str(fee), "cash": str(cash), "positions": positions, "equity": str(equity)}


def price(minute: int, close: int, symbol: str = "A") -> Entry:
    return "prices", {"symbol": symbol, "close": close, "open_ts": f"2026-11-21T00:{minute:02d}:00.000Z"}


def entries() -> Iterator[Entry]:
    yield price(0, 100)
    yield price(1, 100)
    yield fill("BUY", 100, 5, 1, 499)
    for minute, close in enumerate((120, 80, 110), 2):
        yield price(minute, close)
    yield fill("SELL", 110, 5, 1, 1048)
    yield price(5, 150)
    yield fill("BUY", 150, 2, 1, 747)
    yield price(6, 90)
    yield fill("SELL", 90, 2, 1, 926)


def test_performance_equals_what_is_worked_out_by_hand() -> None:
    performance = Performance(Decimal(1000))
    assert list(performance.watching(entries())) == list(entries())
    sums = performance.figures()
    assert sums["equity"] == 926
    assert sums["return_rate"] == pytest.approx(-0.074)
    assert sums["hold_return_rate"] == pytest.approx(-0.1)
    assert (sums["fills"], sums["sells"], sums["win_rate"], sums["fees"]) == (4, 2, 0.5, 4)
    # Highest 499 + 5 * 120 = 1099, then 499 + 5 * 80 = 899; later 1048 falls to 926 only.
    assert sums["drawdown_rate_max"] == pytest.approx(1 - 899 / 1099)
    assert sums["exposure_rate"] == pytest.approx(4 / 7)


@pytest.mark.parametrize("others", ["", "BC"])
def test_drawdown_is_of_what_a_minute_left_with_its_trades_fees_in_it(others: str) -> None:
    performance = Performance(Decimal(1000))
    trades = {0: fill("BUY", 100, 9, 50, 50), 1: fill("SELL", 120, 9, 80, 1050)}
    for minute, close in enumerate((100, 120, 100)):
        told = [price(minute, close), *(price(minute, 7, symbol) for symbol in others)]
        list(performance.watching([*told, *([trades[minute]] if minute in trades else [])]))
    # The fee takes 1000 to 950; the account never has the 1130 of the close, of which its sale leaves 1050.
    assert performance.figures()["drawdown_rate_max"] == pytest.approx(0.05)


def test_replay_report_tells_the_sums_instead_of_the_signals(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    rows = "".join(f"{1_582_185_600 + 60 * n},{p},{p},{p},{p},1\n" for n in range(600) for p in [100 + n // 30 % 3])
    path.write_text("time,open,high,low,close,volume\n" + rows)
    done = run("bot.py", "replay", path, "--report", "--config", write_config(tmp_path, ""))
    assert done.returncode == 0, done.stderr
    names = [line.split("  ")[0] for line in done.stdout.splitlines()]
    assert names == ["return", "buy and hold", "equity", "fills", "fees paid", "drawdown", "exposure"]
    with pytest.raises(json.JSONDecodeError):
        json.loads(done.stdout.splitlines()[0])
