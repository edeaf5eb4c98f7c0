"""An exchange of the drill's own on loopback: one candle a minute, in the form of Upbit's answers."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ROWS_MAX = 200
PRICE = 1000.0


class Answerer(BaseHTTPRequestHandler):
    """Answers what the bot asks for: the newest one-minute candles before a moment."""

    def do_GET(self) -> None:
        """Answer a request for candles, whatever its path."""
        query = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
        now = datetime.now(UTC)
        before = datetime.fromisoformat(query["to"]) if "to" in query else now
        before = min(before if before.tzinfo else before.replace(tzinfo=UTC), now)
        last = (before - timedelta(microseconds=1)).replace(second=0, microsecond=0)
        count = min(int(query.get("count", "1")), ROWS_MAX)
        rows = [row(query["market"], last - timedelta(minutes=back)) for back in range(count)]
        body = json.dumps(rows).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing; the drill's table is what people read."""


class Exchange:
    """The exchange, which can leave and come back on the same address; use it in a `with` block."""

    def __init__(self) -> None:
        self._port = 0
        self.come_back()
        self.url = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> "Exchange":
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def come_back(self) -> None:
        """Answer again; nothing happens if it never left."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Answerer)
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1})
        self._thread.start()

    def leave(self) -> None:
        """Refuse connections from now on."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def row(symbol: str, opened: datetime) -> dict[str, object]:
    """Return one row of the answer."""
    # A price that rises and falls, the same whenever it is asked for.
    close = PRICE + int(opened.timestamp() // 60) % 60
    return {
        "market": symbol,
        "candle_date_time_utc": f"{opened:%Y-%m-%dT%H:%M:%S}",
        "opening_price": close,
        "high_price": close,
        "low_price": close,
        "trade_price": close,
        "timestamp": int(time.time() * 1000),
        "candle_acc_trade_volume": 1.0,
        "unit": 1,
    }
