"""A way off the box: what waits for one receiver, sent when it may be, and noted as sent in the store."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from agent.backlog import Backlog
from agent.clock import Clock, timestamp
from agent.console import say
from agent.errors import MossError, Refused, Stopped, Unreachable
from agent.folder import DataFolder
from agent.patience import Budget, Patience
from agent.settings import Config
from store import Record, StoreError


class Message(NamedTuple):
    """What is sent at once: how many records it tells of, and how many questions it answers."""

    content: str
    told: int
    answers: int = 0


class Sender(Protocol):
    """What knows one receiver's protocol."""

    name: str
    pause_s: float
    """The least time between two messages."""
    advice: str
    """What its owner can do when it refuses."""
    losses_max: int | None
    """After so many messages in a row without any answer the last counts as told; None: it never does."""

    @property
    def has_answers(self) -> bool:
        """Whether something besides records is to be sent."""

    def is_wanted(self, record: Record) -> bool:
        """Tell whether this record is told."""

    def look(self, budget: Budget, *, is_doubtful: bool) -> None:
        """See whether it is there, and what it wants of us; nothing that could be told twice is sent.

        Arguments:
            is_doubtful: nothing is known of it, or the last call failed.
        Raises: MossError where it does not answer as it should.
        """

    def compose(self, records: Sequence[Record], also: Mapping[str, int], budget: Budget) -> Message:
        """Make a message of as many records as it holds, the first ones.

        Arguments:
            also: what else there was, by name.
        """

    def send(self, message: Message, deadline_s: float) -> None:
        """Send it; raises MossError where it is not known to have been taken."""


class Channel:
    """One sender with its backlog.

    Arguments:
        sender: what sends.
        config: how records are kept.
        folder: where they are.
        clock: what tells the time.
        tell: stores an event, of a kind and with fields; raises StoreError.
    """

    def __init__(
        self, sender: Sender, config: Config, folder: DataFolder, clock: Clock, tell: Callable[..., object]
    ) -> None:
        self.backlog = Backlog(sender.name, sender.is_wanted, folder, clock.now_s())
        self._sender = sender
        self._config = config
        self._folder = folder
        self._clock = clock
        self._tell = tell
        self._patience = Patience(clock)
        self._is_doubtful = True
        self._losses = 0
        if self.backlog.is_first:
            self._note(0)
            self.backlog.is_first = False

    def work(self, budget: Budget) -> None:
        """Do what is due within the budget; what fails stays for later.

        Raises: Stopped.
        """
        if not self._patience.is_over or not budget.call_s:
            return
        try:
            self._sender.look(budget, is_doubtful=self._is_doubtful)
            self._is_doubtful = False
            self.backlog.expire(self._clock.now_s())
            if (self.backlog.parcels or self._sender.has_answers) and budget.call_s:
                self._send(budget)
        except Stopped:
            raise
        except (MossError, StoreError) as error:
            self._is_doubtful = True
            self._patience.fail(error)
            if isinstance(error, Refused):
                self._begin_alert(error)

    def _send(self, budget: Budget) -> None:
        also = dict(self.backlog.rolled_up)
        if self.backlog.dropped:
            also["dropped"] = self.backlog.dropped
        message = self._sender.compose([parcel.record for parcel in self.backlog.parcels], also, budget)
        if not message.content or not budget.call_s:
            return
        try:
            self._sender.send(message, budget.call_s)
        except Unreachable as error:
            # Nobody knows whether it was taken: said again and again, it would be worse than not at all.
            self._losses = self._losses + 1 if error.status is None and error.wait_s is None else 0
            if self._losses == self._sender.losses_max:
                self._note(message.told, is_unsure=True)
            raise
        self._patience.succeed(self._sender.pause_s)
        self._note(message.told)
        if self.backlog.is_alerted:
            self._store(lambda: self._tell("alert_end", what=self._sender.name))
            self.backlog.is_alerted = False

    def _note(self, count: int, *, is_unsure: bool = False) -> None:
        """Store that parcels were told: after it, so that a kill in between tells them again rather than never."""
        self._losses = 0
        if not count and not self.backlog.is_first:
            return
        told = self.backlog.settle(count) | ({"unsure": True} if is_unsure else {})

        def append() -> None:
            with self._folder.open("messages", self._config) as messages:
                messages.append({"ts": timestamp(self._clock.now_s()), "kind": "sent", **told})

        self._store(append)

    def _begin_alert(self, error: MossError) -> None:
        if self.backlog.is_alerted:
            return
        say(f"{error}; it is tried again in an hour")
        doing = "goes on without it, keeps its messages for a day and tries again in an hour"
        name, advice = self._sender.name, self._sender.advice
        self._store(lambda: self._tell("alert", what=name, message=str(error), doing=doing, advice=advice))
        self.backlog.is_alerted = True

    @staticmethod
    def _store(work: Callable[[], object]) -> None:
        """Store something whose lack is no harm but that it is told again after a restart."""
        try:
            work()
        except StoreError as error:
            say(f"not stored: {error}")
