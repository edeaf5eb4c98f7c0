"""Decisions a second: moss's engine beside backtesting.py, on the same candles, with the same rule and trades.

Both are handed candles that are in memory already. Each runs in a process of its own, in turn, so that neither's memory
nor the machine's mood decides.
"""

import json
import subprocess
import sys
import tempfile
import time
from array import array
from pathlib import Path
from statistics import median
from typing import Any

TOP = Path(__file__).resolve().parent.parent
T0 = 1_760_000_100
FAST, SLOW, EVERY_MIN = 5, 20, 5
ROUNDS = 3
Trades = list[tuple[int, str]]


def closes(count: int) -> "array[float]":
    """Return a market's closes without holes, made from the demo market's candles."""
    from agent.market.demo import candle_at

    found = array("d")
    for minute in range(count):
        candle = candle_at(1, "KRW-BTC", T0 + 60 * minute)
        found.append(float(candle.close) if candle else found[-1])
    return found


def with_moss(prices: "array[float]") -> tuple[float, int, Trades]:
    """Decide with the engine; returns CPU seconds, evaluations, and (minute, side) of each signal.

    The candles are made an hour ahead, outside the time that counts: a replay needs no more of them at once.
    """
    from agent.market.candle import Candle, quantity
    from agent.market.engine import Engine
    from agent.parts import plan_of, terms_of
    from agent.settings import Config

    config = Config()
    engine = Engine(("A",), "demo", plan_of(config), terms_of(config), lambda: 0.0)
    for _ in engine.open_account(config.bank.cash):
        pass
    market, trades, count, took_s = engine.markets["A"], list[tuple[int, str]](), 0, 0.0
    for first in range(0, len(prices), 60):
        figures = enumerate((quantity(price, "close") for price in prices[first : first + 60]), first)
        candles = [Candle("A", "demo", T0 + 60 * minute, *(price,) * 4, price) for minute, price in figures]
        began_s = time.process_time()
        for candle in candles:
            market.add(candle)
            if (candle.open_s // 60 + 1) % EVERY_MIN == 0:
                market.advance(candle.end_s)
                for stream, record in engine.decide("A"):
                    if stream == "signals":
                        count += 1
                        if record["signal"] != "HOLD":
                            trades.append(((candle.open_s - T0) // 60, record["signal"]))
        took_s += time.process_time() - began_s
    return took_s, count, trades


def with_backtesting(prices: "array[float]") -> tuple[float, int, Trades]:
    """Do the same with backtesting.py, its averages worked out by pandas beforehand, as its users do."""
    import pandas
    from backtesting import Backtest, Strategy

    trades: Trades = []
    evaluations = [0]

    class Cross(Strategy):  # type: ignore[misc]  # the package has no types
        last: tuple[float, float] | None = None

        def init(self) -> None:
            def mean(values: object, length: int) -> object:
                return pandas.Series(values).rolling(length).mean()

            self.fast = self.I(mean, self.data.Close, FAST)
            self.slow = self.I(mean, self.data.Close, SLOW)

        def next(self) -> None:
            minute = len(self.data) - 1
            if (T0 // 60 + minute + 1) % EVERY_MIN:
                return
            evaluations[0] += 1
            now = (round(self.fast[-1], 6), round(self.slow[-1], 6))
            if self.last is not None and now[0] > now[1] and self.last[0] <= self.last[1]:
                self.buy(size=0.005)
                trades.append((minute, "BUY"))
            elif self.last is not None and now[0] < now[1] and self.last[0] >= self.last[1]:
                self.position.close()
                trades.append((minute, "SELL"))
            self.last = now

    frame = pandas.DataFrame(dict.fromkeys(("Open", "High", "Low", "Close"), prices))
    frame["Volume"] = 1.0
    frame.index = pandas.to_datetime([T0 + 60 * at for at in range(len(prices))], unit="s")
    began_s = time.process_time()
    Backtest(frame, Cross, cash=1e11, commission=0.0005, trade_on_close=True, finalize_trades=False).run()
    return time.process_time() - began_s, evaluations[0], trades


def peak_kib() -> int:
    """Return the most memory that this process ever had resident."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def one(which: str, count: int) -> None:
    """Run one of the two in this process and print what it took, as one line of JSON."""
    took_s, evaluations, trades = (with_moss if which == "moss" else with_backtesting)(closes(count))
    print(json.dumps({"took_s": took_s, "evaluations": evaluations, "trades": trades, "peak_kib": peak_kib()}))


def whole(*arguments: str) -> None:
    """Be a command of bot.py, and print what it took; fail where it does."""
    import bot

    if status := bot.main(arguments):
        sys.exit(status)
    print(json.dumps({"took_s": time.process_time(), "peak_kib": peak_kib()}))


def year(folder: Path) -> None:
    """Let the commands go over a month and a year, out of a file and then out of a store; print what each took."""
    prices = closes(43_200)
    for name, count in (("a month", 43_200), ("a year", 525_600)):
        path, data = folder / f"{count}.csv", folder / name
        with path.open("w", encoding="ascii") as file:
            file.write("time,open,high,low,close,volume\n")
            for minute in range(count):
                price = prices[minute % len(prices)]
                file.write(f"{T0 + 60 * minute},{price},{price},{price},{price},1.5\n")
        tell(f"replay: {name} from a file", child("whole", "replay", str(path), "--report"))
        child("whole", "replay", str(path), "--data", str(data))
        stored_bytes = sum(each.stat().st_size for each in data.glob("*.jsonl"))
        tell(f"audit: {name}, {stored_bytes / 1e6:.0f} MB of records", child("whole", "audit", "--data", str(data)))


def tell(what: str, found: dict[str, Any]) -> None:
    """Print what a command took."""
    print(f"{what}, whole: {found['took_s']:.1f} CPU-s, {found['peak_kib'] / 1024:.1f} MiB peak")


def child(*arguments: str) -> dict[str, Any]:
    """Run this module in a process of its own and return its last line."""
    command = [sys.executable, "-m", "bench.replay", *arguments]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(count: int = 43_200) -> int:
    """Run both in turn and print the ratios; 1 if they did not make the same trades."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(child("moss", str(count)))
        theirs.append(child("backtesting", str(count)))
    # Theirs begins to decide when its slow average is there; ours tells each minute, HOLD while it is not.
    same = all(a["trades"] == b["trades"] for a, b in zip(ours, theirs, strict=True))
    speed = median(b["took_s"] / a["took_s"] for a, b in zip(ours, theirs, strict=True))
    memory = median(a["peak_kib"] / b["peak_kib"] for a, b in zip(ours, theirs, strict=True))
    rate = median(run["evaluations"] / run["took_s"] for run in ours)
    print(f"replay: {count} minutes, the same {len(ours[0]['trades'])} trades: {same}")
    print(f"replay: {rate:,.0f} evaluations a CPU second, {speed:.1f} times backtesting.py (goal 3)")
    print(f"replay: peak memory {memory:.2f} of backtesting.py's (goal 0.25)")
    with tempfile.TemporaryDirectory() as name:
        year(Path(name))
    return 0 if same and ours[0]["trades"] else 1


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(main())
    elif sys.argv[1] == "whole":
        whole(*sys.argv[2:])
    else:
        one(sys.argv[1], int(sys.argv[2]))
