"""Fake exchanges on loopback: each answers one-minute candles the way the recorded or documented answers do."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import formatdate
from typing import Any

from tests.fakes.server import LocalServer, Reply, Request

KOREA = timezone(timedelta(hours=9))
KOREA_S = 9 * 3600
HEADERS = {
    "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate",
    "Content-Type": "application/json;charset=UTF-8",
    "Limit-By-Ip": "Yes",
    "Remaining-Req": "group=candles; min=600; sec=9",
}
# Nothing is looked for further back.
DEPTH_MINUTES = 20_000

# The close of a minute's candle, None where nothing was traded.
Prices = Callable[[str, int], float | None]


class FakeExchange:
    """Candles of any symbol, whose closes a function of symbol and minute gives; `trouble` answers in its place.

    The unfinished minute is among them.
    """

    def __init__(self, price: Prices, now_s: Callable[[], float] = time.time) -> None:
        self.price = price
        self.trouble: Callable[[Request], Reply | None] = lambda _request: None
        self.first_s = 0
        self.now_s = now_s
        self.server = LocalServer(lambda request: self.trouble(request) or self._dated(self.answer(request)))

    def _dated(self, reply: Reply) -> Reply:
        return replace(reply, headers={"Date": formatdate(self.now_s(), usegmt=True)} | reply.headers)

    def answer(self, request: Request) -> Reply:
        """Answer as the exchange does."""
        raise NotImplementedError

    def newest(self, symbol: str, before_s: float, count: int, from_s: int = 0) -> list[tuple[int, float]]:
        """Return start and close of the newest traded minutes that began before a moment, the newest first."""
        before_s = min(before_s, self.now_s() // 60 * 60 + 60)
        found: list[tuple[int, float]] = []
        open_s = -(-int(before_s) // 60) * 60 - 60
        while len(found) < count and open_s >= max(self.first_s, from_s, before_s - 60 * DEPTH_MINUTES):
            close = self.price(symbol, open_s)
            if close is not None:
                found.append((open_s, close))
            open_s -= 60
        return found


class FakeUpbit(FakeExchange):
    """Upbit: newest first, `to` in UTC unless it says otherwise."""

    zone = UTC

    def answer(self, request: Request) -> Reply:
        if request.path != "/v1/candles/minutes/1" or "market" not in request.query:
            return error(404, "Code not found")
        count = int(request.query.get("count", "1"))
        if not 1 <= count <= 200:
            return error(400, "Invalid parameter. Please check the given value!")
        before_s = self.now_s()
        if "to" in request.query:
            moment = datetime.fromisoformat(request.query["to"])
            before_s = (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).timestamp()
        symbol = request.query["market"]
        rows = [row(symbol, open_s, close) for open_s, close in self.newest(symbol, before_s, count)]
        for each in rows:
            # Half of the unfinished minute's trade is still to come.
            if each["timestamp"] > self.now_s() * 1000:
                each["candle_acc_trade_volume"] = 0.75
        return Reply(200, json.dumps(rows).encode(), HEADERS)


class FakeBithumb(FakeUpbit):
    """Bithumb: the same, but `to` is Korean time."""

    zone = KOREA


class FakeCoinbase(FakeExchange):
    """Coinbase Exchange: a range of at most 300 minutes, newest first, low before high."""

    def answer(self, request: Request) -> Reply:
        _, products, symbol, candles = request.path.split("/")
        if (products, candles, request.query["granularity"]) != ("products", "candles", "60"):
            return Reply(404, b'{"message":"NotFound"}')
        start_s, end_s = (int(datetime.fromisoformat(request.query[name]).timestamp()) for name in ("start", "end"))
        if (end_s - start_s) // 60 + 1 > 300:
            return Reply(400, b'{"message":"granularity too small for the requested time range"}')
        rows = [
            [open_s, close - 1, close + 1, close, close, 1.5]
            for open_s, close in self.newest(symbol, end_s + 60, 300, start_s)
        ]
        return Reply(200, json.dumps(rows).encode(), {"Content-Type": "application/json"})


class FakeKraken(FakeExchange):
    """Kraken: the newest 720 minutes at most, the unfinished one last and always; a key of its own; texts."""

    def answer(self, request: Request) -> Reply:
        if request.path != "/0/public/OHLC" or request.query["interval"] != "1":
            return Reply(200, json.dumps({"error": ["EGeneral:Unknown method"]}).encode())
        from_s = int(request.query["since"]) + 1
        current_s = int(self.now_s()) // 60 * 60
        closed = self.newest(request.query["pair"], current_s, 719)
        newest = [(current_s, self.price(request.query["pair"], current_s) or closed[0][1]), *closed]
        rows = [
            [at, text(close), text(close + 1), text(close - 1), text(close), text(close), "1.50000000", 3]
            for at, close in newest
            if at >= from_s or at == current_s
        ]
        result = {f"X{request.query['pair'][:3]}Z{request.query['pair'][3:]}": rows[::-1], "last": current_s - 60}
        return Reply(200, json.dumps({"error": [], "result": result}).encode())


class FakeBinance(FakeExchange):
    """Binance: oldest first, milliseconds, texts, at most 1000 rows up to `endTime`."""

    def answer(self, request: Request) -> Reply:
        query = request.query
        if request.path != "/api/v3/klines" or query["interval"] != "1m" or not 1 <= int(query["limit"]) <= 1000:
            return Reply(400, b'{"code":-1100,"msg":"Illegal characters found in a parameter."}')
        newest = self.newest(query["symbol"], (int(query["endTime"]) + 1) / 1000, int(query["limit"]))
        rows = [
            [
                *(at * 1000, text(close), text(close + 1), text(close - 1), text(close), "1.50000000"),
                *(at * 1000 + 59_999, "0.0", 3, "0.0", "0.0", "0"),
            ]
            for at, close in reversed(newest)
        ]
        return Reply(200, json.dumps(rows).encode(), {"X-MBX-USED-WEIGHT-1M": "2"})


def row(symbol: str, open_s: int, close: float) -> dict[str, Any]:
    """Return one row of Upbit's answer, with the fields and their order as recorded."""
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
    """Return an error in Upbit's own form."""
    return Reply(status, json.dumps({"error": {"name": status, "message": message}}).encode(), HEADERS)


def text(price: float) -> str:
    """Write a price as those exchanges do that send texts."""
    return f"{price:.5f}"


def _plain(moment_s: int) -> str:
    return f"{datetime.fromtimestamp(moment_s, UTC):%Y-%m-%dT%H:%M:%S}"


FAKES: dict[str, tuple[type[FakeExchange], str]] = {
    "upbit": (FakeUpbit, "KRW-BTC"),
    "bithumb": (FakeBithumb, "KRW-BTC"),
    "coinbase": (FakeCoinbase, "BTC-USD"),
    "kraken": (FakeKraken, "XBTUSD"),
    "binance": (FakeBinance, "BTCUSDT"),
}
"""Each by its name in the configuration, with a market of its own."""
