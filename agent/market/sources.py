"""Where candles come from: one small interface, an exchange or the demo market behind it."""

import json
from decimal import Decimal
from itertools import islice
from typing import NoReturn, Protocol

from agent.clock import timestamp
from agent.errors import Unusable
from agent.fetch import Fetcher
from agent.market import upbit
from agent.market.candle import Candle
from agent.settings import Config


class Source(Protocol):
    """A market's history; `name` goes into every record, `rows_max` is how many candles one question brings at most."""

    name: str
    rows_max: int

    def candles(self, symbol: str, before_s: int, count: int, deadline_s: float) -> list[Candle]:
        """Ask once for the newest candles that started before a moment.

        Arguments:
            symbol: the market.
            before_s: a whole minute, seconds since 1970 UTC.
            count: how many at most, up to `rows_max`.
            deadline_s: how long the answer may take.
        Returns: rising in time, each minute once; minutes without trade are left out.
        Raises: Unreachable, Refused, Unusable, Stopped.
        """


class Upbit:
    """Upbit's public candles; no key is needed."""

    name = "upbit"
    rows_max = 200
    # Documented: ten requests a second from one address.
    interval_s = 0.12

    def __init__(self, fetcher: Fetcher, base_url: str) -> None:
        self._fetcher = fetcher
        self._url = base_url.rstrip("/") + "/v1/candles/minutes/1"

    def candles(self, symbol: str, before_s: int, count: int, deadline_s: float) -> list[Candle]:
        until = timestamp(before_s).replace(".000", "")
        query = {"market": symbol, "count": str(count), "to": until}
        answer = self._fetcher.get(self._url, params=query, deadline_s=deadline_s, interval_s=self.interval_s)
        try:
            rows = json.loads(answer.body, parse_float=Decimal, parse_constant=_no_number)
            candles = upbit.candles_of(rows, symbol)
        except (ValueError, RecursionError) as error:
            raise Unusable(f"{self._url}: the answer cannot be used: {error}") from error
        return [candle for candle in candles if candle.open_s < before_s]


class Demo:
    """The built-in market; it needs no network and never fails."""

    name = "demo"
    rows_max = 200

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def candles(self, symbol: str, before_s: int, count: int, deadline_s: float) -> list[Candle]:  # noqa: ARG002 - at once
        from agent.market import demo  # nobody else needs it

        newest_first = islice(demo.candles_before(self._seed, symbol, before_s), count)
        return list(newest_first)[::-1]


def source_of(config: Config, fetcher: Fetcher) -> Source:
    """Return the source that the config names."""
    if config.market.source == "demo":
        return Demo(config.market.demo_seed)
    return Upbit(fetcher, config.market.upbit_url)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
