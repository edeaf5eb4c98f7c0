"""A whole bot with a chat and a watcher elsewhere: it obeys its owner, pings, and decides as well when both hang."""

import time
from pathlib import Path
from typing import Any

from tests.fakes.server import LocalServer, Reply
from tests.fakes.telegram import OWNER, TOKEN, FakeTelegram
from tests.fakes.trouble import TroubleServer, hang
from tests.scripts import records, start, wait_for, wait_for_more, write_config

# Real speed for what is sent; a demo minute each 600 ms for what is decided.
DEMO = '[market]\nsource = "demo"\ndemo_speed = 100\n[store]\ndurable = false\n[telegram]\nenabled = true\n'


def secrets(ping: str) -> dict[str, Any]:
    return {"MOSS_TELEGRAM_TOKEN": TOKEN, "MOSS_TELEGRAM_CHAT": str(OWNER), "MOSS_PING_URL": ping}


def test_bot_pings_after_an_evaluation_and_obeys_its_owner(tmp_path: Path) -> None:
    pings: list[str] = []
    data = tmp_path / "data"

    def pinged(request: object) -> Reply:
        pings.append(str(request))
        return Reply(200, b"OK")

    with LocalServer(pinged) as watcher, FakeTelegram() as telegram:
        config = write_config(tmp_path, f'{DEMO}url = "{telegram.url}"\n')
        secret = secrets(f"{watcher.url}/uuid")
        with start("bot.py", "run", "--config", config, "--data", data, **secret) as process:
            wait_for(lambda: bool(pings))
            # The demo's clock runs ahead of this one: what is written now must not look old to it.
            telegram.write("/pause", time.time() + 86_400 * 30, update_id=7)
            wait_for(lambda: any(event["kind"] == "command" for event in records(data, "events")), limit_s=60)
            wait_for(lambda: any(event["kind"] == "alert" for event in records(data, "events")), limit_s=60)
            process.terminate()
            _, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    (command,) = [event for event in records(data, "events") if event["kind"] == "command"]
    assert (command["what"], command["by"], command["update_id"]) == ("pause", "telegram", 7)
    assert [event["what"] for event in records(data, "events") if event["kind"] == "alert"] == ["paused"]
    whole = err + "".join(file.read_text() for file in data.glob("*.jsonl"))
    assert TOKEN not in whole
    assert "/uuid" not in whole


def test_bot_decides_in_time_while_chat_and_watcher_hang(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with TroubleServer(hang) as chat, TroubleServer(hang) as watcher:
        config = write_config(tmp_path, f'{DEMO}url = "{chat.url}"\n')
        with start("bot.py", "run", "--config", config, "--data", data, **secrets(watcher.url)) as process:
            wait_for_more(data, "signals", 6)
            process.terminate()
            _, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    minutes = [record["candle_ts"] for record in records(data, "signals")]
    assert len(minutes) == len(set(minutes))
    assert not [event for event in records(data, "events") if event["kind"] == "error"], err
