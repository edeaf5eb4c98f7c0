"""The time before the first stored candle, fetched as a process from a fake exchange."""

import gzip
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.clock import seconds, timestamp
from agent.folder import DataFolder
from store import scan, verify
from tests.fakes.exchange import FakeKraken, FakeUpbit
from tests.fakes.server import Request
from tests.faults.store_rotation import logrotate
from tests.scripts import run, start, wait_for, write_config

MINUTE_S = 60


def price(_symbol: str, open_s: int) -> float | None:
    return None if open_s // 60 % 13 == 0 else 1000.0 + open_s // 60 % 7


def config_for(exchange: FakeUpbit, folder: Path) -> Path:
    return write_config(folder, f'[market]\nupbit_url = "{exchange.server.url}"\nsymbols = ["KRW-BTC", "KRW-ETH"]\n')


def times(data: Path, symbol: str) -> list[int]:
    stored = scan(data / "prices.jsonl")
    return [int(seconds(record["open_ts"])) for record in stored if record["symbol"] == symbol]


def has_begun(data: Path) -> bool:
    return any(path.stat().st_size for path in data.glob("backfill[-.]*t"))


def test_backfill_puts_the_earlier_time_in_front_and_the_bot_goes_on_after_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    begin_s = int(time.time()) // 60 * 60 - 2_000 * MINUTE_S
    with (exchange := FakeUpbit(price)).server:
        arguments = ("--config", config_for(exchange, tmp_path), "--data", data)
        assert run("bot.py", "once", *arguments).returncode == 0
        done = run("bot.py", "backfill", "--since", timestamp(begin_s), *arguments)
        assert done.returncode == 0, done.stderr
        assert "100%" in done.stderr or "candles" in done.stderr
        assert run("bot.py", "once", *arguments).returncode == 0
    for symbol in ("KRW-BTC", "KRW-ETH"):
        found = times(data, symbol)
        assert found == [at for at in range(found[0], found[-1] + 60, 60) if at // 60 % 13]
        assert begin_s <= found[0] <= begin_s + 60
    verdict = verify(data / "prices.jsonl")
    assert verdict.ok
    assert not list(data.glob("backfill[-.]*t"))
    assert run("bot.py", "audit", *arguments).returncode == 0


def test_backfill_misses_and_doubles_nothing_when_it_is_killed(tmp_path: Path, seed: int) -> None:
    chance, data = random.Random(seed), tmp_path / "data"
    begin_s = int(time.time()) // 60 * 60 - 3_000 * MINUTE_S

    def slow(_request: Request) -> None:
        time.sleep(0.02)

    with (exchange := FakeUpbit(price)).server:
        exchange.trouble = slow
        arguments = ("--config", config_for(exchange, tmp_path), "--data", data)
        assert run("bot.py", "once", *arguments).returncode == 0
        for _ in range(6):
            with start("bot.py", "backfill", "--since", timestamp(begin_s), *arguments) as process:
                time.sleep(chance.uniform(0.3, 0.9))
                process.kill()
                process.communicate()
        assert run("bot.py", "backfill", "--since", timestamp(begin_s), *arguments).returncode == 0
    for symbol in ("KRW-BTC", "KRW-ETH"):
        found = times(data, symbol)
        assert found == [at for at in range(found[0], found[-1] + 60, 60) if at // 60 % 13]


def test_backfill_misses_nothing_when_logrotate_runs_before_it_is_whole(
    tmp_path: Path, program: Callable[..., str]
) -> None:
    program("logrotate")
    data = tmp_path / "data"
    begin_s = int(time.time()) // 60 * 60 - 3_000 * MINUTE_S
    with (exchange := FakeUpbit(price)).server:
        arguments = ("--config", config_for(exchange, tmp_path), "--data", data)
        assert run("bot.py", "once", *arguments).returncode == 0
        exchange.trouble = lambda _request: time.sleep(0.05)
        with start("bot.py", "backfill", "--since", timestamp(begin_s), *arguments) as process:
            wait_for(lambda: has_begun(data))
            assert logrotate(data, "-f").returncode == 0
            time.sleep(0.2)
            process.kill()
            process.communicate()
        assert logrotate(data, "-f").returncode == 0
        assert run("bot.py", "backfill", "--since", timestamp(begin_s), *arguments).returncode == 0
    for symbol in ("KRW-BTC", "KRW-ETH"):
        found = times(data, symbol)
        assert begin_s <= found[0] <= begin_s + 60
        assert found == [at for at in range(found[0], found[-1] + 60, 60) if at // 60 % 13]


def test_backfill_doubles_nothing_when_a_bot_stores_its_first_candles_beside_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    begin_s = int(time.time()) // 60 * 60 - 1_000 * MINUTE_S
    is_back = threading.Event()

    def hold_up(_request: Request) -> None:
        if has_begun(data):
            # Half of the silence after which it asks again; with eight answers to come that is 40 s.
            is_back.wait(5)

    with (exchange := FakeUpbit(price)).server:
        arguments = ("--config", config_for(exchange, tmp_path), "--data", data)
        exchange.trouble = hold_up
        with start("bot.py", "backfill", "--since", timestamp(begin_s), *arguments) as process:
            wait_for(lambda: has_begun(data))
            beside = run("bot.py", "once", *arguments)
            is_back.set()
            assert process.wait() == 0
        exchange.trouble = lambda _request: None
        assert run("bot.py", "once", *arguments).returncode == 0
    assert beside.returncode == 75
    for symbol in ("KRW-BTC", "KRW-ETH"):
        found = times(data, symbol)
        assert found == [at for at in range(found[0], found[-1] + 60, 60) if at // 60 % 13]


def test_backfill_waits_for_a_bot_that_is_to_store_the_first_candles_of_a_symbol(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    begin_s = int(time.time()) // 60 * 60 - 100 * MINUTE_S
    with (exchange := FakeUpbit(price)).server:
        arguments = ("--since", timestamp(begin_s), "--config", config_for(exchange, tmp_path), "--data", folder.path)
        with folder.hold("bot"):
            done = run("bot.py", "backfill", *arguments)
    assert (done.returncode, len(done.stderr.splitlines())) == (75, 1)
    assert "KRW-BTC, KRW-ETH: no candle is stored yet; let the bot that runs store its first ones" in done.stderr


def test_backfill_doubles_nothing_when_the_first_candles_come_between_two_runs(tmp_path: Path) -> None:
    data = tmp_path / "data"
    begin_s = int(time.time()) // 60 * 60 - 1_000 * MINUTE_S
    with (exchange := FakeUpbit(price)).server:
        arguments = ("--config", config_for(exchange, tmp_path), "--data", data)
        exchange.trouble = lambda _request: time.sleep(0.3 if len(exchange.server.requests) > 8 else 0)
        with start("bot.py", "backfill", "--since", timestamp(begin_s), *arguments) as process:
            # Five pages hold what a bot fetches first, too.
            wait_for(lambda: len(exchange.server.requests) > 9)
            process.kill()
            process.communicate()
        # A slow exchange, on a slow machine, is more than `once` waits for.
        exchange.trouble = lambda _request: None
        assert run("bot.py", "once", *arguments).returncode == 0
        assert run("bot.py", "backfill", "--since", timestamp(begin_s), *arguments).returncode == 0
    for symbol in ("KRW-BTC", "KRW-ETH"):
        found = times(data, symbol)
        assert begin_s <= found[0] <= begin_s + 60
        assert found == [at for at in range(found[0], found[-1] + 60, 60) if at // 60 % 13]


@pytest.mark.parametrize("change", ["since", "symbols"])
def test_backfill_begins_anew_when_something_else_is_asked_for_than_before(change: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    begin_s = int(time.time()) // 60 * 60 - 2_000 * MINUTE_S
    first = begin_s + 1_000 * MINUTE_S if change == "since" else begin_s
    text = '[market]\nupbit_url = "{}"\nsymbols = [{}]\n'
    with (exchange := FakeUpbit(price)).server as server:
        market = text.format(server.url, '"KRW-BTC", "KRW-ETH"' if change == "since" else '"KRW-BTC"')
        places = ("--config", write_config(tmp_path, market), "--data", data)
        assert run("bot.py", "once", *places).returncode == 0
        exchange.trouble = lambda _request: time.sleep(0.2)
        with start("bot.py", "backfill", "--since", timestamp(first), *places) as process:
            wait_for(lambda: has_begun(data))
            process.kill()
            process.communicate()
        exchange.trouble = lambda _request: None
        write_config(tmp_path, text.format(server.url, '"KRW-BTC", "KRW-ETH"'))
        assert run("bot.py", "once", *places).returncode == 0
        assert run("bot.py", "backfill", "--since", timestamp(begin_s), *places).returncode == 0
    for symbol in ("KRW-BTC", "KRW-ETH"):
        found = times(data, symbol)
        assert begin_s <= found[0] <= begin_s + 60
        assert sorted(found) == [at for at in range(found[0], found[-1] + 60, 60) if at // 60 % 13]
    assert not list(data.glob("backfill[-.]*t"))


def test_backfill_ends_after_a_page_when_it_is_asked_to(tmp_path: Path) -> None:
    data, config = tmp_path / "data", write_config(tmp_path, '[market]\nsource = "demo"\n')
    with start("bot.py", "backfill", "--since", "2010-01-01", "--config", config, "--data", data) as process:
        wait_for(lambda: has_begun(data))
        process.terminate()
        try:
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0, err
    assert "run it again, and it goes on there" in err


def test_backfill_says_what_is_wrong_with_its_moment(tmp_path: Path) -> None:
    wrong = {"soon": "is no moment", "2999-01-01": "lies not in the past", "1970-01-01": "lies before 2010"}
    for since, words in wrong.items():
        done = run("bot.py", "backfill", "--since", since, "--data", tmp_path / "data", cwd=tmp_path)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        assert words in done.stderr
    assert run("bot.py", "backfill", cwd=tmp_path).returncode == 2


def test_backfill_fetches_the_time_before_a_symbol_that_was_added_later(tmp_path: Path) -> None:
    data = tmp_path / "data"
    begin_s = int(time.time()) // 60 * 60 - 1_000 * MINUTE_S
    market = '[market]\nupbit_url = "{}"\nsymbols = [{}]\n'
    with (exchange := FakeUpbit(price)).server as server:
        places = ("--config", write_config(tmp_path, market.format(server.url, '"KRW-BTC"')), "--data", data)
        for command in (("once",), ("backfill", "--since", timestamp(begin_s))):
            assert run("bot.py", *command, *places).returncode == 0
        write_config(tmp_path, market.format(exchange.server.url, '"KRW-BTC", "KRW-ETH"'))
        assert run("bot.py", "once", *places).returncode == 0
        assert times(data, "KRW-ETH")[0] > begin_s + 60 * MINUTE_S
        for _ in range(2):
            done = run("bot.py", "backfill", "--since", timestamp(begin_s), *places)
            assert done.returncode == 0, done.stderr
    for symbol in ("KRW-BTC", "KRW-ETH"):
        found = times(data, symbol)
        assert begin_s <= found[0] <= begin_s + 60
        assert sorted(found) == [at for at in range(found[0], found[-1] + 60, 60) if at // 60 % 13]
        assert found == sorted(found)
    verdict = verify(data / "prices.jsonl")
    assert verdict.ok
    assert verdict.set_back == []


def test_backfill_hides_no_earlier_one_when_that_is_compressed(tmp_path: Path) -> None:
    data, symbols = tmp_path / "data", ["KRW-BTC", "KRW-ETH", "KRW-XRP"]
    begin_s = int(time.time()) // 60 * 60 - 600 * MINUTE_S
    with FakeUpbit(price).server as server:
        for count in range(1, len(symbols) + 1):
            text = f'[market]\nupbit_url = "{server.url}"\nsymbols = {symbols[:count]}\n'
            places = ("--config", write_config(tmp_path, text), "--data", data)
            for command in (("once",), ("backfill", "--since", timestamp(begin_s))):
                assert run("bot.py", *command, *places).returncode == 0
            # As logrotate does, in the end.
            for segment in data.glob("prices.jsonl-*[0-9]"):
                (data / f"{segment.name}.gz").write_bytes(gzip.compress(segment.read_bytes()))
                segment.unlink()
    assert len(list(data.glob("prices.jsonl-*"))) == len(symbols)
    for symbol in symbols:
        assert begin_s <= times(data, symbol)[0] <= begin_s + 60


def test_backfill_says_and_stores_what_its_exchange_has_no_more(tmp_path: Path) -> None:
    data = tmp_path / "data"
    begin_s = int(time.time()) // 60 * 60 - 1_500 * MINUTE_S
    with FakeKraken(lambda _symbol, _open_s: 1000.0).server as server:
        text = f'[market]\nsource = "kraken"\nkraken_url = "{server.url}"\nsymbols = ["XBTUSD"]\n'
        arguments = ("--since", timestamp(begin_s), "--config", write_config(tmp_path, text), "--data", data)
        done = run("bot.py", "backfill", *arguments)
        asked = len(server.requests)
        again = run("bot.py", "backfill", *arguments)
    assert (done.returncode, asked) == (0, 1), done.stderr
    assert "kraken gives its newest 720 minutes" in done.stderr
    assert again.returncode == 0, again.stderr
    gap = next(scan(data / "events.jsonl"))
    assert (gap["kind"], gap["symbol"], gap["from_ts"]) == ("gap", "XBTUSD", timestamp(begin_s))
    found = times(data, "XBTUSD")
    assert len(found) >= 719
    assert found == list(range(found[0], found[-1] + 60, 60))
    assert int(seconds(gap["until_ts"])) <= found[0] <= int(seconds(gap["until_ts"])) + 60


def test_backfill_says_that_there_is_nothing_to_fetch_where_the_records_begin_earlier(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with (exchange := FakeUpbit(price)).server:
        arguments = ("--config", config_for(exchange, tmp_path), "--data", data)
        assert run("bot.py", "once", *arguments).returncode == 0
        begin_s = min(times(data, "KRW-ETH"))
        done = run("bot.py", "backfill", "--since", timestamp(begin_s + 60 * MINUTE_S), *arguments)
    assert done.returncode == 0
    assert done.stderr.startswith("nothing to fetch: the records of upbit begin at ")
