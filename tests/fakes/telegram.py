"""A Telegram of our own on 127.0.0.1: keeps what it is sent, hands out what a test lets people write."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from typing import Any

from tests.fakes.server import LocalServer, Reply, Request

TOKEN = "123456:not-a-real-token"  # noqa: S105 - made up
OWNER = 42


class FakeTelegram:
    """Answers as Telegram does; `texts` is what the chat shows, `updates` what is still to be fetched.

    `answer` may be set to something that answers in its place, or None to leave it to Telegram; `now_s` tells its time.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.calls: list[str] = []
        self.updates: list[dict[str, Any]] = []
        self.now_s: Callable[[], float] = time.time
        self.answer: Callable[[str], Reply | None] = lambda _method: None
        self.server = LocalServer(self._serve)

    def __enter__(self) -> "FakeTelegram":
        self.server.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self.server.__exit__(None, None, None)

    @property
    def url(self) -> str:
        return self.server.url

    def write(self, text: str, date_s: float, /, *, update_id: int, **more: Any) -> None:  # noqa: ANN401 - any JSON
        """Let the owner write; `more` overrides parts of the message."""
        message = {
            "message_id": update_id,
            "from": {"id": OWNER, "is_bot": False, "first_name": "Owner"},
            "chat": {"id": OWNER, "type": "private"},
            "date": int(date_s),
            "text": text,
        }
        self.updates.append({"update_id": update_id, "message": message | more})

    def _serve(self, request: Request) -> Reply:
        reply = self._reply(request)
        return replace(reply, headers={"Date": formatdate(self.now_s(), usegmt=True), **reply.headers})

    def _reply(self, request: Request) -> Reply:
        _, bot, method = request.path.split("/")
        self.calls.append(method)
        if reply := self.answer(method):
            return reply
        if bot != f"bot{TOKEN}":
            return refuse(401, "Unauthorized")
        content = json.loads(request.body)
        result: Any = True
        if method == "sendMessage":
            if not 0 < len(content["text"]) <= 4096:
                return refuse(400, "Bad Request: message is too long")
            if content["chat_id"] != str(OWNER):
                return refuse(400, "Bad Request: chat not found")
            self.texts.append(content["text"])
            result = {"message_id": len(self.texts)}
        elif method == "getUpdates":
            self.updates = [update for update in self.updates if update["update_id"] >= content.get("offset", 0)]
            result = self.updates[: content["limit"]]
        return Reply(200, json.dumps({"ok": True, "result": result}).encode())


def refuse(status: int, description: str, **parameters: int) -> Reply:
    """Say no the way Telegram does."""
    content = {"ok": False, "error_code": status, "description": description}
    return Reply(status, json.dumps(content | ({"parameters": parameters} if parameters else {})).encode())
