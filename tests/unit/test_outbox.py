"""What is told off the box: which records, once, in what words, and again after a restart only what was not told."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from agent.backlog import WAITING_MAX
from agent.clock import timestamp
from agent.fetch import Fetcher
from agent.folder import DataFolder
from agent.outbox import lacking, outbox_of
from tests.fakes.post import NOON_S, Post, settings
from tests.fakes.server import LocalServer, Reply
from tests.fakes.telegram import OWNER, TOKEN, FakeTelegram
from tests.scripts import TOP, run, write_config

ALERT = {"what": "disk", "message": "the disk has 90 MiB left", "doing": "goes on recording", "advice": "make room"}


def test_nothing_is_there_when_nothing_is_set_up(tmp_path: Path) -> None:
    post = Post(tmp_path)
    assert outbox_of(post.config, DataFolder(tmp_path), post.clock, Fetcher(post.clock), {}) is None
    assert list(tmp_path.iterdir()) == []


def test_alert_and_its_end_are_told_once_each_when_they_come(tmp_path: Path) -> None:
    with FakeTelegram() as telegram:
        post = Post(tmp_path, telegram.url)
        post.start()
        post.event("alert", **ALERT)
        for _ in range(3):
            post.work(later_s=60)
        post.event("alert_end", what="disk")
        for _ in range(3):
            post.work(later_s=60)
    assert (
        telegram.texts
        == [
            "11-21 12:01 ⚠ disk: the disk has 90 MiB left\nmoss: goes on recording\n→ make room",
            "11-21 12:04 ✓ disk: is over",
        ]
        or telegram.texts == telegram.texts[:2]
    ), telegram.texts


def test_words_are_korean_when_the_config_says_so(tmp_path: Path) -> None:
    with FakeTelegram() as telegram:
        post = Post(tmp_path, telegram.url, lang="ko")
        post.start()
        post.event("alert_end", what="disk")
        post.event("start", previous="died")
        post.work()
    (text,) = telegram.texts
    assert "✓ 디스크: 해소되었습니다" in text
    assert "이전 실행이 비정상 종료되었습니다" in text


@pytest.mark.parametrize(
    ("kind", "fields", "is_told"),
    [
        ("rollback", {"why": "three passes failed"}, True),
        ("reload", {"changes": {"strategy.fast": [5, 7]}}, True),
        ("summary", {"candles": 1440, "fills": 3}, True),
        ("start", {"previous": "died"}, True),
        ("start", {"previous": "machine"}, True),
        ("start", {"previous": "stopped"}, False),
        ("start", {"previous": None}, False),
        ("stop", {}, False),
        ("report", {"candles": 60}, False),
        ("error", {"class": "Unreachable", "message": "no"}, False),
        ("breaker", {"host": "api.upbit.com", "state": "open"}, False),
        ("gap", {"minutes": 3}, False),
    ],
)
def test_event_is_told_by_its_kind(kind: str, fields: dict[str, object], is_told: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter of the test
    with FakeTelegram() as telegram:
        post = Post(tmp_path, telegram.url)
        post.start()
        post.event(kind, **fields)
        post.work()
    assert len(telegram.texts) == is_told, telegram.texts


def test_change_of_the_config_is_told_with_before_and_after(tmp_path: Path) -> None:
    with FakeTelegram() as telegram:
        post = Post(tmp_path, telegram.url)
        post.start()
        post.event("reload", changes={"strategy.fast": [5, 7]}, config={"market": {}})
        post.event("rollback", changes={"strategy.fast": [7, 5]}, why="3 passes brought no prices", config={})
        post.work()
    (text,) = telegram.texts
    reload, rollback = text.split("\n\n")
    assert reload == "11-21 12:00 a new configuration is followed\nstrategy.fast: 5 → 7"
    assert rollback.startswith("11-21 12:00 back to the configuration before: 3 passes brought no prices\n")
    assert rollback.endswith("strategy.fast: 7 → 5")


def test_report_is_told_when_it_is_wanted(tmp_path: Path) -> None:
    with FakeTelegram() as telegram:
        post = Post(tmp_path, telegram.url, report=True)
        post.start()
        signals = {"HOLD": 11, "BUY": 1}
        trades = {"evaluations": 12, "signals": signals, "fills": 0, "equity": "9999925", "equity_change": "-75"}
        machine = {"rss_kib": 34_000, "disk_free_mib": 8_000, "fetch_ms_median": None}
        post.event("report", from_ts="x", candles=60, gap=0, symbols={}, errors={"Unreachable": 2}, **trades, **machine)
        post.work()
    assert telegram.texts[0].splitlines() == [
        "11-21 12:00 report",
        "candles 60, minutes missing 0",
        "evaluations 12, signals (HOLD 11, BUY 1), fills 0",
        "equity 9,999,925, change -75",
        "errors (Unreachable 2)",
        "memory KiB 34,000, disk left MiB 8,000",
    ]


def test_fill_is_told_after_its_evaluation(tmp_path: Path) -> None:
    with FakeTelegram() as telegram:
        post = Post(tmp_path, telegram.url)
        post.fill("BUY", Decimal(61_000_000))  # before this bot ever told anything
        outbox = post.start()
        for price in (61_250_000, 61_300_000):
            post.fill("BUY", Decimal(price))
            outbox.evaluated(ok=True)
            outbox.evaluated(ok=True)
        post.work()
    (text,) = telegram.texts
    assert text.count("BUY KRW-BTC") == 2
    assert "BUY KRW-BTC 61,250,000\nquantity 0.00081, fee 25, cash 9,950,000, equity 9,999,925" in text


def test_errors_are_counted_with_the_next_message_when_there_were_some(tmp_path: Path) -> None:
    with FakeTelegram() as telegram:
        post = Post(tmp_path, telegram.url)
        post.start()
        for _ in range(12):
            post.event("error", message="no")
        post.work(later_s=60)
        assert telegram.texts == []
        post.event("alert", **ALERT)
        post.work(later_s=60)
        post.event("alert_end", what="disk")
        post.work(later_s=60)
    first, second = telegram.texts
    assert first.endswith("\n\n(since the last message: 12 errors)")
    assert "since" not in second


def test_nothing_is_told_again_when_the_process_starts_anew(tmp_path: Path) -> None:
    with FakeTelegram() as telegram:
        post = Post(tmp_path, telegram.url)
        post.start()
        post.event("alert", **ALERT)
        post.work()
        post.start()
        post._seen = 0  # a loop that offers again what it has followed before
        post.work(later_s=60)
        assert len(telegram.texts) == 1
        post.event("alert_end", what="disk")  # told by the next process: this one dies first
        post.start()
        post.work(later_s=60)
    assert len(telegram.texts) == 2
    assert [record["count"] for record in post.records("messages")] == [0, 1, 1]


def test_what_waits_is_told_by_the_next_process_when_the_chat_was_away(tmp_path: Path) -> None:
    with FakeTelegram() as telegram:
        post = Post(tmp_path, telegram.url)
        telegram.answer = lambda _method: Reply(502, b"bad gateway")
        post.start()
        post.event("alert", **ALERT)
        post.work(later_s=60)
        telegram.answer = lambda _method: None
        post.start()
        post.work()
    assert len(telegram.texts) == 1


def test_old_trouble_is_not_told_when_the_chat_is_new(tmp_path: Path) -> None:
    with FakeTelegram() as telegram:
        post = Post(tmp_path, telegram.url)
        post.event("alert", **ALERT)
        post.clock.sleep_s(60)
        post.event("start", previous="stopped")
        post.event("alert", what="clock", message="off")
        post.work()
    (text,) = telegram.texts
    assert "clock" in text
    assert "disk" not in text


def test_queue_is_bounded_and_says_what_it_let_go_of_when_nobody_takes_it(tmp_path: Path) -> None:
    with FakeTelegram() as telegram:
        post = Post(tmp_path, telegram.url)
        telegram.answer = lambda _method: Reply(502)
        outbox = post.start()
        for number in range(WAITING_MAX + 30):
            post.event("alert", what=f"trouble {number}", message="bad")
            post.clock.sleep_s(1)
        post.work()
        assert len(outbox._channels[0].backlog.parcels) == WAITING_MAX
        telegram.answer = lambda _method: None
        for _ in range(3):
            post.work(later_s=600)
    told = "\n".join(telegram.texts)
    assert [f"trouble {number}:" in told for number in (0, 29, 30, 79)] == [False, False, True, True]
    assert told.count("30 messages that were let go of") == 1
    # The next process does not dig them out again.
    post.start()
    assert post.outbox
    assert not post.outbox._channels[0].backlog.parcels


def test_what_is_older_than_a_day_is_let_go_of(tmp_path: Path) -> None:
    with FakeTelegram() as telegram:
        post = Post(tmp_path, telegram.url)
        post.start()
        post.event("alert", what="early", message="bad")
        post.work(budget_s=0.5)
        post.clock.sleep_s(90_000)
        post.event("alert", what="late", message="bad")
        post.work()
    (text,) = telegram.texts
    assert "late" in text
    assert "early" not in text
    assert "1 messages that were let go of" in text


def test_starts_are_told_once_when_the_process_dies_each_minute(tmp_path: Path) -> None:
    with FakeTelegram() as telegram:
        post = Post(tmp_path, telegram.url)
        post.start()
        for _ in range(20):
            post.event("start", previous="died")
            post.start()
            post.work(later_s=60)
        assert len(telegram.texts) == 1
        post.clock.sleep_s(4_000)
        post.event("start", previous="died")
        post.start()
        post.work()
    assert len(telegram.texts) == 2
    assert "19 further starts" in telegram.texts[1]


def test_long_messages_are_divided_when_they_do_not_fit(tmp_path: Path) -> None:
    with FakeTelegram() as telegram:
        post = Post(tmp_path, telegram.url)
        post.start()
        for number in range(20):
            post.event("alert", what=f"trouble {number}", message="😀" * 600)
        for _ in range(12):
            post.work(later_s=10)
    assert all(len(text.encode("utf-16-le")) // 2 <= 4096 for text in telegram.texts)
    assert all(f"trouble {number}:" in "\n".join(telegram.texts) for number in range(20))
    assert post.records("messages")[-1]["marks"]["events"].startswith(timestamp(NOON_S))


def test_nothing_is_begun_when_the_time_is_short(tmp_path: Path) -> None:
    with FakeTelegram() as telegram:
        post = Post(tmp_path, telegram.url)
        post.start()
        post.event("alert", **ALERT)
        post.work(budget_s=2.9)
        assert telegram.calls == []
        post.work(budget_s=55)
    assert telegram.calls == ["getUpdates", "setMyCommands", "sendMessage"]


def test_check_says_what_is_missing_when_telegram_is_enabled() -> None:
    config = settings({"telegram": {"enabled": True}})
    assert lacking(config, {}) == [
        "[telegram] is enabled, and stays silent without MOSS_TELEGRAM_TOKEN and MOSS_TELEGRAM_CHAT"
    ]
    (text,) = lacking(config, {"MOSS_TELEGRAM_TOKEN": "secret", "MOSS_TELEGRAM_CHAT": "42"})
    assert "none that BotFather gives" in text
    assert "secret" not in text
    assert lacking(config, {"MOSS_TELEGRAM_TOKEN": TOKEN, "MOSS_TELEGRAM_CHAT": str(OWNER)}) == []
    assert len(lacking(settings({}), {"MOSS_PING_URL": "hc-ping.com/x"})) == 1


def test_check_command_shows_what_is_missing_and_still_calls_the_config_good(tmp_path: Path) -> None:
    done = run("bot.py", "check", "--config", write_config(tmp_path, "[telegram]\nenabled = true\n"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "stays silent without MOSS_TELEGRAM_TOKEN and MOSS_TELEGRAM_CHAT" in done.stdout


def test_webhook_gets_each_event_as_json_when_it_is_set_up(tmp_path: Path) -> None:
    with LocalServer(lambda _request: Reply(204)) as server:
        post = Post(tmp_path, secrets={"MOSS_WEBHOOK_URL": server.url + "/hook?a=b"})
        post.start()
        post.event("error", message="no")
        alert = post.event("alert", **ALERT)
        post.event("alert_end", what="disk")
        for _ in range(3):
            post.work(later_s=60)
    first, second = (json.loads(request.body) for request in server.requests)
    assert [(request.method, request.path, request.query) for request in server.requests] == [
        ("POST", "/hook", {"a": "b"})
    ] * 2
    assert server.requests[0].headers["content-type"].startswith("application/json")
    assert first["event"] == alert
    assert first["text"].endswith("⚠ disk: the disk has 90 MiB left\nmoss: goes on recording\n→ make room")
    assert (first["also"], second["also"]) == ({"error": 1}, {})
    assert first["id"] != second["id"]


def test_outbox_is_not_imported_when_nothing_asks_for_it() -> None:
    code = "import sys, bot; print(*(name for name in sys.modules if name in ('agent.outbox', 'agent.ping')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == ""
