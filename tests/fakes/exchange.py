"""A fake Upbit on loopback: it answers one-minute candles the way the recorded answers do."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

from tests.fakes.server import LocalServer, Reply, Request

KOREA_S = 9 * 3600
HEADERS = {
    "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate",
    "Content-Type": "application/json;charset=UTF-8",
    "Limit-By-Ip": "Yes",
    "Remaining-Req": "group=candles; min=600; sec=9",
}

# The close of a minute's candle, None where nothing was traded.
Prices = Callable[[str, int], float | None]


class FakeUpbit:
    """Candles of any symbol, whose closes a function of symbol and minute gives; `trouble` answers in its place."""

    def __init__(self, price: Prices, now_s: Callable[[], float] = time.time) -> None:
        self.price = price
        self.trouble: Callable[[Request], Reply | None] = lambda _request: None
        self.first_s = 0
        self._now_s = now_s
        self.server = LocalServer(self._answer)

    def _answer(self, request: Request) -> Reply:
        bad = self.trouble(request)
        if bad is not None:
            return bad
        if request.path != "/v1/candles/minutes/1" or "market" not in request.query:
            return error(404, "Code not found")
        count = int(request.query.get("count", "1"))
        if not 1 <= count <= 200:
            return error(400, "Invalid parameter. Please check the given value!")
        before_s = self._now_s()
        if "to" in request.query:
            moment = datetime.fromisoformat(request.query["to"])
            before_s = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        rows = self._rows(request.query["market"], min(before_s, self._now_s()), count)
        return Reply(200, json.dumps(rows).encode(), HEADERS)

    def _rows(self, symbol: str, before_s: float, count: int) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = []
        open_s = -(-int(before_s) // 60) * 60 - 60
        while len(rows) < count and open_s >= max(self.first_s, before_s - 60 * 20_000):
            close = self.price(symbol, open_s)
            if close is not None:
                rows.append(row(symbol, open_s, close))
            open_s -= 60
        return rows


def row(symbol: str, open_s: int, close: float) -> dict[str, object]:
    """Return one row of the answer, with the fields and their order as recorded."""
    return {
        "market": symbol,
        "candle_date_time_utc": _plain(open_s),
        "candle_date_time_kst": _plain(open_s + KOREA_S),
        "opening_price": close,
        "high_price": close + 1.0,
        "low_price": close - 1.0,
        "trade_price": close,
        "timestamp": open_s * 1000 + 59_132,
        "candle_acc_trade_price": close * 1.5,
        "candle_acc_trade_volume": 1.5,
        "unit": 1,
    }


def error(status: int, message: str) -> Reply:
    """Return an error in the exchange's own form."""
    return Reply(status, json.dumps({"error": {"name": status, "message": message}}).encode(), HEADERS)


def _plain(moment_s: int) -> str:
    return f"{datetime.fromtimestamp(moment_s, UTC):%Y-%m-%dT%H:%M:%S}"
