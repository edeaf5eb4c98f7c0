"""kill -9 in the middle of `bot.py run`, again and again: no candle, signal or fill is missing or doubled."""

import json
import random
import time
from collections import Counter
from pathlib import Path

from agent.clock import seconds
from agent.market.demo import candle_at
from agent.parts import terms_of
from agent.settings import Config
from store import verify
from tests.fakes.books import Books
from tests.fakes.exchange import FakeUpbit
from tests.fakes.server import Request
from tests.scripts import records, run, start, wait_for_more, write_config

# A minute each 25 ms: a kill falls inside a pass about as often as between two.
CONFIG = '[market]\nsource = "demo"\ndemo_speed = 2400\nsymbols = ["KRW-BTC", "KRW-ETH"]\n'
ROUNDS = 25


def live_and_die(script: str, folder: Path, seed: int, rounds: int) -> Path:
    """Run a bot that is killed at random instants, then once more to its clean end; return its data folder."""
    chance, data = random.Random(seed), folder / "data"
    config = write_config(folder, CONFIG)
    for _ in range(rounds - 1):
        with start(script, "run", "--config", config, "--data", data) as process:
            wait_for_more(data, "events", 1)
            time.sleep(chance.uniform(0, 0.4))
            process.kill()
            process.communicate(timeout=60)
    with start(script, "run", "--config", config, "--data", data) as process:
        wait_for_more(data, "signals", 4)
        process.terminate()
        process.communicate(timeout=60)
    return data


def test_run_misses_and_doubles_nothing_when_it_is_killed_again_and_again(tmp_path: Path, seed: int) -> None:
    data = live_and_die("bot.py", tmp_path, seed, ROUNDS)
    assert verify(data / "prices.jsonl").ok
    for symbol in ("KRW-BTC", "KRW-ETH"):
        times = [int(seconds(r["open_ts"])) for r in records(data, "prices") if r["symbol"] == symbol]
        assert len(times) == len(set(times))
        expected = [at for at in range(times[0], times[-1] + 60, 60) if candle_at(1, symbol, at)]
        assert times == expected
    signals = records(data, "signals")
    assert max(Counter((r["symbol"], r["candle_ts"]) for r in signals).values()) == 1
    assert_every_trade_is_settled_once(data)
    Books(terms_of(Config())).follow_all(records(data, "ledger"))
    events = Counter(event["kind"] for event in records(data, "events"))
    assert (events["start"], events["stop"]) == (ROUNDS, 1)
    starts = [event["previous"] for event in records(data, "events") if event["kind"] == "start"]
    assert starts == [None] + ["died"] * (ROUNDS - 1)


def assert_every_trade_is_settled_once(data: Path) -> None:
    asked = [(r["symbol"], r["candle_ts"]) for r in records(data, "signals") if r["signal"] != "HOLD"]
    settled = [
        (r["symbol"], r["candle_ts"])
        for stream in ("ledger", "events")
        for r in records(data, stream)
        if r["kind"] in ("fill", "unfilled")
    ]
    assert sorted(settled) == sorted(asked)
    assert len(asked) > 3
    assert [r["kind"] for r in records(data, "ledger")].count("deposit") == 1


def test_run_doubles_candles_when_it_forgets_what_is_stored(tmp_path: Path, seed: int) -> None:
    data = live_and_die("tests/faults/forgetful_bot.py", tmp_path, seed, 4)
    counts = Counter((r["symbol"], r["open_ts"]) for r in records(data, "prices"))
    assert max(counts.values()) > 1


def test_signals_of_a_killed_bot_equal_those_of_a_replay_of_its_candles(tmp_path: Path, seed: int) -> None:
    data = live_and_die("bot.py", tmp_path, seed, 10)
    prices = tmp_path / "prices.jsonl"
    by_time = sorted(records(data, "prices"), key=lambda record: record["open_ts"])
    prices.write_text("".join(json.dumps(record) + "\n" for record in by_time))
    done = run("bot.py", "replay", prices, "--config", tmp_path / "moss.toml", "--data", tmp_path / "again")
    assert done.returncode == 0, done.stderr
    again = {(r["symbol"], r["candle_ts"]): (r["price"], r["sma_slow"]) for r in records(tmp_path / "again", "signals")}
    stored = {(r["symbol"], r["candle_ts"]): (r["price"], r["sma_slow"]) for r in records(data, "signals")}
    assert len(stored) > 4
    assert stored == {key: again[key] for key in stored}


def test_backfill_misses_and_doubles_nothing_when_it_is_killed(tmp_path: Path, seed: int) -> None:
    chance, data, kills = random.Random(seed), tmp_path / "data", 0
    start_s = time.time() - 2 * 86_400
    moment = {"now_s": start_s}
    with (exchange := FakeUpbit(lambda _, at: None if at // 60 % 7 == 0 else 100.0, lambda: moment["now_s"])).server:
        config = write_config(tmp_path, f'[market]\nupbit_url = "{exchange.server.url}"\n')
        assert run("bot.py", "once", "--config", config, "--data", data).returncode == 0
        moment["now_s"] = time.time()
        exchange.trouble = slow
        while kills < 12 and len(records(data, "prices")) < 2 * 1440 * 6 / 7:
            with start("bot.py", "once", "--config", config, "--data", data) as process:
                time.sleep(chance.uniform(0.2, 0.6))
                process.kill()
                kills += 1
                process.communicate()
        assert run("bot.py", "once", "--config", config, "--data", data).returncode == 0
    times = [int(seconds(record["open_ts"])) for record in records(data, "prices")]
    assert kills > 3
    assert sorted(times) == [at for at in range(min(times), max(times) + 60, 60) if at // 60 % 7]
    assert max(times) > time.time() - 300


def slow(_request: Request) -> None:
    time.sleep(0.03)
