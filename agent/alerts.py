"""Troubles that last: each told once when it begins, with what to do, and once when it is over."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from store import newest

# An alert ends only when things are this much better than where it began: at the line it would come and go.
_RELIEVED = 0.8


class Alerts:
    """The alerts that have not ended, whoever told of them; kept in the events alone.

    Arguments:
        tell: stores an event, of a kind and with fields; raises NotStored.
        events: the stream, which the state is read back from.
    """

    def __init__(self, tell: Callable[..., object], events: Path) -> None:
        self._tell = tell
        self.open = still_open(events)

    def begin(self, what: str, **facts: object) -> None:
        """Tell of a trouble, unless it is told of already; raises NotStored.

        Arguments:
            what: its name, which ends it again; agent/advice.py has the words for its first one.
            facts: what the words speak of, and fields of the event.
        """
        if what not in self.open:
            from agent.advice import words_for

            words = words_for(what, facts)
            self._tell("alert", what=what, **{**words, **facts})
            self.open[what] = {"what": what, **words}

    def end(self, what: str, **facts: object) -> None:
        """Tell that a trouble is over, if one was told of; raises NotStored."""
        if what in self.open:
            self._tell("alert_end", what=what, **facts)
            self.open.pop(what, None)

    def weigh(self, what: str, load: float, **facts: object) -> None:
        """Tell of a trouble from a load of 1 on, and of its end once there is some room again."""
        if load >= 1:
            self.begin(what, **facts)
        elif load < _RELIEVED:
            self.end(what)

    def note(self, event: Mapping[str, Any]) -> None:
        """Take note of an event that another process may have stored."""
        if event["kind"] == "alert":
            self.open[event["what"]] = kept(event)
        elif event["kind"] == "alert_end":
            self.open.pop(event["what"], None)


def still_open(events: Path) -> dict[str, dict[str, Any]]:
    """Return the alerts that have not ended, by name.

    Cost: reads back to the last event that lists them, a `start` or a `report`.
    """
    found: dict[str, dict[str, Any]] = {}
    settled: set[str] = set()
    for event in newest(events):
        if event["kind"] in ("alert", "alert_end") and event["what"] not in settled:
            settled.add(event["what"])
            if event["kind"] == "alert":
                found[event["what"]] = kept(event)
        if "alerts" in event:
            found |= {each["what"]: each for each in event["alerts"] if each["what"] not in settled}
            break
    return found


def kept(alert: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of an alert while it is open."""
    return {name: alert[name] for name in ("what", "message", "doing", "advice") if name in alert}
