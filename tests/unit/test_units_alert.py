"""What moss-alert@.service runs: the alert is stored and sent, and the token shows nowhere."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.server import LocalServer, Reply, Request
from tests.scripts import TOP, environment, records, run

TOKEN = "123456:not-a-real-token"  # noqa: S105 - made up
SAID_BY_SYSTEMD = {"MONITOR_SERVICE_RESULT": "exit-code", "MONITOR_EXIT_STATUS": "78"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def alert(data: Path, url: str, *, secrets: bool, **said: str) -> subprocess.CompletedProcess[str]:
    """Run it for moss-bot.service on this folder, with a config that names the chat's address."""
    config, credentials = data.parent / "moss.toml", data.parent / "credentials"
    config.write_text(f'[telegram]\nurl = "{url}"\n')
    credentials.mkdir(exist_ok=True)
    if secrets:
        (credentials / "MOSS_TELEGRAM_TOKEN").write_text(f"{TOKEN}\n")
        (credentials / "MOSS_TELEGRAM_CHAT").write_text(" 42 \n")
    places = {"MOSS_DATA": str(data), "MOSS_CONFIG": str(config), "CREDENTIALS_DIRECTORY": str(credentials)}
    return subprocess.run(
        [sys.executable, TOP / "systemd/alert.py", "moss-bot.service"],
        env=environment(PYTHONPATH=str(TOP), **places, **(SAID_BY_SYSTEMD | said)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_alert_is_stored_and_sent_when_the_secrets_are_there(data: Path) -> None:
    with LocalServer(lambda _request: Reply(200, b'{"ok":true,"result":{"message_id":7}}')) as server:
        done = alert(data, server.url, secrets=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [request.path for request in server.requests] == [f"/bot{TOKEN}/sendMessage"]
    content = json.loads(server.requests[0].body)
    assert content["chat_id"] == "42"
    assert "moss-bot.service failed" in content["text"]
    (event,) = records(data, "events")
    assert (event["kind"], event["what"]) == ("alert", "moss-bot.service")
    assert "status 78: the configuration is wrong" in event["message"]


def test_alert_names_its_unit_once_when_the_status_tells_of_it(data: Path) -> None:
    alert(data, "http://127.0.0.1:9", secrets=False)
    status = run("bot.py", "--data", data, "--config", data.parent / "moss.toml", "status")
    assert "\nmoss-bot.service the unit failed and stays down (exit-code, status 78: " in status.stdout
    assert status.stdout.count("moss-bot.service") == 1


def test_alert_is_only_stored_when_there_are_no_secrets(data: Path) -> None:
    with LocalServer(lambda _request: Reply()) as server:
        done = alert(data, server.url, secrets=False)
    assert (done.returncode, server.requests) == (0, [])
    assert len(records(data, "events")) == 1


def test_alert_keeps_the_token_to_itself_when_the_chat_refuses_it(data: Path) -> None:
    def refuse(request: Request) -> Reply:
        return Reply(401, json.dumps({"ok": False, "description": f"Unauthorized: {request.path}"}).encode())

    with LocalServer(refuse) as server:
        done = alert(data, server.url, secrets=True)
    assert done.returncode == 1
    said = "Telegram sendMessage answered 401, Unauthorized: /botTOKEN/sendMessage"
    assert done.stderr == f"the alert is not sent: {said}\n"
    assert TOKEN not in (data / "events.jsonl").read_text()


def test_alert_is_sent_all_the_same_when_it_can_not_be_stored(data: Path) -> None:
    data.rename(data.parent / "elsewhere")
    with LocalServer(lambda _request: Reply()) as server:
        done = alert(data, server.url, secrets=True)
    assert done.returncode == 1
    assert len(server.requests) == 1


def test_alert_says_nothing_when_systemd_starts_the_unit_again(data: Path) -> None:
    with LocalServer(lambda _request: Reply()) as server:
        done = alert(data, server.url, secrets=True, MONITOR_SERVICE_RESULT="signal", MONITOR_EXIT_STATUS="KILL")
    assert (done.returncode, server.requests, records(data, "events")) == (0, [], [])
