"""Money ordered to be moved while the bot is killed at random instants: each order counts once, none is lost."""

import random
import signal
import time
from collections import Counter
from pathlib import Path

from agent.clock import timestamp
from agent.parts import terms_of
from agent.settings import Config
from store import Store
from tests.fakes.books import Books
from tests.faults.store_writer import PATIENCE_S
from tests.faults.test_bot_kill import CONFIG
from tests.scripts import records, start, wait_for_more, write_config

ROUNDS, CONTROL_ROUNDS = 12, 4
ORDERS_A_ROUND = 4


def live_and_die(script: str, folder: Path, seed: int, rounds: int) -> list[str]:
    """Let a bot be ended again and again among orders, mostly by kill -9, then live to a clean end.

    Returns: the orders, by their key; some were given while no bot ran.
    """
    chance, data, keys = random.Random(seed), folder / "data", list[str]()
    config = write_config(folder, CONFIG)
    for last in [False] * rounds + [True]:
        with start(script, "run", "--config", config, "--data", data) as process:
            end = signal.SIGKILL
            try:
                wait_for_more(data, "events", 1)
                for _ in range(0 if last else ORDERS_A_ROUND):
                    keys.append(order(data, chance, len(keys)))
                    time.sleep(chance.uniform(0, 0.1))
                if last:
                    wait_for_more(data, "signals", 4)
                end = signal.SIGTERM if last or chance.random() < 0.3 else signal.SIGKILL
            finally:
                process.send_signal(end)
            if not last:
                keys.append(order(data, chance, len(keys)))
            process.communicate(timeout=60)
    return keys


def order(data: Path, chance: random.Random, number: int) -> str:
    what, asset = chance.choice(["deposit", "deposit", "withdraw"]), chance.choice([None, "KRW-ETH"])
    told = {"what": what, "amount": f"{chance.uniform(0.001, 9):.18f}", "order": f"order-{number}"}
    with Store(data / "events.jsonl") as events:
        # The bot writes there too.
        events.lock_wait_s_max = PATIENCE_S
        events.append({"ts": timestamp(time.time()), "kind": "command", **told, **({"asset": asset} if asset else {})})
    return told["order"]


def answers(data: Path) -> Counter[str]:
    found = [*records(data, "ledger"), *records(data, "events")]
    return Counter(record["order"] for record in found if "order" in record and record["kind"] != "command")


def test_orders_are_carried_out_once_when_the_bot_is_killed_again_and_again(tmp_path: Path, seed: int) -> None:
    keys = live_and_die("bot.py", tmp_path, seed, ROUNDS)
    assert answers(tmp_path / "data") == Counter(keys)
    Books(terms_of(Config())).follow_all(records(tmp_path / "data", "ledger"))
    moves = [record for record in records(tmp_path / "data", "ledger") if "order" in record]
    assert {record["kind"] for record in moves} == {"deposit", "withdraw"}
    assert len(moves) > len(keys) / 2


def test_control_that_never_looks_whether_an_order_was_carried_out_doubles_it(tmp_path: Path, seed: int) -> None:
    live_and_die("tests/faults/hasty_bot.py", tmp_path, seed, CONTROL_ROUNDS)
    assert max(answers(tmp_path / "data").values()) > 1


def test_control_that_hears_only_what_is_ordered_while_it_runs_loses_some(tmp_path: Path, seed: int) -> None:
    keys = live_and_die("tests/faults/deaf_bot.py", tmp_path, seed, CONTROL_ROUNDS)
    assert set(keys) - set(answers(tmp_path / "data"))
