"""One feed after another to scores: ask, read, leave out what is known, score, store."""

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from datetime import datetime
from types import TracebackType
from typing import Any

from agent.clock import Clock, timestamp
from agent.console import say
from agent.errors import MossError, Refused, Unreachable, Unusable
from agent.fetch import Answer, Fetcher
from agent.folder import DataFolder
from agent.news import feeds, known, robots
from agent.news.headline import Headline, story, text_id
from agent.news.model import Scorer
from agent.settings import Config, NewsFeed
from store import newest

# A feed is asked again in minutes anyway; one more attempt is for a connection that broke off.
ATTEMPTS_MAX = 2
# From one request to the next one at the same host; GDELT's is what its documents ask for.
INTERVAL_S, GDELT_INTERVAL_S = 1.0, 5.0
DEMO = "demo:"

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
        self._rules = ("", "")
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
        last: Mapping[str, Any] = self._last.get(feed.name, {})
        # Another address's marks say nothing of this one.
        last = last if last.get("url") == feed.url else {}
        record: Record = {"ts": "", "kind": "feed", "source": feed.name, "url": feed.url, "http_status": None}
        record |= {name: last.get(name, "") for name in ("etag", "last_modified")}
        record |= {"items": 0, "new": 0, "shown": []}
        try:
            if self._heed_robots(feed, last, deadline_s / 2):
                deadline_s /= 2
            entries = known.once_each(self._ask(feed, record, deadline_s))
        except (Unreachable, Unusable) as error:
            if isinstance(error, Unreachable):
                record["http_status"] = error.status
            self._close(record)
            self.tell(feed, error)
            raise
        if record["http_status"] != 304 and not entries:
            say(f"{feed.name}: the feed has no entries")
        new = self._new(feed, entries)
        scores = [self._score(headline) for headline in new]
        self._scores.append_many(scores)
        self._recent.update(entries)
        record |= {"items": len(entries), "new": len(new), "shown": list(entries)[: known.SHOWN_MAX]}
        local = datetime.fromtimestamp(self._clock.now_s(), self._config.schedule.timezone)
        for score, headline in zip(scores, new, strict=True):
            say(f"{local:%H:%M} {score['score']:+.2f} [{feed.name}] {headline.title}")
        # Written after the scores: what `shown` names has been stored, whenever a kill comes.
        self._close(record)
        return len(new)

    def tell(self, feed: NewsFeed, error: MossError) -> None:
        """Record what went wrong with a feed, and say it."""
        say(f"{feed.name}: {error}")
        fields = {"class": type(error).__name__, "message": str(error), "what": f"feed {feed.name}"}
        self._events.append({"ts": self._ts(), "kind": "error", **fields})

    def _heed_robots(self, feed: NewsFeed, last: Mapping[str, Any], deadline_s: float) -> bool:
        """See whether the host lets programs read the feed; tell whether it had to be asked, which is once a day.

        Raises: Refused where it does not, Unreachable where it cannot be asked.
        """
        if feed.url == DEMO or (last.get("http_status") in (200, 304) and last["ts"][:10] == self._ts()[:10]):
            return False
        address = robots.address(feed.url)
        if is_new := address != self._rules[0]:
            text = ""
            # A host without one (4xx), or with nothing readable there, forbids nothing.
            with suppress(Refused, Unusable):
                answer = self._fetcher.get(address, deadline_s=deadline_s, size_bytes_max=robots.SIZE_BYTES_MAX)
                text = answer.body.decode("utf-8", "replace")
            # Of one host only, so that many cost no memory; feeds of one host mostly stand together.
            self._rules = address, text
        if not robots.allows(self._rules[1], feed.url):
            raise Refused(f"{address} asks programs not to read this address")
        return is_new

    def _ask(self, feed: NewsFeed, record: Record, deadline_s: float) -> list[Headline]:
        if feed.url == DEMO:
            from agent.news import demo  # only `make run` needs it

            return demo.headlines(feed.name, feed.lang, self._clock.now_s())
        wanted = {"If-None-Match": record["etag"], "If-Modified-Since": record["last_modified"]}
        answer = self._fetcher.get(
            feed.url,
            headers={name: value for name, value in wanted.items() if value},
            deadline_s=deadline_s,
            attempts_max=ATTEMPTS_MAX,
            interval_s=GDELT_INTERVAL_S if feed.format == "gdelt" else INTERVAL_S,
            name=feed.name,
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
            for key in known.scored_since(newest(self._folder.stream("sentiment")), begin_s, unsure):
                del unknown[key]
        # Feeds have the newest first; records rise in time.
        newest_last = list(unknown.values())[::-1]
        return sorted(newest_last, key=lambda headline: headline.published_s or self._floor_s)

    def _score(self, headline: Headline) -> Record:
        score = self._scorer.score(headline.title, headline.lang)
        record: Record = {
            "ts": self._ts(),
            "kind": "score",
            "text_id": text_id(headline),
            "story": story(headline.title),
        }
        record |= {**score._asdict(), "source": headline.source, "published_ts": None, "model": self._scorer.model}
        if headline.published_s is not None:
            record["published_ts"] = timestamp(headline.published_s)
        kept = {"title": headline.title, "link": headline.link} if self._config.news.keep_titles else {}
        return record | {name: text for name, text in kept.items() if text}

    def _ts(self) -> str:
        return timestamp(self._clock.now_s())


def _mark(answer: Answer, name: str) -> str:
    """Return a header that can be sent back next time: in one line, ASCII, of sane length; else ""."""
    value = answer.headers.get(name, "")
    return value if value.isascii() and value.isprintable() and len(value) <= 200 else ""
