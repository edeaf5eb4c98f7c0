"""The exchanges by name; imported only where the config names another than Upbit, the default, and by `bot.py once`."""

from typing import Protocol

from agent.market.candle import Candle


class Wire(Protocol):
    """What a module knows of one exchange: its limits, how a question is put, and how an answer is read."""

    NAME: str
    ROWS_MAX: int
    PAGES_MAX: int
    INTERVAL_S: float

    def question(self, symbol: str, before_s: int, count: int) -> tuple[str, dict[str, str]]:
        """Return path and query of a question for candles."""

    def candles_of(self, answer: object, symbol: str) -> list[Candle]:
        """Read a decoded answer; raises ValueError naming what is wrong."""


def wire_of(name: str) -> Wire:
    """Return what is known of an exchange's wire format; only that one's module is imported."""
    if name == "upbit":
        from agent.market import upbit

        return upbit
    if name == "bithumb":
        from agent.market import bithumb

        return bithumb
    if name == "coinbase":
        from agent.market import coinbase

        return coinbase
    if name == "kraken":
        from agent.market import kraken

        return kraken
    from agent.market import binance

    return binance
