"""What goes off the box by message: to Telegram, to a webhook, and a sign of life to a watcher elsewhere.

All of it is done between two jobs, in the time there is until the next one, and none of it can hold up an evaluation.
"""

import os
from collections.abc import Callable, Mapping
from itertools import islice

from agent.backlog import key_of
from agent.channel import Channel, Sender
from agent.chat import Chat
from agent.clock import Clock, timestamp
from agent.console import say
from agent.fetch import Fetcher
from agent.folder import DataFolder
from agent.patience import Budget
from agent.ping import Ping, is_address
from agent.secret import secret
from agent.settings import Config
from agent.telegram import Telegram, usable_token
from agent.webhook import Webhook
from agent.wording import Wording
from store import Record, newest

# What is told of each by itself.
_TOLD = ("alert", "alert_end", "rollback", "reload", "summary", "fill", "dropped")
_FILLS_MAX = 100


class Outbox:
    """All ways off the box; belongs to the loop's thread.

    Arguments:
        channels: those that records are told to.
        ping: the sign of life, None where nobody waits for one.
        folder: where the records are.
        clock: what tells the time.
    """

    def __init__(self, channels: list[Channel], ping: Ping | None, folder: DataFolder, clock: Clock) -> None:
        self._channels = channels
        self._ping = ping
        self._folder = folder
        self._clock = clock
        self._begun_ts = timestamp(clock.now_s())
        self._fills_seen = self._newest_of_ledger()

    def offer(self, event: Record) -> None:
        """Take a new record of the events; what was taken before, or is not worth a message, is passed over.

        To be sure that none is missed, follow the events from before this outbox was made.
        """
        if self._ping and _is_given_up(event) and event["ts"] >= self._begun_ts:
            self._ping.evaluated(ok=False)
        stream = "ledger" if event["kind"] == "fill" else "events"
        for channel in self._channels:
            channel.backlog.add(stream, event, self._clock.now_s())

    def evaluated(self, ok: bool) -> None:  # noqa: FBT001 - the loop hands on what it found
        """Note that an evaluation is finished: the sign of life falls due, and there may be new fills."""
        if self._ping:
            self._ping.evaluated(ok=ok)
        fills = []
        for record in islice(newest(self._folder.stream("ledger")), _FILLS_MAX):
            if key_of(record) == self._fills_seen:
                break
            fills.append(record)
        if fills:
            self._fills_seen = key_of(fills[0])
        for record in reversed(fills):
            self.offer(record)

    def work(self, budget_s: float) -> None:
        """Send what is due, within the time there is; what fails is kept, and tried again later.

        Arguments:
            budget_s: seconds until something else has to be done; under three, nothing is begun.
        Raises: Stopped.
        Cost: some comparisons while nothing is due; each call five seconds at most.
        """
        budget = Budget(self._clock, budget_s)
        if self._ping:
            self._ping.work(budget)
        for channel in self._channels:
            channel.work(budget)

    def _newest_of_ledger(self) -> str:
        return next((key_of(record) for record in newest(self._folder.stream("ledger"))), "")


def _is_given_up(event: Record) -> bool:
    """Tell whether an event is of a market's evaluation whose prices did not come in time."""
    return event["kind"] == "missed" and event.get("job") == "signals" and "symbol" in event


def outbox_of(
    config: Config,
    folder: DataFolder,
    clock: Clock,
    fetcher: Fetcher,
    environ: Mapping[str, str] = os.environ,
) -> Outbox | None:
    """Return what sends the messages that are set up; None where none are.

    Arguments:
        config: the configuration that is followed.
        folder: where the records are.
        clock: what tells the time.
        fetcher: asks; its hosts' breakers are the market's own kind.
        environ: where secrets are found.
    """
    for text in lacking(config, environ):
        say(text)
    wording = Wording(config.telegram.lang, config.schedule.timezone)

    def tell(kind: str, **fields: object) -> None:
        with folder.open("events", config) as events:
            events.append({"ts": timestamp(clock.now_s()), "kind": kind, **fields})

    senders: list[Sender] = []
    token, chat = secret("MOSS_TELEGRAM_TOKEN", environ), secret("MOSS_TELEGRAM_CHAT", environ)
    if config.telegram.enabled and usable_token(token) and chat:
        telegram = Telegram(config.telegram.url, token, chat, fetcher, clock)
        senders.append(Chat(telegram, wording, folder, clock, tell, told(reports=config.telegram.report)))
    if url := secret("MOSS_WEBHOOK_URL", environ) or config.webhook.url:
        senders.append(Webhook(url, fetcher, clock, told(reports=False), wording.line))
    watcher = secret("MOSS_PING_URL", environ)
    ping = Ping(watcher, fetcher, clock) if is_address(watcher) else None
    if not senders and not ping:
        return None
    return Outbox([Channel(sender, config, folder, clock, tell) for sender in senders], ping, folder, clock)


def told(*, reports: bool) -> Callable[[Record], bool]:
    """Return what tells which records are worth a message.

    Arguments:
        reports: whether the hourly report is.
    """

    def is_told(record: Record) -> bool:
        if record["kind"] == "start":
            return record.get("previous") in ("died", "machine")
        return record["kind"] in _TOLD or (reports and record["kind"] == "report")

    return is_told


def lacking(config: Config, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return what keeps a message from being sent that the configuration asks for, a sentence each."""
    found = []
    token, chat = secret("MOSS_TELEGRAM_TOKEN", environ), secret("MOSS_TELEGRAM_CHAT", environ)
    if config.telegram.enabled:
        pairs = (("MOSS_TELEGRAM_TOKEN", token), ("MOSS_TELEGRAM_CHAT", chat))
        missing = " and ".join(name for name, value in pairs if not value)
        if missing:
            found.append(f"[telegram] is enabled, and stays silent without {missing}")
        elif not usable_token(token):
            found.append("[telegram] is enabled, and stays silent: MOSS_TELEGRAM_TOKEN is none that BotFather gives")
        elif not chat.isdecimal():
            found.append("[telegram] takes no commands: MOSS_TELEGRAM_CHAT is not the number of a private chat")
    if (url := secret("MOSS_WEBHOOK_URL", environ)) and not is_address(url):
        found.append("the webhook stays silent: MOSS_WEBHOOK_URL must begin with https:// or http://")
    if (url := secret("MOSS_PING_URL", environ)) and not is_address(url):
        found.append("no sign of life is given: MOSS_PING_URL must begin with https:// or http:// and name a host")
    return found
