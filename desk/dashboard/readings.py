"""What each address says: a question to the records, an answer in JSON."""

from collections.abc import Callable
from math import isfinite
from typing import Any

from agent.status import SILENCE_S_MAX, status
from desk.dashboard.account import performance
from desk.dashboard.answer import as_json
from desk.dashboard.contract import LISTS
from desk.dashboard.entries import newest_sound
from desk.dashboard.listing import Listing
from desk.dashboard.query import LIMIT_DEFAULT, POINTS_DEFAULT, Query
from desk.dashboard.records import STREAMS, Records, text_of
from desk.dashboard.series import Series
from store import Record
from store.line import json_text

_FILTERS = ("symbol", "source", "kind", "signal")


class Readings:
    """Answers out of one data folder.

    Arguments:
        now_s: the machine's clock, by which a bot is silent or not.
    """

    def __init__(self, records: Records, now_s: Callable[[], float]) -> None:
        self._records = records
        self._now_s = now_s
        self._series = Series(records)

    def read(self, path: str, query: Query) -> tuple[bytes, int]:
        """Return an address's answer and its HTTP status."""
        if path in LISTS:
            return self._page(LISTS[path][0], query), 200
        since_s, until_s = (_seconds(query.moment_ms(name)) for name in ("since", "until"))
        points = query.number("points", POINTS_DEFAULT)
        if path == "/api/series":
            return as_json(self._series.drawn(since_s, until_s, points, query.text("symbol"))), 200
        if path == "/api/performance":
            return as_json(performance(self._records, self._series, since_s, until_s, points)), 200
        if path == "/api/portfolio":
            return self._portfolio(), 200
        said = _tellable(self._status())
        if path == "/api/status":
            return as_json(said), 200
        health = {"alive": said["alive"], "reason": said["reason"], "last": said["streams"]}
        return as_json(health), 200 if said["alive"] else 503

    def _page(self, stream: str, query: Query) -> bytes:
        wanted = [(name, value) for name in _FILTERS if (value := query.text(name)) is not None]

        def keep(record: Record) -> bool:
            return all(record.get(name) == value for name, value in wanted)

        listing = Listing(self._records, stream, keep)
        turn = listing.oldest_first if query.text("order") == "asc" else listing.newest_first
        limit = query.number("limit", LIMIT_DEFAULT)
        page = turn(query.moment_ms("since"), query.moment_ms("until"), query.cursor, limit)
        items = _items(page.items).encode()
        following = as_json(page.following and str(page.following))
        return b'{"items":' + items + b',"next":' + following + b"}"

    def _portfolio(self) -> bytes:
        entry = newest_sound(self._records)
        if entry is None:
            return as_json({"ts": None, "cash": None, "positions": {}, "equity": None})
        return json_text(entry).encode()

    def _status(self) -> dict[str, Any]:
        said = status(self._records.folder, self._now_s())
        reasons = {
            "running": "the bot works",
            "silent": f"the bot wrote nothing for {SILENCE_S_MAX} s: it died or hangs",
            "stopped": f"the bot was stopped at {said['since']}",
            "never started": "no bot ever started here",
        }
        streams = {stream: self._records.last_ts(stream) for stream in STREAMS}
        return {**said, "alive": said["state"] == "running", "reason": reasons[said["state"]], "streams": streams}


def _tellable(value: Any) -> Any:  # noqa: ANN401 - whatever JSON knows
    """Return the same with null for each number that is beyond any, such as 1e999, which JSON can not tell."""
    if isinstance(value, dict):
        return {name: _tellable(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_tellable(each) for each in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _items(records: list[Record]) -> str:
    """Write records; one that JSON can not tell, since a number in it is beyond any, is left out."""
    try:
        return json_text(records)
    except ValueError:
        return f"[{','.join(text for record in records if (text := text_of(record)))}]"


def _seconds(moment_ms: int | None) -> float | None:
    return None if moment_ms is None else moment_ms / 1000
