"""Where candles come from: one small interface, and each exchange's wire format behind it."""

import json
from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn, Protocol

from agent.errors import Unusable
from agent.fetch import Fetcher
from agent.market import upbit
from agent.market.candle import Candle
from agent.settings import Market

if TYPE_CHECKING:
    from agent.market.exchanges import Wire


class Source(Protocol):
    """A market's history, asked for in pages.

    `name` goes into every record; `rows_max` is how many minutes one page brings at most, `pages_max` how many pages
    besides the newest are asked for after an outage. `skew_s` is how far this machine's clock was behind the
    exchange's at the last answer.
    """

    name: str
    rows_max: int
    pages_max: int
    skew_s: float

    def candles(self, symbol: str, before_s: int, count: int, deadline_s: float) -> list[Candle]:
        """Ask once for the newest candles that had ended by a moment, by the exchange's own clock too.

        Arguments:
            symbol: the market.
            before_s: a whole minute, seconds since 1970 UTC.
            count: how many at most, up to `rows_max`; an exchange that counts minutes leaves those without trade out.
            deadline_s: how long the answer may take.
        Returns: rising in time, each minute once; minutes without trade are left out.
        Raises: Unreachable, Refused, Unusable, Stopped.
        """


class Exchange:
    """The public candles of one exchange; no key is needed."""

    def __init__(self, wire: "Wire", fetcher: Fetcher, base_url: str) -> None:
        self.name, self.rows_max, self.pages_max = wire.NAME, wire.ROWS_MAX, wire.PAGES_MAX
        self.skew_s = 0.0
        self._wire, self._fetcher, self._base_url = wire, fetcher, base_url.rstrip("/")

    def candles(self, symbol: str, before_s: int, count: int, deadline_s: float) -> list[Candle]:
        """Ask the exchange in its own words; what comes back and is raised is as in `Source`."""
        path, query = self._wire.question(symbol, before_s, count)
        url, interval_s = self._base_url + path, self._wire.INTERVAL_S
        answer = self._fetcher.get(url, params=query, deadline_s=deadline_s, interval_s=interval_s)
        self.skew_s = self.skew_s if answer.skew_s is None else answer.skew_s
        try:
            decoded = json.loads(answer.body, parse_float=Decimal, parse_constant=_no_number)
            candles = self._wire.candles_of(decoded, symbol)
        except (ValueError, ArithmeticError, RecursionError) as error:
            raise Unusable(f"{url}: the answer cannot be used: {error}") from error
        # Whole seconds, cut off: a minute that had ended by then has ended there, however our clock goes.
        ended_s = min(before_s, answer.server_s or before_s)
        return [candle for candle in candles if candle.end_s <= ended_s]


def source_of(market: Market, fetcher: Fetcher, name: str = "") -> Source:
    """Return the source that the config names, or one of its fallbacks; only what it needs is imported."""
    name = name or market.source
    if name == "demo":
        from agent.market.demo import Demo

        return Demo(market.demo_seed)
    wire: Wire = upbit
    if name != "upbit":
        from agent.market.exchanges import wire_of

        wire = wire_of(name)
    return Exchange(wire, fetcher, getattr(market, f"{name}_url"))


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
