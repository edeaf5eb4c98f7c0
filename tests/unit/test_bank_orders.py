"""Money moved while a bot runs: ordered by an event, and carried out by the bot, once however often it is seen."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent.clock import timestamp
from agent.orders import FRESH_MAX, ORDERS_MAX, Orders
from agent.parts import terms_of
from store import NotStored, Store
from tests.fakes.books import Books
from tests.fakes.loops import LoopBench
from tests.unit.test_loop import ALWAYS, swinging
from tests.unit.test_trader import T0

HALF_HOUR_S = 1800


@pytest.fixture
def bench(tmp_path: Path) -> LoopBench:
    return swinging(LoopBench(tmp_path / "data", ALWAYS, T0 + 6))


def order(bench: LoopBench, what: str, amount: object, **more: object) -> None:
    with Store(bench.folder.stream("events")) as events:
        head = {"ts": timestamp(bench.clock.now_s()), "kind": "command"}
        events.append({**head, "what": what, "amount": amount, "by": "tester", **more})


def moved(bench: LoopBench) -> list[tuple[Any, ...]]:
    """Return what was moved but the first deposit, after the whole ledger was worked out again."""
    ledger = bench.records("ledger")
    Books(terms_of(bench.config)).follow_all(ledger)
    return [
        (record["kind"], record["amount"], record.get("symbol"), record["order"])
        for record in ledger
        if "order" in record
    ]


def refused(bench: LoopBench) -> list[tuple[str, str]]:
    return [(event["order"], event["message"]) for event in bench.events("error")]


def test_orders_are_carried_out_in_their_turn_between_two_trades(bench: LoopBench) -> None:
    moments = [
        (600, lambda: order(bench, "deposit", "1000.50", order="a")),
        (600, lambda: order(bench, "deposit", "2", order="b", asset="KRW-ETH")),
        (900, lambda: order(bench, "withdraw", "0.5", order="c")),
        (1200, lambda: order(bench, "withdraw", "2", order="d", asset="KRW-ETH")),
    ]
    bench.live(2 * HALF_HOUR_S, moments)
    assert moved(bench) == [
        ("deposit", "1000.5", None, "a"),
        ("deposit", "2", "KRW-ETH", "b"),
        ("withdraw", "0.5", None, "c"),
        ("withdraw", "2", "KRW-ETH", "d"),
    ]
    assert bench.counts("ledger")["fill"] > 1
    assert not bench.events("error")


@pytest.mark.parametrize(
    ("what", "amount", "words"),
    [
        ("withdraw", "99999999999", "of money, and 99999999999 was asked for"),
        ("deposit", "-5", "an amount is more than 0"),
        ("deposit", "much", "much: is no amount"),
        ("deposit", None, "nothing: is no amount"),
        ("deposit", "NaN", "an amount is more than 0"),
        ("deposit", "1e16", "at most 1000000000000000"),
        ("deposit", "1e-19", "has 18 decimals at most"),
        ("withdraw", ["1"], "is no amount"),
    ],
)
def test_order_that_asks_for_the_impossible_moves_nothing_and_is_told_once(
    bench: LoopBench, what: str, amount: object, words: str
) -> None:
    bench.live(HALF_HOUR_S, [(600, lambda: order(bench, what, amount, order="x"))])
    bench.live(HALF_HOUR_S)
    ((key, message),) = refused(bench)
    assert key == "x"
    assert message.startswith(f"{what}: ")
    assert words in message
    assert moved(bench) == []


def test_order_written_by_hand_is_known_by_its_moment(bench: LoopBench) -> None:
    bench.live(HALF_HOUR_S, [(600, lambda: order(bench, "deposit", 7))])
    bench.live(HALF_HOUR_S)
    ((what, amount, _, key),) = moved(bench)
    assert (what, amount) == ("deposit", "7")
    assert key == bench.events("command")[0]["ts"]


@pytest.mark.parametrize("ts", ["yesterday", "0001-01-01T00:00:00.000Z", "2020-02-20"])
def test_order_written_by_hand_counts_once_whatever_it_takes_for_a_moment(bench: LoopBench, ts: str) -> None:
    bench.live(HALF_HOUR_S, [(600, lambda: order(bench, "deposit", "7", ts=ts))])
    bench.live(HALF_HOUR_S)
    assert [(what, amount) for what, amount, *_ in moved(bench)] == [("deposit", "7")]


@pytest.mark.parametrize("is_there", [True, False])
def test_order_comes_again_and_counts_once_when_its_record_was_not_stored(
    bench: LoopBench, monkeypatch: pytest.MonkeyPatch, *, is_there: bool
) -> None:
    failures: list[str] = []
    append = Store.append

    def failing(store: Store, record: dict[str, Any]) -> None:
        fails = record.get("order") == "x" and record["kind"] == "deposit" and not failures
        if not fails or is_there:
            append(store, record)
        if fails:
            failures.append(record["ts"])
            raise NotStored("ledger.jsonl", OSError(5, "the flush failed"))

    monkeypatch.setattr(Store, "append", failing)
    moments = [
        (600, lambda: order(bench, "deposit", "3", order="x")),
        (600, lambda: order(bench, "deposit", "4", order="y")),
    ]
    bench.live(HALF_HOUR_S, moments)
    assert len(failures) == 1
    assert [key for *_, key in moved(bench)] == ["x", "y"]


def test_orders_are_followed_by_the_next_bot_when_the_last_one_did_not_come_to_them(bench: LoopBench) -> None:
    bench.live(HALF_HOUR_S)
    order(bench, "deposit", "1", order="while none runs")
    bench.live(HALF_HOUR_S, [(HALF_HOUR_S, lambda: order(bench, "deposit", "2", order="as it stops"))])
    bench.live(HALF_HOUR_S)
    assert [key for *_, key in moved(bench)] == ["while none runs", "as it stops"]
    bench.live(HALF_HOUR_S)
    assert len(moved(bench)) == 2


def events_of(folder: Path, *events: tuple[int, str, Mapping[str, object]]) -> Orders:
    path = folder / "events.jsonl"
    with Store(path, durable=False) as store:
        for at, kind, fields in events:
            store.append({"ts": timestamp(T0 + at), "kind": kind, **fields})
    return Orders(path)


def kinds(orders: Orders) -> list[str]:
    return [event["kind"] for event in orders.fresh()]


def test_orders_begin_where_the_last_start_or_stop_says_that_its_process_had_come_to(tmp_path: Path) -> None:
    seen = {"seen_ts": timestamp(T0 + 1)}
    orders = events_of(tmp_path, (0, "error", {}), (1, "gap", {}), (2, "command", {}), (3, "stop", seen))
    assert kinds(orders) == ["gap", "command", "stop"]
    assert orders.seen_ts == timestamp(T0)


def test_orders_of_the_moment_that_was_seen_last_are_seen_again(tmp_path: Path) -> None:
    seen = {"seen_ts": timestamp(T0 + 1)}
    orders = events_of(tmp_path, (0, "error", {}), (1, "gap", {}), (1, "command", {}), (3, "start", seen))
    assert kinds(orders) == ["gap", "command", "start"]


def test_orders_begin_with_the_first_event_when_nothing_was_seen(tmp_path: Path) -> None:
    assert kinds(events_of(tmp_path, (0, "command", {}), (1, "start", {"seen_ts": ""}))) == ["command", "start"]


def test_orders_begin_behind_a_start_that_does_not_say(tmp_path: Path) -> None:
    assert kinds(events_of(tmp_path, (0, "command", {}), (1, "start", {}), (2, "gap", {}))) == ["gap"]


def errors(count: int) -> list[tuple[int, str, Mapping[str, object]]]:
    return [(index, "error", {"attempt": index}) for index in range(count)]


def test_orders_after_a_long_outage_are_all_there_in_bounded_memory(tmp_path: Path) -> None:
    told = [
        *errors(2_000),
        (2_000, "command", {"what": "pause"}),
        *errors(3_000),
        (9_000, "command", {"what": "resume"}),
    ]
    orders = events_of(tmp_path, (0, "start", {"seen_ts": ""}), *told)
    found = orders.fresh()
    assert len(found) == FRESH_MAX + 1
    assert [event["what"] for event in found if event["kind"] == "command"] == ["pause", "resume"]
    orders.done(found)
    assert orders.fresh() == []


def test_orders_that_are_too_many_for_one_step_come_in_several_each_once(tmp_path: Path) -> None:
    count = 2 * (FRESH_MAX + ORDERS_MAX) + 7
    orders = events_of(tmp_path, *((index, "command", {"order": index}) for index in range(count)), *errors(10))
    seen: list[int] = []
    while found := orders.fresh():
        assert len(found) <= FRESH_MAX + ORDERS_MAX
        seen += [event["order"] for event in found if event["kind"] == "command"]
        orders.done(found)
    assert seen == [*range(count)]


def test_orders_come_again_until_they_are_done(tmp_path: Path) -> None:
    orders = events_of(tmp_path, (0, "command", {}))
    first = orders.fresh()
    assert orders.fresh() == first
    orders.done(first)
    assert orders.fresh() == []
    assert orders.seen_ts == timestamp(T0)


def test_amounts_are_exact_over_many_orders(bench: LoopBench) -> None:
    moments = [
        (600 + index, lambda index=index: order(bench, "deposit", f"0.{index + 1:018d}", order=f"{index}"))
        for index in range(20)
    ]
    bench.live(HALF_HOUR_S, moments)
    assert sum((Decimal(amount) for _, amount, *_ in moved(bench)), Decimal(0)) == Decimal("2.10E-16")
