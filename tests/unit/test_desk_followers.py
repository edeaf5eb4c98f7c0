"""A visitor who comes back is brought to where the others are, and joins them there: it misses nothing."""

import asyncio
import json
import os
import time
from contextlib import closing
from pathlib import Path

import pytest

from agent.folder import DataFolder
from store import Store
from store import segments as files
from store.line import encode
from tests.numbered import record, store

pytest.importorskip("starlette", reason="needs the desk's packages")
from desk.dashboard.followers import Followers, Message, met
from desk.dashboard.hub import POLL_S, Hub
from desk.dashboard.position import position_of
from desk.dashboard.records import Records

BLANK = b" " * 80 + b"\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def begun(path: Path, places: dict[str, str] | None = None) -> Followers:
    return Followers(Records(DataFolder(path.parent)), places)


def places_now(path: Path) -> dict[str, str]:
    with closing(begun(path)) as followers:
        return followers.places()


def numbers(messages: list[Message]) -> list[int]:
    return [json.loads(message.text)["record"]["n"] for message in messages]


def append_blank(path: Path) -> None:
    """Append what a record that found no room on the disk leaves."""
    with path.open("ab") as file:
        file.write(BLANK)


def test_followers_meet_when_only_a_blank_line_is_between(path: Path) -> None:
    store(path, record(0))
    places = places_now(path)
    append_blank(path)
    with closing(begun(path, places)) as own, closing(begun(path)) as common:
        assert met(common, own) == ([], [], True)


def test_visitor_joins_when_only_a_blank_line_is_between(path: Path) -> None:
    store(path, record(0))
    position = position_of(places_now(path))
    append_blank(path)
    hub = Hub(Records(DataFolder(path.parent)))

    async def visit() -> list[int]:
        messages = hub.messages(position)
        await anext(messages)
        following = asyncio.ensure_future(anext(messages))
        await asyncio.sleep(4 * POLL_S)
        begun_s = time.process_time()
        await asyncio.sleep(4 * POLL_S)
        assert time.process_time() - begun_s < 2 * POLL_S
        store(path, record(1))
        message = await following
        await messages.aclose()
        return numbers([message] if message else [])

    try:
        assert asyncio.run(visit()) == [1]
    finally:
        hub.close()


def test_followers_do_not_meet_when_a_writer_stands_still_between(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_SETTLE_S_MAX", 0.05)
    store(path, record(0))
    places = places_now(path)
    with Store(path, durable=False) as writer:
        writer._lock()
        os.write(writer._descriptor, encode(record(1)))
        own, common = begun(path, places), begun(path)
        assert met(common, own)[1:] == ([], False)
    store(path, record(2))
    with closing(own), closing(common):
        _, mine, is_met = met(common, own)
        assert is_met
        assert numbers(mine) == [1, 2]
