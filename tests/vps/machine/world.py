"""What the machine can reach: exchange, news, bucket, chat, a watcher, and its time, which a test may set."""

import time
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from tests.fakes.bucket import Bucket
from tests.fakes.exchange import FakeUpbit
from tests.fakes.feeds import Entry, FeedHost, rss
from tests.fakes.server import LocalServer, Reply
from tests.fakes.telegram import FakeTelegram

SYMBOLS = ("KRW-BTC", "KRW-ETH")
RELAY = Path(__file__).parent / "relay.py"
EXCHANGE_URL, FEED_URL, BUCKET_URL = "http://10.0.2.100", "http://10.0.2.101/news", "http://10.0.2.102"
CHAT_URL, WATCHER_URL = "http://10.0.2.103", "http://10.0.2.104"
# An answer is asked for 5 s after a minute's end: until then the newest candle is not late.
SETTLED_S = 5


def price(_symbol: str, open_s: int) -> float | None:
    """Give a price that goes up and down by the quarter of an hour, and about once an hour a minute without trade."""
    minute = open_s // 60
    return None if minute % 59 == 0 else 1000.0 + abs(minute % 30 - 15) * 8 + minute % 7


class World:
    """Servers on this machine's loopback, reachable from inside under addresses of their own; use it in a `with` block.

    Its clock runs at the pace of this machine's; `show` says what it shows.
    """

    def __init__(self) -> None:
        self._ahead_s = 0.0
        self.exchange = FakeUpbit(price, self.now_s)
        self.feed = FeedHost({"/news": rss([])})
        self.bucket = Bucket()
        self.chat = FakeTelegram()
        self.chat.now_s = self.now_s
        self.watcher = LocalServer(lambda _request: Reply(200, b"OK"))
        self._news = LocalServer(self.feed)
        self._opened = ExitStack()
        self._headlines: list[Entry] = []

    def __enter__(self) -> "World":
        self._opened.enter_context(self.exchange.server)
        self._opened.enter_context(self._news)
        for server in (self.bucket, self.chat, self.watcher):
            self._opened.enter_context(server)
        return self

    def __exit__(self, *trouble: object) -> None:
        self._opened.close()

    def now_s(self) -> float:
        """Return the seconds since 1970 UTC that this world's clock shows."""
        return time.time() + self._ahead_s

    def show(self, moment_s: float) -> None:
        """Let the clock go on from another moment."""
        self._ahead_s = moment_s - time.time()

    def newest_closed_s(self) -> int:
        """Return the start of the newest minute that anybody could know a candle of."""
        at_s = int(self.now_s() - SETTLED_S) // 60 * 60 - 60
        while price("", at_s) is None:
            at_s -= 60
        return at_s

    def closed(self, from_s: int, until_s: int) -> set[int]:
        """Return the starts of the traded minutes of a range, both ends included."""
        return {at_s for at_s in range(from_s, until_s + 60, 60) if price("", at_s) is not None}

    def tell_news(self, titles: Iterable[str]) -> None:
        """Put headlines into the feed, published now."""
        date = f"{datetime.fromtimestamp(self.now_s(), UTC):%a, %d %b %Y %H:%M:%S +0000}"
        # Never the same identity twice, though a machine that wakes finds a world that has told nothing yet.
        now_us = int(self.now_s() * 1e6)
        self._headlines += [Entry(title, f"{now_us}-{index}", "", date) for index, title in enumerate(titles)]
        self.feed.bodies["/news"] = rss(self._headlines[-100:])

    @property
    def headlines(self) -> int:
        """How many headlines were ever told."""
        return len(self._headlines)

    def network(self) -> str:
        """Return the emulator's option for a network that ends at these servers."""
        ways = {
            EXCHANGE_URL: self.exchange.server.url,
            FEED_URL.removesuffix("/news"): self._news.url,
            BUCKET_URL: self.bucket.server.url,
            CHAT_URL: self.chat.url,
            WATCHER_URL: self.watcher.url,
        }
        forwards = [
            f"guestfwd=tcp:{inside.removeprefix('http://')}:80-cmd:python3 -S -E {RELAY} {outside.rpartition(':')[2]}"
            for inside, outside in ways.items()
        ]
        return ",".join(["user,id=net0,restrict=on", *forwards])
