"""A whole bot with a chat and a watcher elsewhere: it pings, obeys its owner, and keeps its secrets."""

import time
from pathlib import Path
from typing import Any

from tests.fakes.server import LocalServer, Reply
from tests.fakes.telegram import OWNER, TOKEN, FakeTelegram
from tests.scripts import records, start, wait_for, write_config

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
            # Now, by Telegram's clock, as the bot goes by: the demo's runs ahead of it, by five minutes after 3 s.
            telegram.write("/pause", time.time(), update_id=7)
            wait_for(lambda: any(event["kind"] == "command" for event in records(data, "events")), limit_s=60)
            wait_for(lambda: any(event["kind"] == "alert" for event in records(data, "events")), limit_s=60)
            process.terminate()
            _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    (command,) = [event for event in records(data, "events") if event["kind"] == "command"]
    assert (command["what"], command["by"], command["update_id"]) == ("pause", "telegram", 7)
    assert [event["what"] for event in records(data, "events") if event["kind"] == "alert"] == ["paused"]
    whole = err + "".join(file.read_text() for file in data.glob("*.jsonl"))
    assert TOKEN not in whole
    assert "/uuid" not in whole
