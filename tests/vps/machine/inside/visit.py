"""Visits the desk as a browser does: the page, all that it loads, then what it asks for to draw the first time."""

import gzip
import http.client
import json
import re
import sys
import time
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

ASSET = re.compile(r'(?:href|src)="(static/[^"]+)"')
IMPORT = re.compile(r'from "\./([^"]+)"')
ROWS, POINTS, MARGIN = 50, 1440, 0.02
DAY_S = 86_400


class Visitor:
    """One connection, over which all is asked in turn."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        self.requests = self.size_bytes = 0

    def get(self, path: str) -> str:
        self._connection.request("GET", f"/{path}", headers={"Accept-Encoding": "gzip"})
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {body!r}")
        self.requests, self.size_bytes = self.requests + 1, self.size_bytes + len(body)
        return (gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body).decode()

    def ask(self, name: str, **query: object) -> Any:  # noqa: ANN401 - whatever JSON holds
        return json.loads(self.get(f"api/{name}?{urlencode(query)}"))


def load_assets(visitor: Visitor, page: str) -> None:
    """Load the page's styles and pictures, and each script that a script names."""
    wanted = ASSET.findall(page)
    seen: set[str] = set()
    while wanted:
        path = wanted.pop(0)
        if path in seen:
            continue
        seen.add(path)
        text = visitor.get(path)
        if path.endswith(".js"):
            wanted += [f"static/{name}" for name in IMPORT.findall(text)]


def load_data(visitor: Visitor) -> int:
    """Ask for what the first picture is made of, as board.js does; return how many points it has."""
    symbol = next(iter(visitor.ask("status")["symbols"]))
    first = visitor.ask("prices", symbol=symbol, limit=1, order="asc")
    last = visitor.ask("prices", symbol=symbol, limit=1, order="desc")
    for signal in ("BUY", "SELL"):
        visitor.ask("analysis", symbol=symbol, signal=signal, limit=ROWS)
    visitor.ask("portfolio")
    for stream in ("events", "sentiment"):
        visitor.ask(stream, limit=ROWS)
    visitor.ask("analysis", symbol=symbol, limit=1)
    begin_s, end_s = (opened_s(each["items"][0]) for each in (first, last))
    since, until = round((end_s + 60 - DAY_S) * 1000), round((end_s + 60 + DAY_S * MARGIN) * 1000)
    wide = max(round(begin_s * 1000), since - (until - since) // 2)
    series = visitor.ask("series", since=wide, until=until, points=POINTS, symbol=symbol)
    visitor.ask("performance", since=since, until=until, points=POINTS)
    return len(series["time"])


def opened_s(candle: dict[str, str]) -> float:
    """Return when a candle's minute began."""
    return datetime.fromisoformat(candle["open_ts"]).timestamp()


def main(port: int) -> None:
    """Print when the page, and when all of it, was there, in seconds after the first connection was asked for."""
    begun_s = time.monotonic()
    visitor = Visitor(port)
    page = visitor.get("")
    answered_s = time.monotonic() - begun_s
    load_assets(visitor, page)
    page_s = time.monotonic() - begun_s
    points = load_data(visitor)
    told = {"answered_s": answered_s, "page_s": page_s, "all_s": time.monotonic() - begun_s, "points": points}
    sys.stdout.write(json.dumps({**told, "requests": visitor.requests, "size_bytes": visitor.size_bytes}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
