"""The webhook: each event as one JSON object, posted to an address of its owner's."""

import json
from collections.abc import Callable, Mapping, Sequence

from agent.backlog import key_of
from agent.channel import Message
from agent.clock import Clock
from agent.delivery import post, refusal
from agent.fetch import Fetcher
from agent.patience import Budget
from store import Record


class Webhook:
    """Posts {text, id, event, also}; a channel's sender.

    Arguments:
        url: where to.
        fetcher: posts.
        clock: what tells the time.
        is_told: tells which records are worth a message.
        line: says a record in words.
    """

    name = "webhook"
    pause_s = 1.0
    advice = "look at [webhook] url, or at MOSS_WEBHOOK_URL, and at what its receiver says"
    # Its receiver tells doubles by their id, and there is no question that could be asked first.
    losses_max: int | None = None
    has_answers = False

    def __init__(
        self,
        url: str,
        fetcher: Fetcher,
        clock: Clock,
        is_told: Callable[[Record], bool],
        line: Callable[[Record], str],
    ) -> None:
        self._url = url
        self._fetcher = fetcher
        self._clock = clock
        self._is_told = is_told
        self._line = line

    def is_wanted(self, record: Record) -> bool:
        return record.get("what") != self.name and self._is_told(record)

    def look(self, budget: Budget, *, is_doubtful: bool) -> None:
        """Do nothing: there is no question that every receiver answers."""

    def compose(self, records: Sequence[Record], also: Mapping[str, int], _budget: Budget) -> Message:
        # One that comes twice, since its answer was lost, has the same id both times.
        record = records[0]
        content = {"text": self._line(record), "id": key_of(record), "event": record, "also": also}
        return Message(json.dumps(content), 1)

    def send(self, message: Message, deadline_s: float) -> None:
        answer = post(self._fetcher, self._url, message.content, "the webhook", deadline_s)
        if error := refusal("the webhook", answer, self._clock.now_s()):
            raise error
