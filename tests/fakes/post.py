"""An outbox as the loop has it: on a folder of its own, with secrets in an environment of its own."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from agent.clock import timestamp
from agent.config import parse
from agent.fetch import Fetcher
from agent.folder import DataFolder
from agent.outbox import Outbox, outbox_of
from agent.settings import Config
from store import scan
from tests.fakes.clock import ManualClock
from tests.fakes.telegram import OWNER, TOKEN

NOON_S = 1_795_230_000.0


def settings(sections: Mapping[str, Any]) -> Config:
    """Return a config of these sections, which must be right; its records need not survive a power cut."""
    config, problems = parse({"store": {"durable": False}, **sections})
    assert problems == []
    return config


class Post:
    """One data folder, a clock that a test moves, and the outbox that works there; `start` makes it anew."""

    def __init__(self, folder: Path, url: str = "", secrets: Mapping[str, str] | None = None, **telegram: Any) -> None:  # noqa: ANN401 - any value of a config
        sections: dict[str, Any] = {"telegram": {"enabled": True, "url": url, **telegram}} if url else {}
        self.config = settings(sections)
        self.folder = DataFolder(folder)
        self.clock = ManualClock(NOON_S)
        self.environ = {"MOSS_TELEGRAM_TOKEN": TOKEN, "MOSS_TELEGRAM_CHAT": str(OWNER)} if url else {}
        self.environ |= secrets or {}
        self._events = folder / "events.jsonl"
        self._seen = 0
        self.outbox: Outbox | None = None

    def start(self) -> Outbox:
        """Make the outbox, as a process does that has just started."""
        self.outbox = outbox_of(self.config, self.folder, self.clock, Fetcher(self.clock), self.environ)
        assert self.outbox
        return self.outbox

    def event(self, kind: str, **fields: object) -> dict[str, Any]:
        """Store an event."""
        return self.store("events", kind, **fields)

    def store(self, stream: str, kind: str, **fields: object) -> dict[str, Any]:
        """Store a record at the clock's moment."""
        record = {"ts": timestamp(self.clock.now_s()), "kind": kind, **fields}
        with self.folder.open(stream, self.config) as store:
            store.append(record)
        return record

    def records(self, stream: str) -> list[dict[str, Any]]:
        """Return a stream, oldest first."""
        return list(scan(self.folder.stream(stream)))

    def work(self, budget_s: float = 55.0, *, later_s: float = 0.0) -> None:
        """Let time pass, then do what the loop does when it is idle: follow the events, work."""
        self.clock.sleep_s(later_s)
        outbox = self.outbox or self.start()
        events = self.records("events")
        for event in events[self._seen :]:
            outbox.offer(event)
        self._seen = len(events)
        outbox.work(budget_s)

    def fill(self, side: str, price: Decimal) -> dict[str, Any]:
        """Store a fill."""
        state = {"cash": "9950000", "positions": {"KRW-BTC": "0.00081"}, "equity": "9999925"}
        asked = {"symbol": "KRW-BTC", "side": side, "price": str(price), "quantity": "0.00081", "fee": "25"}
        return self.store("ledger", "fill", **asked, **state)
