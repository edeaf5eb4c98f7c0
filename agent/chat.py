"""The owner's chat with the bot on Telegram: what happened is told there, commands are taken from one person alone."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from agent.channel import Message
from agent.clock import DAY_S, Clock, seconds, timestamp
from agent.console import say
from agent.errors import MossError, Refused, Stopped
from agent.folder import DataFolder
from agent.patience import Budget
from agent.status import status
from agent.telegram import TEXT_MAX, Telegram, fitting, length
from agent.wording import Wording
from store import NotStored, Record, newest

# The loop comes round each half minute at least: a little less, so that its next round is not a moment too early.
POLL_S = 28.0
AGE_S_MAX = 300.0
# After a week without a message Telegram counts its updates from anywhere, lower too; until then they rise.
_RISING_S = 6.0 * DAY_S
_ORDERS = ("pause", "resume", "reload")
# Answers come from a day of records, which takes a slow machine a moment.
_ANSWER_S_MIN = 3.0
_ASKED_MAX = 10


class Chat:
    """Sends records, takes commands and answers them; a channel's sender.

    Arguments:
        telegram: the bot at Telegram.
        wording: what is said, and how.
        folder: what answers are read from.
        clock: what tells the time.
        tell: stores an event, of a kind and with fields; raises NotStored.
        is_told: tells which records are worth a message.
    """

    name = "telegram"
    losses_max: int | None = 3
    # One message a second in one chat and twenty a minute are what Telegram allows.
    pause_s = 3.0
    advice = "401, 404: look at MOSS_TELEGRAM_TOKEN; 400, 403: at MOSS_TELEGRAM_CHAT, and press Start in the bot's chat"

    def __init__(
        self,
        telegram: Telegram,
        wording: Wording,
        folder: DataFolder,
        clock: Clock,
        tell: Callable[..., object],
        is_told: Callable[[Record], bool],
    ) -> None:
        self._telegram = telegram
        self._wording = wording
        self._folder = folder
        self._clock = clock
        self._tell = tell
        self._is_told = is_told
        self._asked: list[str] = []
        self._refused: Counter[str] = Counter()
        self._next_poll_s = 0.0
        self._has_menu = self._is_shared = False
        self._offset: int | None = None
        self._newest_id, self._newest_s = -1, 0.0
        self._told_s = 0.0
        self._recall(clock.now_s())

    @property
    def has_answers(self) -> bool:
        return bool(self._asked)

    def is_wanted(self, record: Record) -> bool:
        what = str(record.get("what", ""))
        # Of a unit that is down for good moss-alert@.service tells by itself, while nothing else runs.
        return what != self.name and not what.endswith(".service") and self._is_told(record)

    def look(self, budget: Budget, *, is_doubtful: bool) -> None:
        """Take what was written to the bot, each half minute.

        It is the probe too: a message whose answer was lost is sent again only after an answer to this, which can not
        be told twice.
        """
        now_s = self._clock.monotonic_s()
        if now_s < self._next_poll_s and not is_doubtful:
            return
        self._next_poll_s = now_s + POLL_S
        try:
            arrived = self._telegram.updates(self._offset, budget.call_s)
        except Refused as error:
            if error.status != 409:
                raise
            if not self._is_shared:
                say(f"{error}; messages are sent all the same, commands are not heard")
            self._is_shared = True
            return
        self._is_shared = False
        for update in arrived.updates:
            self._take(update, arrived.now_s)
        self._tell_refused(self._clock.now_s())
        self._show_menu(budget)

    def compose(self, records: Sequence[Record], also: Mapping[str, int], budget: Budget) -> Message:
        """Put answers first, then as many records as fit."""
        answers = [self._answer(what) for what in self._asked] if budget.left_s >= _ANSWER_S_MIN else []
        footer = self._wording.also(also) if records else ""
        texts = [*answers, *(self._wording.line(record) for record in records)]
        fitted = list(fitting(texts, TEXT_MAX - length(footer) - 2))
        told = max(0, len(fitted) - len(answers))
        # What else there was is said with the record it came before.
        return Message("\n\n".join([*fitted, footer] if footer and told else fitted), told, len(fitted) - told)

    def send(self, message: Message, deadline_s: float) -> None:
        self._telegram.send(message.content, deadline_s)
        # Those that did not fit are answered by the next one.
        del self._asked[: message.answers]

    def _take(self, update: Mapping[str, Any], now_s: float) -> None:
        number = update.get("update_id")
        if type(number) is not int:
            self._refused["unreadable"] += 1
            return
        self._offset = number + 1
        newest_id = self._newest_id if now_s - self._newest_s < _RISING_S else -1
        if why := refused(update, self._telegram.chat, now_s, newest_id):
            self._refused[why] += 1
            return
        what = command_in(update["message"]["text"])
        what = what if what in self._wording.menu else "help"
        try:
            self._tell("command", what=what, by=self.name, update_id=number)
        except NotStored:
            # What is not stored has not happened: the loop would not hear of it either.
            what = "not_stored"
        self._newest_id, self._newest_s = number, now_s
        if len(self._asked) < _ASKED_MAX:
            self._asked.append(what)

    def _answer(self, what: str) -> str:
        wording, now_s = self._wording, self._clock.now_s()
        try:
            if what == "status":
                return wording.status(status(self._folder, now_s))
            if what == "signal":
                return wording.signals(status(self._folder, now_s))
            if what == "balance":
                return wording.balance(next(newest(self._folder.stream("ledger")), None))
            if what == "sentiment":
                since = timestamp(now_s - DAY_S)
                scores = takewhile(lambda record: record["ts"] >= since, newest(self._folder.stream("sentiment")))
                return wording.sentiment(list(scores))
        except (OSError, MossError, KeyError, TypeError, ValueError):
            # A record that somebody else wrote there is no reason to end, nor to leave the question open.
            return wording["failed"]
        if what == "help":
            return wording.help()
        return wording["reload_asked" if what == "reload" else what]

    def _tell_refused(self, now_s: float) -> None:
        """Tell of what was not followed, once a day: whoever finds the bot could else have it write all day."""
        if self._refused and now_s - self._told_s >= DAY_S:
            count, why = self._refused.total(), dict(self._refused)
            self._tell("dropped", channel=self.name, count=count, why=why)
            self._refused.clear()
            self._told_s = now_s

    def _show_menu(self, budget: Budget) -> None:
        if self._has_menu or not budget.call_s:
            return
        self._has_menu = True
        try:
            self._telegram.set_menu(self._wording.menu, budget.call_s)
        except Stopped:
            raise
        except MossError:
            # The commands work without it, and the next start tries again.
            return

    def _recall(self, now_s: float) -> None:
        """Read back up to which update commands were taken, and when refused ones were last told of."""
        for event in newest(self._folder.stream("events")):
            age_s = now_s - seconds(event["ts"])
            if age_s > _RISING_S or (age_s > DAY_S and self._offset is not None):
                return
            if event["kind"] == "dropped" and event.get("channel") == self.name:
                self._told_s = max(self._told_s, seconds(event["ts"]))
            number = event.get("update_id") if event["kind"] == "command" and event.get("by") == self.name else None
            if self._offset is None and type(number) is int:
                self._newest_id, self._newest_s, self._offset = number, seconds(event["ts"]), number + 1


def refused(update: Mapping[str, Any], owner: str, now_s: float, newest_id: int) -> str | None:
    """Say why an update is no command of the owner's; None where it is one.

    Arguments:
        owner: the id of the one person and of the private chat with that person, which are the same number.
        now_s: Telegram's time.
        newest_id: the last update that was taken.
    """
    if "edited_message" in update:
        return "edited"
    message = update.get("message")
    if not isinstance(message, dict):
        return "unreadable"
    sender, chat, date_s = message.get("from"), message.get("chat"), message.get("date")
    if not isinstance(sender, dict) or not isinstance(chat, dict) or type(date_s) is not int:
        return "unreadable"
    if chat.get("type") != "private":
        return "group"
    if not str(sender.get("id")) == str(chat.get("id")) == owner or sender.get("is_bot"):
        return "stranger"
    if "edit_date" in message:
        return "edited"
    if "via_bot" in message or any(name.startswith("forward_") for name in message):
        return "forwarded"
    if update["update_id"] <= newest_id:
        return "replayed"
    if abs(now_s - date_s) > AGE_S_MAX:
        return "old"
    return None if isinstance(message.get("text"), str) else "unreadable"


def command_in(text: str) -> str:
    """Return the command that a text begins with: "status" of "/status@my_bot now"; "" where there is none."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    return first[1:].partition("@")[0].lower() if first.startswith("/") else ""
