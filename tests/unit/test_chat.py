"""Commands from the chat: the owner's, fresh ones, each once; everybody else is counted and told of once a day."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent.chat import command_in, refused
from tests.fakes.post import NOON_S, Post
from tests.fakes.server import Reply
from tests.fakes.telegram import FakeTelegram, refuse

STRANGER = {"id": 666, "is_bot": False, "first_name": "Mallory"}
LAST_ID = 99


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, None),
        ({"from": STRANGER}, "stranger"),
        ({"from": STRANGER, "chat": {"id": 666, "type": "private"}}, "stranger"),
        ({"from": {"id": 42, "is_bot": True}}, "stranger"),
        ({"chat": {"id": -100, "type": "supergroup"}}, "group"),
        ({"chat": {"id": 42, "type": "group"}}, "group"),
        ({"chat": {"id": 42, "type": "channel"}}, "group"),
        ({"edit_date": int(NOON_S)}, "edited"),
        ({"forward_origin": {"type": "user"}}, "forwarded"),
        ({"forward_date": int(NOON_S)}, "forwarded"),
        ({"via_bot": {"id": 7}}, "forwarded"),
        ({"date": int(NOON_S) - 301}, "old"),
        ({"date": int(NOON_S) - 299}, None),
        ({"date": int(NOON_S) + 301}, "old"),
        ({"date": "today"}, "unreadable"),
        ({"text": 5}, "unreadable"),
        ({"from": None}, "unreadable"),
        ({"from": {"id": "42 "}}, "stranger"),
    ],
)
def test_update_is_refused_unless_it_is_the_owner_s_own(more: dict[str, Any], why: str | None) -> None:
    telegram = FakeTelegram()
    telegram.write("/status", NOON_S, update_id=100, **more)
    telegram.server._server.server_close()
    assert refused(telegram.updates[0], "42", NOON_S, LAST_ID) == why


def test_update_is_refused_when_it_was_taken_before_or_is_no_message() -> None:
    telegram = FakeTelegram()
    telegram.write("/status", NOON_S, update_id=LAST_ID)
    telegram.server._server.server_close()
    (update,) = telegram.updates
    assert refused(update, "42", NOON_S, LAST_ID) == "replayed"
    assert refused({"update_id": 100, "edited_message": update["message"]}, "42", NOON_S, LAST_ID) == "edited"
    assert refused({"update_id": 100, "poll": {}}, "42", NOON_S, LAST_ID) == "unreadable"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("/status", "status"),
        ("/Status@my_bot now", "status"),
        (" /pause\n", "pause"),
        ("hello", ""),
        ("", ""),
        ("/", ""),
    ],
)
def test_command_is_the_first_word(text: str, what: str) -> None:
    assert command_in(text) == what


@pytest.fixture
def post(tmp_path: Path, telegram: FakeTelegram) -> Post:
    return posting(tmp_path, telegram)


def posting(folder: Path, telegram: FakeTelegram, lang: str = "en") -> Post:
    """Return a post that lives at the same moment as its Telegram."""
    post = Post(folder, telegram.url, lang=lang)
    telegram.now_s = post.clock.now_s
    return post


@pytest.fixture
def telegram() -> Any:  # noqa: ANN401 - pytest makes an iterator a value
    with FakeTelegram() as fake:
        yield fake


def commands(post: Post) -> list[tuple[str, str, int]]:
    events = (event for event in post.records("events") if event["kind"] == "command")
    return [(event["what"], event["by"], event["update_id"]) for event in events]


def test_order_becomes_an_event_and_is_answered_when_the_owner_gives_it(post: Post, telegram: FakeTelegram) -> None:
    for number, what in enumerate(("pause", "resume", "reload")):
        telegram.write(f"/{what}", NOON_S, update_id=100 + number)
    post.work()
    assert commands(post) == [("pause", "telegram", 100), ("resume", "telegram", 101), ("reload", "telegram", 102)]
    (text,) = telegram.texts
    assert ["paused" in text, "resumed" in text, "read anew" in text] == [True] * 3
    for _ in range(3):
        post.work(later_s=60)
    assert len(telegram.texts) == 1


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_questions_are_answered_from_the_store(tmp_path: Path, telegram: FakeTelegram, lang: str) -> None:
    post = posting(tmp_path, telegram, lang=lang)
    post.event("start", previous=None)
    common = {"symbol": "KRW-BTC", "source": "upbit"}
    post.store("prices", "candle", **common, open_ts="2026-11-21T02:59:00.000Z", close=98_100_000.0)
    signal = {"candle_ts": "2026-11-21T02:59:00.000Z", "price": 98_100_000.0, "signal": "BUY", "reason": "fast > slow"}
    post.store("signals", "signal", **common, **signal)
    post.fill("BUY", Decimal(98_149_050))
    post.store("sentiment", "score", text_id="a-b", score=0.5, title="Bitcoin\x1b[31m rises")
    told = {
        "status": ["98,100,000", "9,950,000"],
        "signal": ["KRW-BTC BUY 98,100,000", "fast > slow"],
        "balance": ["KRW-BTC 0.00081", "9,999,925"],
        "sentiment": ["+0.50 Bitcoin [31m rises"],
        "help": ["/pause", "/help"],
        "start": ["/pause", "/help"],
    }
    for number, (what, words) in enumerate(told.items()):
        telegram.write(f"/{what}", post.clock.now_s(), update_id=100 + number)
        post.work(later_s=60)
        assert [word in telegram.texts[-1] for word in words] == [True] * len(words), telegram.texts[-1]


def test_questions_are_answered_when_there_is_nothing_yet(post: Post, telegram: FakeTelegram) -> None:
    for number, what in enumerate(("status", "signal", "balance", "sentiment")):
        telegram.write(f"/{what}", NOON_S, update_id=100 + number)
    post.work()
    assert telegram.texts[0].count("nothing there yet") == 3
    assert "never started" in telegram.texts[0]


def test_question_is_answered_when_the_store_can_not_be_made_sense_of(post: Post, telegram: FakeTelegram) -> None:
    post.store("ledger", "fill", odd=1)
    telegram.write("/balance", NOON_S, update_id=100)
    post.work()
    assert telegram.texts == ["it could not be read from the store"]


def test_commands_are_asked_for_each_half_minute_when_nothing_else_is_due(post: Post, telegram: FakeTelegram) -> None:
    post.start()
    for _ in range(10):
        post.work(later_s=29.9)
        post.work(later_s=0.1)
    assert telegram.calls == ["getUpdates", "setMyCommands", *["getUpdates"] * 9]


def test_nothing_is_followed_when_it_was_seen_by_an_earlier_process(post: Post, telegram: FakeTelegram) -> None:
    telegram.write("/pause", NOON_S, update_id=100)
    post.work()
    post.start()
    # Telegram forgets what was asked past; something that replays it does not.
    telegram.answer = lambda method: replayed if method == "getUpdates" else None
    replayed = Reply(200, b'{"ok":true,"result":[%s]}' % update_json(100, NOON_S))
    post.work(later_s=60)
    assert commands(post) == [("pause", "telegram", 100)]


def test_update_of_a_lower_number_is_followed_when_there_was_none_for_a_week(
    post: Post, telegram: FakeTelegram
) -> None:
    telegram.write("/pause", NOON_S, update_id=100)
    post.work()
    post.work(later_s=7 * 86_400)
    # As Telegram does after a week: counted from anywhere, and handed out whatever was asked for.
    telegram.answer = lambda method: lower if method == "getUpdates" else None
    lower = Reply(200, b'{"ok":true,"result":[%s]}' % update_json(7, post.clock.now_s()))
    post.work()
    post.work(later_s=60)
    assert commands(post) == [("pause", "telegram", 100), ("pause", "telegram", 7)]


def update_json(number: int, date_s: float) -> bytes:
    who = b'"from":{"id":42},"chat":{"id":42,"type":"private"}'
    return b'{"update_id":%d,"message":{%s,"date":%d,"text":"/pause"}}' % (number, who, date_s)


def test_age_is_told_by_telegram_s_time_when_the_machine_s_clock_is_off(post: Post, telegram: FakeTelegram) -> None:
    telegram.now_s = lambda: post.clock.now_s() + 3_600
    telegram.write("/pause", telegram.now_s(), update_id=100)
    telegram.write("/resume", post.clock.now_s(), update_id=101)
    post.work()
    assert commands(post) == [("pause", "telegram", 100)]


def test_strangers_are_told_of_once_a_day(post: Post, telegram: FakeTelegram) -> None:
    number = 100
    for _ in range(48):
        for _ in range(5):
            telegram.write("/pause", post.clock.now_s(), update_id=number, **{"from": STRANGER})
            number += 1
        post.work(later_s=1800)
        post.start()
    assert commands(post) == []
    dropped = [event for event in post.records("events") if event["kind"] == "dropped"]
    assert [event["count"] for event in dropped][:1] == [5]
    assert len(dropped) <= 2
    assert len([text for text in telegram.texts if "not followed" in text]) == len(dropped)
    assert "from a stranger" in telegram.texts[0]


def test_messages_go_on_when_another_program_takes_the_commands(post: Post, telegram: FakeTelegram) -> None:
    conflict = refuse(409, "Conflict: terminated by other getUpdates request")
    telegram.answer = lambda method: conflict if method == "getUpdates" else None
    post.start()
    post.event("alert", what="disk", message="full")
    for _ in range(3):
        post.work(later_s=60)
    assert len(telegram.texts) == 1
