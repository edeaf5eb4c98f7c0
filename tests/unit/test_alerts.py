"""Troubles that last: told once, and their end once, whatever is restarted between."""

from pathlib import Path

import pytest

from agent.advice import words_for
from agent.alerts import Alerts, still_open
from agent.orders import Orders
from store import Store
from tests.scripts import records

TS = "2026-03-11T12:00:00.000Z"


class Diary:
    """A stream of events, and alerts over it; `restart` reads their state back as a new process would."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "events.jsonl"
        self.restart()

    def tell(self, kind: str, **fields: object) -> None:
        with Store(self.path) as events:
            events.append({"ts": TS, "kind": kind, **fields})

    def restart(self) -> None:
        self.alerts = Alerts(self.tell, self.path)

    def told(self) -> list[tuple[str, str]]:
        return [(event["kind"], event.get("what", "")) for event in records(self.folder, "events")]


def test_alert_is_told_once_and_its_end_once(tmp_path: Path) -> None:
    diary = Diary(tmp_path)
    for _ in range(3):
        diary.alerts.begin("memory", rss_mib=90)
    for _ in range(3):
        diary.alerts.end("memory")
    assert diary.told() == [("alert", "memory"), ("alert_end", "memory")]
    alert = records(tmp_path, "events")[0]
    assert alert["message"] == "the bot holds 90 MiB of memory"
    assert alert["rss_mib"] == 90
    assert alert["doing"]
    assert alert["advice"]


def test_alert_is_still_open_after_a_restart_and_not_told_again(tmp_path: Path) -> None:
    diary = Diary(tmp_path)
    diary.alerts.begin("memory", rss_mib=90)
    diary.alerts.begin("scorer", age_min=50)
    diary.alerts.end("scorer")
    diary.restart()
    diary.alerts.begin("memory", rss_mib=91)
    assert list(diary.alerts.open) == ["memory"]
    assert len(diary.told()) == 3


def test_open_alerts_are_read_no_further_back_than_the_last_list_of_them(tmp_path: Path) -> None:
    diary = Diary(tmp_path)
    diary.alerts.begin("memory", rss_mib=90)
    diary.tell("report", alerts=[{"what": "scorer", "message": "m", "doing": "d"}, {"what": "disk", "message": "m"}])
    diary.tell("alert_end", what="disk")
    diary.tell("alert", what="moss-bot.service", message="failed", doing="nothing")
    assert list(still_open(diary.path)) == ["moss-bot.service", "scorer"]


def test_alert_that_another_process_told_or_ended_is_taken_note_of(tmp_path: Path) -> None:
    diary = Diary(tmp_path)
    orders = Orders(diary.path)
    diary.tell("alert", what="backup", message="m", doing="d")
    diary.alerts.begin("memory", rss_mib=90)
    diary.tell("alert_end", what="memory")
    for event in orders.fresh():
        diary.alerts.note(event)
    assert list(diary.alerts.open) == ["backup"]


def test_alert_ends_only_when_there_is_some_room_again(tmp_path: Path) -> None:
    diary = Diary(tmp_path)
    for load in (0.5, 0.99, 1.0, 1.5, 0.9, 1.1, 0.81, 0.79, 0.9):
        diary.alerts.weigh("memory", load, rss_mib=1)
    assert diary.told() == [("alert", "memory"), ("alert_end", "memory")]


def test_alert_whose_record_could_not_be_stored_is_told_the_next_time(tmp_path: Path) -> None:
    diary = Diary(tmp_path)

    def broken(_kind: str, **_fields: object) -> None:
        raise OSError(28, "no space")

    diary.alerts = Alerts(broken, diary.path)
    with pytest.raises(OSError, match="no space"):
        diary.alerts.begin("memory", rss_mib=90)
    diary.alerts._tell = diary.tell
    diary.alerts.begin("memory", rss_mib=90)
    assert diary.told() == [("alert", "memory")]


def test_advice_is_there_for_each_market_of_its_own() -> None:
    words = words_for("prices KRW-BTC", {"age_min": 12})
    assert words["message"] == "no answer with prices for 12 minutes"


def test_orders_are_read_once_each_in_their_order(tmp_path: Path) -> None:
    diary = Diary(tmp_path)
    orders = Orders(diary.path)
    assert followed(orders) == []
    for name in ("pause", "resume", "reload"):
        diary.tell("command", what=name)
    assert followed(orders) == ["pause", "resume", "reload"]
    assert followed(orders) == []
    (tmp_path / "events.jsonl").rename(tmp_path / "events.jsonl-20260311-1773230400")
    diary.tell("command", what="pause")
    assert followed(orders) == ["pause"]


def followed(orders: Orders) -> list[str]:
    events = orders.fresh()
    orders.done(events)
    return [event["what"] for event in events]


def test_orders_given_while_no_bot_ran_are_there_for_the_next_one(tmp_path: Path) -> None:
    diary = Diary(tmp_path)
    diary.tell("start")
    diary.tell("command", what="resume")
    diary.tell("stop")
    diary.tell("command", what="pause")
    assert [event["what"] for event in Orders(diary.path).fresh()] == ["pause"]
