"""What others append to the events while the loop runs: the owner's orders, and what else happened on this box."""

from collections import deque
from pathlib import Path
from typing import Any

from store import newest

# So many of the newest events are looked at whatever they are, and so many orders besides, in one step.
FRESH_MAX, ORDERS_MAX = 1_000, 1_000


class Orders:
    """Follows the events in steps, without waiting.

    It begins where the process before this one had come to, as its last start or stop tells: what was ordered while no
    bot ran, or when one ran that did not come to it any more, is followed by the next. Some events are seen twice.

    Arguments:
        events: the stream.
    """

    def __init__(self, events: Path) -> None:
        self._events = events
        self._last = _followed(events)

    @property
    def seen_ts(self) -> str:
        """When the newest event that was followed is from; empty before there is one."""
        return self._last["ts"] if self._last else ""

    def fresh(self) -> list[dict[str, Any]]:
        """Return the events since those that are done, oldest first.

        After an outage of weeks there are a hundred thousand: of those before the newest thousand only the orders are
        returned. What else there was, such as alerts, is read from the store by whoever needs it at a start. Of more
        orders than a thousand the oldest come first, and the others once these are done.

        Cost: reads back to the newest one that is known, in bounded memory.
        """
        found: deque[dict[str, Any]] = deque(maxlen=FRESH_MAX + ORDERS_MAX)
        for count, event in enumerate(newest(self._events)):
            if event == self._last:
                break
            if count < FRESH_MAX or event["kind"] == "command":
                found.append(event)
        return [*reversed(found)]

    def done(self, events: list[dict[str, Any]]) -> None:
        """Take it that these were followed: what was not, as its record could not be stored, comes again."""
        self._last = events[-1] if events else self._last


def _followed(events: Path) -> dict[str, Any] | None:
    """Return an event that was followed and all before it; None where nothing is known to be."""
    seen_ts, is_found = None, False
    for event in newest(events):
        if seen_ts is None:
            if event["kind"] in ("start", "stop") and (seen_ts := event.get("seen_ts")) is None:
                return event
        elif event["ts"] == seen_ts:
            is_found = True
        elif is_found:
            # Behind all that share that moment: an order among them may have come after the one that was meant.
            return event
    return None
