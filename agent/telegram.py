"""Telegram's Bot API: messages to one chat in plain text, and what is written to the bot.

The token is part of every address, so no error and no message here holds one.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from agent.clock import Clock
from agent.console import visible
from agent.delivery import post, refusal
from agent.errors import Unreachable, Unusable
from agent.fetch import Answer, Fetcher

TEXT_MAX = 4096
_UPDATES_MAX = 50
_TOKEN = re.compile("[0-9]+:[A-Za-z0-9_-]+")


class Arrived(NamedTuple):
    """What was written to the bot, and what time it is at Telegram, seconds since 1970 UTC."""

    updates: Sequence[Mapping[str, Any]]
    now_s: float


class Telegram:
    """One bot of Telegram's, and the one chat it talks to.

    Arguments:
        url: the API's base address.
        token: the bot's, as BotFather gave it.
        chat: the chat's id.
        fetcher: asks.
        clock: what tells the time.
    """

    def __init__(self, url: str, token: str, chat: str, fetcher: Fetcher, clock: Clock) -> None:
        self.chat = chat
        self._base = f"{url.rstrip('/')}/bot{token}"
        self._token = token
        self._fetcher = fetcher
        self._clock = clock

    def send(self, text: str, deadline_s: float) -> None:
        """Send one message; raises MossError where Telegram did not say that it took it."""
        result, _ = self._call("sendMessage", {"chat_id": self.chat, "text": text}, deadline_s)
        if not isinstance(result, dict) or "message_id" not in result:
            raise Unusable("Telegram sendMessage answered without the message it took")

    def updates(self, offset: int | None, deadline_s: float) -> Arrived:
        """Return what was written to the bot; all before `offset` is done with, and Telegram forgets it.

        Raises: MossError; Refused with status 409 where another program, or a webhook, takes what is written.
        """
        content: dict[str, Any] = {"timeout": 0, "limit": _UPDATES_MAX, "allowed_updates": ["message"]}
        result, answer = self._call("getUpdates", content | ({} if offset is None else {"offset": offset}), deadline_s)
        if not isinstance(result, list):
            raise Unusable("Telegram getUpdates answered with something that is no list")
        found = [update for update in result[:_UPDATES_MAX] if isinstance(update, dict)]
        return Arrived(found, self._clock.now_s() + (answer.skew_s or 0.0))

    def set_menu(self, commands: Mapping[str, str], deadline_s: float) -> None:
        """Have Telegram show these commands, by name, to whoever writes to the bot; raises MossError."""
        menu = [{"command": name, "description": what} for name, what in commands.items()]
        self._call("setMyCommands", {"commands": menu}, deadline_s)

    def _call(self, method: str, content: Mapping[str, Any], deadline_s: float) -> tuple[Any, Answer]:
        name = f"Telegram {method}"
        answer = post(self._fetcher, f"{self._base}/{method}", json.dumps(content), name, deadline_s)
        found = _read(answer.body)
        why = visible(str(found.get("description", "")).replace(self._token, "TOKEN"))[:200]
        parameters = found.get("parameters")
        asked = parameters.get("retry_after") if isinstance(parameters, dict) else None
        wait_s = float(asked) if isinstance(asked, int) and 0 < asked < 1_000_000 else None
        error = refusal(name, answer, self._clock.now_s(), why, wait_s)
        if error and found.get("ok") is False:
            raise error
        if error or found.get("ok") is not True:
            # A portal or a proxy that stands in between says no for itself, not for Telegram.
            raise Unreachable(f"{name} answered {answer.status} in something that is not Telegram's")
        return found.get("result"), answer


def usable_token(token: str) -> bool:
    """Tell whether a token has the form that BotFather gives them."""
    return _TOKEN.fullmatch(token) is not None


def length(text: str) -> int:
    """Return how long Telegram takes a text to be: in units of UTF-16."""
    return len(text.encode("utf-16-le", errors="replace")) // 2


def fitting(texts: Sequence[str], length_max: int = TEXT_MAX) -> Iterator[str]:
    """Yield the first of the texts that fit into one message with an empty line between them; at least one, cut."""
    left = length_max
    for index, text in enumerate(texts):
        if index and length(text) + 2 > left:
            return
        # A character beyond the basic plane counts twice: half as many always fit.
        text = text if length(text) <= left else text[: left // 2 - 1] + "…"
        left -= length(text) + 2
        yield text


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
