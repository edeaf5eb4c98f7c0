"""A made-up market and made-up news, stored as moss stores them, with a tie of known size between them or none."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from agent.clock import timestamp
from store.line import encode

BEGIN_S = 1_764_547_200  # 2025-12-01T00:00Z
DAY_MIN = 1_440
MODEL = "aabbccdd"


@dataclass(frozen=True)
class Tie:
    """What scores of one source do to the price.

    Arguments:
        size: how far, as a logarithm, for a score of 1.
        lag_min, length_min: how long after the headline it begins, and how long it takes.
    """

    source: str
    size: float
    lag_min: int = 0
    length_min: int = 30


@dataclass
class Newsroom:
    """A world of prices that come in calm and wild times, and news that come in bursts and moods.

    Arguments:
        seed: decides all of it.
        days: how long it lasts.
        sources: headlines a day by source.
        ties: none, for a world in which nothing moves the price.
        follows: whether news is about the market: written when that is wild, of what the price did in the hour before.
    """

    seed: int
    days: int = 30
    sources: Mapping[str, int] = field(default_factory=lambda: {f"feed{at}": 10 for at in range(6)})
    ties: tuple[Tie, ...] = ()
    symbol: str = "KRW-BTC"
    follows: bool = False

    def __post_init__(self) -> None:
        dice = np.random.default_rng(self.seed)
        minutes = self.days * DAY_MIN
        self.headlines = self._headlines(dice, minutes)
        moves = self._moves(dice, minutes)
        if self.follows:
            self.headlines = self._following(dice, moves)
        for tie in self.ties:
            for at_s, source, score in self.headlines:
                first = math.floor(at_s / 60) + 1 + tie.lag_min
                if source == tie.source and first < minutes:
                    moves[first : first + tie.length_min] += tie.size * score / tie.length_min
        self.closes = np.round(1e8 * np.exp(np.cumsum(moves)))

    def _moves(self, dice: np.random.Generator, minutes: int) -> Any:  # noqa: ANN401 - an array
        """Return each minute's move: wild and calm hours that last, and a day that has its own rhythm."""
        hours = minutes // 60 + 1
        heat = np.zeros(hours)
        for hour in range(1, hours):
            heat[hour] = 0.95 * heat[hour - 1] + 0.15 * dice.standard_normal()
        rhythm = 0.4 * np.sin(2 * np.pi * np.arange(hours) / 24)
        spread = 5e-4 * np.repeat(np.exp(heat + rhythm), 60)[:minutes]
        return spread * dice.standard_t(4, minutes) / math.sqrt(2)

    def _headlines(self, dice: np.random.Generator, minutes: int) -> list[tuple[float, str, float]]:
        """Return moment, source and score of each: more by day than by night, in moods that last for hours."""
        found = []
        for source, a_day in self.sources.items():
            count = a_day * self.days
            day = dice.integers(self.days, size=count)
            moments = np.sort(day * 86_400 + (dice.beta(2, 2, count) * 86_400)) % (minutes * 60)
            mood = np.cumsum(dice.standard_normal(count) * 0.3)
            mood -= np.convolve(mood, np.ones(25) / 25, mode="same")
            scores = np.tanh(0.5 * mood + 0.6 * dice.standard_normal(count))
            found += [(float(at_s), source, float(score)) for at_s, score in zip(moments, scores, strict=True)]
        return sorted(found)

    def _following(self, dice: np.random.Generator, moves: Any) -> list[tuple[float, str, float]]:  # noqa: ANN401 - an array
        """Return as many headlines, written when the price moves, that tell which way it went in the hour before."""
        wild = np.convolve(np.square(moves), np.ones(30))[: len(moves)]
        wild[-1] = 0.0
        price = np.concatenate((np.zeros(60), np.cumsum(moves)))
        past = price[60:] - price[:-60]
        found = []
        for source in self.sources:
            scores = [score for _, name, score in self.headlines if name == source]
            minutes = np.sort(dice.choice(len(moves), len(scores), p=wild / wild.sum()))
            told = np.tanh(np.arctanh(scores) + past[minutes] / past.std())
            moments = 60 * (minutes + dice.random(len(minutes)))
            found += [(float(at_s), source, float(score)) for at_s, score in zip(moments, told, strict=True)]
        return sorted(found)

    def candles(self) -> list[dict[str, Any]]:
        """Return the records of all candles."""
        before = float(self.closes[0])
        found = []
        for minute, close in enumerate(self.closes.tolist()):
            found.append(candle(BEGIN_S + 60 * minute, before, close, self.symbol))
            before = close
        return found

    def scores(self) -> list[dict[str, Any]]:
        """Return the records of all scores."""
        return [
            score(BEGIN_S + at_s, number, source, value) for number, (at_s, source, value) in enumerate(self.headlines)
        ]

    def store(self, folder: Path) -> Path:
        """Write all of it as a bot and a scorer would have, and return the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / "prices.jsonl", self.candles())
        write(folder / "sentiment.jsonl", self.scores())
        return folder


def candle(open_s: float, opened: float, close: float, symbol: str = "KRW-BTC", **other: object) -> dict[str, Any]:
    """Return the record of one candle."""
    return {
        "ts": timestamp(open_s + 65.2),
        "kind": "candle",
        "symbol": symbol,
        "source": "upbit",
        "open_ts": timestamp(open_s),
        "unit_s": 60,
        "open": opened,
        "high": max(opened, close),
        "low": min(opened, close),
        "close": close,
        "volume": 1.5,
        **other,
    }


def score(at_s: float, number: int, source: str, value: float, **other: object) -> dict[str, Any]:
    """Return the record of one score."""
    return {
        "ts": timestamp(at_s),
        "kind": "score",
        "text_id": f"{number:012x}-{source}",
        "story": f"{number:012x}",
        "score": round(value, 4),
        "p_neg": 0.2,
        "p_neu": 0.5,
        "p_pos": 0.3,
        "lang": "ko" if source[-1] in "02468" else "en",
        "source": source,
        "published_ts": None,
        "model": MODEL,
        "title": f"Headline {number} of {source}",
        **other,
    }


def write(path: Path, records: list[dict[str, Any]]) -> None:
    """Write records as lines, in one go."""
    path.write_bytes(b"".join(map(encode, records)))
