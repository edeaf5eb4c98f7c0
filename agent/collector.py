"""One feed after another to scores: ask, read, leave out what is known, score, store."""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from types import TracebackType
from typing import Any

from agent.clock import Clock, timestamp
from agent.console import say
from agent.errors import MossError, Unreachable, Unusable
from agent.fetch import Answer, Fetcher
from agent.folder import DataFolder
from agent.news import feeds, known
from agent.news.headline import Headline, story, text_id
from agent.news.model import Scorer
from agent.settings import Config, NewsFeed
from store import newest, scan

# A feed is asked again in minutes anyway; one more attempt is for a connection that broke off.
ATTEMPTS_MAX = 2

Record = dict[str, Any]


class Collector:
    """Takes feeds in turn and stores each headline's score once; a `with` block closes what it opened.

    Arguments:
        clock: the time that records bear; a demo's may run fast.
        fetcher: the door to the network, with a clock of its own.
    Raises: store.StoreError, from every method, when a record cannot be stored or read.
    """

    def __init__(self, config: Config, folder: DataFolder, clock: Clock, fetcher: Fetcher, scorer: Scorer) -> None:
        self._config, self._folder, self._clock = config, folder, clock
        self._fetcher, self._scorer = fetcher, scorer
        self._floor_s = clock.now_s() - 3600 * config.news.max_age_h
        self._recent = known.scored_since(newest(folder.stream("sentiment")), self._floor_s)
        names = [feed.name for feed in config.news.feeds]
        self._last = known.last_answers(newest(folder.stream("feeds")), names)
        with ExitStack() as opened:
            self._scores = opened.enter_context(folder.open("sentiment", config))
            self._answers = opened.enter_context(folder.open("feeds", config))
            self._events = opened.enter_context(folder.open("events", config))
            self._opened = opened.pop_all()

    def __enter__(self) -> "Collector":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()
        self._fetcher.close()

    def collect(self, feed: NewsFeed, deadline_s: float) -> int:
        """Take one feed and store what is new in it.

        Arguments:
            deadline_s: real seconds that its server is given.
        Returns: how many headlines were new.
        Raises: Unreachable, Unusable: nothing came, or no feed; recorded before. Stopped: a stop was asked for.
        """
        record = self._unanswered(feed)
        try:
            headlines = self._ask(feed, record, deadline_s)
        except (Unreachable, Unusable) as error:
            if isinstance(error, Unreachable):
                record["http_status"] = error.status
            self._close(record)
            self.tell(feed, error)
            raise
        entries = known.once_each(headlines)
        if record["http_status"] != 304 and not entries:
            say(f"{feed.name}: the feed has no entries")
        new = self._new(feed, entries)
        scores = [self._score(headline) for headline in new]
        if scores:
            self._scores.append_many(scores)
            self._recent.update(entries)
        local = datetime.fromtimestamp(self._clock.now_s(), self._config.schedule.timezone)
        for score, headline in zip(scores, new, strict=True):
            say(f"{local:%H:%M} {score['score']:+.2f} [{feed.name}] {headline.title}")
        record |= {"items": len(entries), "new": len(new), "shown": list(entries)[: known.SHOWN_MAX]}
        # Written after the scores: what `shown` names has been stored, whenever a kill comes.
        self._close(record)
        return len(new)

    def tell(self, feed: NewsFeed, error: MossError) -> None:
        """Record what went wrong with a feed, and say it."""
        say(f"{feed.name}: {error}")
        fields = {"class": type(error).__name__, "message": str(error), "what": f"feed {feed.name}"}
        self._events.append({"ts": self._ts(), "kind": "error", **fields})

    def _unanswered(self, feed: NewsFeed) -> Record:
        """Return the record of a feed that brought nothing; it carries on what the last answer was marked with."""
        last = self._last.get(feed.name, {})
        # Another address's ETag says nothing of this one.
        marks = last if last.get("url") == feed.url else {}
        return {
            "ts": "",
            "kind": "feed",
            "source": feed.name,
            "url": feed.url,
            "http_status": None,
            "etag": marks.get("etag", ""),
            "last_modified": marks.get("last_modified", ""),
            "items": 0,
            "new": 0,
            "shown": [],
        }

    def _ask(self, feed: NewsFeed, record: Record, deadline_s: float) -> list[Headline]:
        if feed.url == "demo:":
            from agent.news import demo  # only `make run` needs it

            return demo.headlines(feed.name, feed.lang, self._clock.now_s())
        wanted = {"If-None-Match": record["etag"], "If-Modified-Since": record["last_modified"]}
        headers = {name: value for name, value in wanted.items() if value}
        answer = self._fetcher.get(
            feed.url, headers=headers, deadline_s=deadline_s, attempts_max=ATTEMPTS_MAX, name=feed.name
        )
        record["http_status"] = answer.status
        if answer.status == 304:
            return []
        headlines = feeds.parse(answer.body, answer.headers.get("Content-Type", ""), feed)
        record |= {"etag": _mark(answer, "ETag"), "last_modified": _mark(answer, "Last-Modified")}
        return headlines

    def _close(self, record: Record) -> None:
        record["ts"] = self._ts()
        self._answers.append({name: value for name, value in record.items() if value != ""})

    def _new(self, feed: NewsFeed, entries: Mapping[str, Headline]) -> list[Headline]:
        """Return the entries that were never scored, the oldest first."""
        unknown = {key: headline for key, headline in entries.items() if key not in self._recent}
        if not unknown:
            return []
        shown = known.last_shown(newest(self._folder.stream("feeds")), feed.name)
        if shown:
            unknown = {key: headline for key, headline in unknown.items() if key not in shown.identities}
        since = {key: known.unsure_since(headline, shown, self._floor_s) for key, headline in unknown.items()}
        unsure = {key: unknown[key] for key, since_s in since.items() if since_s is not None}
        if unsure:
            begin_s = min(since_s for since_s in since.values() if since_s is not None)
            scores = scan(self._folder.stream("sentiment"), since=timestamp(begin_s))
            for key in known.scored_among(unsure, scores):
                del unknown[key]
        # Feeds have the newest first; records rise in time.
        newest_last = list(unknown.values())[::-1]
        return sorted(newest_last, key=lambda headline: headline.published_s or self._floor_s)

    def _score(self, headline: Headline) -> Record:
        score = self._scorer.score(headline.title, headline.lang)
        kept = {"title": headline.title, "link": headline.link} if self._config.news.keep_titles else {}
        return {
            "ts": self._ts(),
            "kind": "score",
            "text_id": text_id(headline),
            "story": story(headline.title),
            "score": score.score,
            "p_neg": score.p_neg,
            "p_neu": score.p_neu,
            "p_pos": score.p_pos,
            "lang": score.lang,
            "source": headline.source,
            "published_ts": None if headline.published_s is None else timestamp(headline.published_s),
            "model": self._scorer.model,
            **{name: text for name, text in kept.items() if text},
        }

    def _ts(self) -> str:
        return timestamp(self._clock.now_s())


def _mark(answer: Answer, name: str) -> str:
    """Return a header that can be sent back next time: in one line, ASCII, of sane length; else ""."""
    value = answer.headers.get(name, "")
    return value if value.isascii() and value.isprintable() and len(value) <= 200 else ""
