"""A store of the demo market and our own sample headlines, as the two programs would have left it."""

import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import sentiment
from agent.clock import MINUTE_S, timestamp
from agent.folder import DataFolder
from agent.history import gap_fields
from agent.market.candle import Candle, record_of
from agent.market.demo import candle_at
from agent.news.demo import INTERVAL_S, headlines
from agent.news.headline import Headline, story, text_id
from agent.news.model import Scorer
from agent.replay import Replay, keep
from agent.settings import Bank, Config, Market, Schedule, Strategy
from store import Store

SEED = 11
SYMBOL = "KRW-BTC"
SOURCES = {"sample-ko": "ko", "sample-en": "en"}
# The demo feed has a headline each three minutes; of these one in so many, to be as quiet as a real one.
ONE_IN = 9

Record = dict[str, Any]


def fill(folder: Path, end_s: int, minutes: int, hole: range = range(0)) -> None:
    """Write what the bot and the scorer would have written up to a moment.

    Arguments:
        end_s: the end of the newest candle, a whole minute.
        minutes: how far back the first candle lies.
        hole: the minutes, counted from the first, that an outage took.
    """
    first_s = end_s - MINUTE_S * minutes
    data = DataFolder(folder)
    config = Config(
        market=Market(source="demo", symbols=(SYMBOL,)),
        strategy=Strategy(fast=60, slow=240),
        schedule=Schedule(session_open="", session_close=""),
        bank=Bank(order_amount=Decimal(6_000_000)),
    )
    keep(Replay(config).entries(_rows(first_s, end_s, hole)), data, config)
    append(folder, "sentiment", *_scores(first_s, end_s))
    append(folder, "feeds", *(_feed(source, end_s) for source in SOURCES))
    append(folder, "events", *_events(first_s, hole))


def append(folder: Path, stream: str, *records: Record) -> None:
    """Append records to a stream, as a writer does."""
    with Store(DataFolder(folder).stream(stream), durable=False) as store:
        store.append_many(list(records))


def candle(open_s: int, price: int) -> Record:
    """Return the record of a minute without a move at this price."""
    return record_of(Candle(SYMBOL, "demo", open_s, *(Decimal(price),) * 4, Decimal(1)), open_s + MINUTE_S)


def score(scorer: Scorer, headline: Headline, recorded_s: float) -> Record:
    """Return the record of one headline."""
    return {
        "ts": timestamp(recorded_s),
        "kind": "score",
        "text_id": text_id(headline),
        "story": story(headline.title),
        **scorer.score(headline.title, headline.lang)._asdict(),
        "source": headline.source,
        "published_ts": timestamp(recorded_s - 40),
        "model": scorer.model,
        "title": headline.title,
        **({"link": headline.link} if headline.link else {}),
    }


def _rows(first_s: int, end_s: int, hole: range) -> Iterator[tuple[Candle, str]]:
    for number, open_s in enumerate(range(first_s, end_s, MINUTE_S)):
        found = None if number in hole else candle_at(SEED, SYMBOL, open_s)
        # The newest minute is always there, so that the end is where the caller wants it.
        if found is None and open_s + MINUTE_S == end_s:
            found = candle_at(SEED, SYMBOL, open_s - MINUTE_S) or candle_at(SEED, SYMBOL, open_s - 2 * MINUTE_S)
            found = found and found._replace(open_s=open_s)
        if found:
            yield found, "demo"


def _scores(first_s: int, end_s: int) -> Iterator[Record]:
    scorer, dice = sentiment.scorer(), random.Random(SEED)
    for moment_s in range(first_s, end_s, INTERVAL_S):
        for turn, (source, lang) in enumerate(SOURCES.items()):
            if dice.randrange(ONE_IN) == 0:
                yield score(scorer, headlines(source, lang, moment_s)[0], moment_s + 50 + turn)


def _feed(source: str, end_s: int) -> Record:
    answer: Record = {"url": "demo:", "http_status": None, "items": 12, "new": 1, "shown": []}
    return {"ts": timestamp(end_s - 130), "kind": "feed", "source": source, **answer}


def _events(first_s: int, hole: range) -> Iterator[Record]:
    started = {"version": "0.1.0", "schema": 1, "boot_id": "demo", "pid": 1, "previous": None, "config": {}}
    yield {"ts": timestamp(first_s), "kind": "start", **started}
    if hole:
        from_s, until_s = first_s + MINUTE_S * hole.start, first_s + MINUTE_S * hole.stop
        trouble = {"class": "Unreachable", "message": "the market did not answer within 10 s", "symbol": SYMBOL}
        later = {"source": "demo", "attempt": 1, "next_ts": timestamp(from_s + 60)}
        yield {"ts": timestamp(from_s + 5), "kind": "error", **trouble, **later}
        yield {"ts": timestamp(until_s + 5), "kind": "gap", **gap_fields(SYMBOL, "demo", from_s, until_s)}
