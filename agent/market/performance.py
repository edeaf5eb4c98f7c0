"""What a series of decisions earned on paper, beside buying at the start and holding."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from agent.market.engine import Entry
from agent.market.strategy import SELL


class Performance:
    """Watches the records of a replay go by and sums them up; memory does not grow with them.

    Arguments:
        cash: the money at the start, in the quote currency, all of which the holder it is compared with invests at the
            first close, in equal parts where there are several symbols.
    """

    def __init__(self, cash: Decimal) -> None:
        self._cash = float(cash)
        self._equity = self._peak = float(cash)
        self._account_cash = float(cash)
        self._positions: dict[str, float] = {}
        self._costs: dict[str, float] = {}
        self._first: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._drawdown = self._fees = 0.0
        self._minute = ""
        self._fills = self._sells = self._wins = self._minutes = self._invested = 0

    def watching(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Pass the records on and take note of them."""
        for stream, record in entries:
            if stream == "prices":
                self._see_price(record)
            elif stream == "ledger" and record["kind"] == "fill":
                self._see_fill(record)
            yield stream, record

    def figures(self) -> dict[str, float | int]:
        """Return the sums; rates are parts of one, the drawdown that of the worths after each minute and its trades."""
        self._settle()
        held = [self._last[symbol] / first for symbol, first in self._first.items()]
        return {
            "return_rate": self._equity / self._cash - 1 if self._cash else 0.0,
            "hold_return_rate": sum(held) / len(held) - 1 if held else 0.0,
            "drawdown_rate_max": self._drawdown,
            "exposure_rate": self._invested / self._minutes if self._minutes else 0.0,
            "fills": self._fills,
            "sells": self._sells,
            "win_rate": self._wins / self._sells if self._sells else 0.0,
            "fees": self._fees,
            "equity": self._equity,
        }

    def lines(self) -> Iterator[str]:
        """Yield the same for people."""
        sums = self.figures()
        yield f"return         {sums['return_rate']:+.3%}"
        yield f"buy and hold   {sums['hold_return_rate']:+.3%}, of the same money"
        yield f"equity         {sums['equity']:,.2f} after {self._cash:,.2f}"
        yield f"fills          {sums['fills']}, of which {sums['sells']} sells, {sums['win_rate']:.0%} at a gain"
        yield f"fees paid      {sums['fees']:,.2f}"
        yield f"drawdown       {sums['drawdown_rate_max']:.3%} at most"
        yield f"exposure       {sums['exposure_rate']:.1%} of the candles with something held"

    def _see_price(self, record: dict[str, Any]) -> None:
        if record["open_ts"] != self._minute:
            self._settle()
        self._minute = record["open_ts"]
        symbol, close = record["symbol"], float(record["close"])
        self._first.setdefault(symbol, close)
        self._last[symbol] = close
        self._minutes += 1
        self._invested += bool(self._positions)
        held = sum(quantity * self._last[name] for name, quantity in self._positions.items())
        self._equity = self._account_cash + held

    def _see_fill(self, record: dict[str, Any]) -> None:
        symbol, fee = record["symbol"], float(record["fee"])
        worth = float(record["price"]) * float(record["quantity"])
        self._fills += 1
        self._fees += fee
        if record["side"] == SELL:
            self._sells += 1
            self._wins += worth - fee > self._costs.pop(symbol, 0.0)
        else:
            self._costs[symbol] = self._costs.get(symbol, 0.0) + worth + fee
        self._account_cash = float(record["cash"])
        self._positions = {name: float(quantity) for name, quantity in record["positions"].items()}
        self._equity = float(record["equity"])

    def _settle(self) -> None:
        """Let the last minute's worth count: its trades come behind the candles of all symbols, and cost fees."""
        self._peak = max(self._peak, self._equity)
        self._drawdown = max(self._drawdown, 1 - self._equity / self._peak if self._peak else 0.0)
