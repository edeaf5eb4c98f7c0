"""What others append to the events while the loop runs: the owner's orders, and what else happened on this box."""

from pathlib import Path
from typing import Any

from store import newest


class Orders:
    """Follows the events in steps, without waiting.

    It begins behind the last start or stop: an order that was given while no bot ran is followed by the next one.

    Arguments:
        events: the stream.
    """

    def __init__(self, events: Path) -> None:
        self._events = events
        self._last: dict[str, Any] | None = None
        for event in newest(events):
            if event["kind"] in ("start", "stop"):
                self._last = event
                break

    def fresh(self) -> list[dict[str, Any]]:
        """Return the events since the last call, oldest first.

        Cost: reads back to the newest one that is known.
        """
        found: list[dict[str, Any]] = []
        for event in newest(self._events):
            if event == self._last:
                break
            found.append(event)
        if found:
            self._last = found[0]
        return found[::-1]
