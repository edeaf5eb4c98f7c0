"""One feed after another to scores: ask, read, leave out what is known, score, store."""

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urljoin

from agent.clock import Clock, timestamp
from agent.console import say
from agent.errors import MossError, Refused, Stopped, Unreachable, Unusable
from agent.fetch import Fetcher
from agent.folder import DataFolder
from agent.news import feeds, known, robots
from agent.news.headline import Headline, story, text_id
from agent.news.model import Scorer
from agent.settings import Config, NewsFeed
from store import newest, newest_holding

# A feed is asked again in minutes anyway; one more attempt is for a connection that broke off.
ATTEMPTS_MAX = 2
# From one request to the next one at the same host; GDELT's is what its documents ask for.
INTERVAL_S, GDELT_INTERVAL_S = 1.0, 5.0
# One feed's share of the run's deadline.
FEED_S_MAX = 15.0
DEMO = "demo:"
# What tells one answer from the next: its name in the record, in the answer, and in what asks for what is newer.
_MARKS = {"etag": ("ETag", "If-None-Match"), "last_modified": ("Last-Modified", "If-Modified-Since")}

Record = dict[str, Any]


class Collector(ExitStack):
    """Takes feeds in turn and stores each headline's score once; a `with` block closes what it opened.

    Arguments:
        clock: the time that records bear; a demo's may run fast.
        fetcher: the door to the network, with a clock of its own.
    Raises: store.StoreError, from every method, when a record cannot be stored or read.
    """

    def __init__(self, config: Config, folder: DataFolder, clock: Clock, fetcher: Fetcher, scorer: Scorer) -> None:
        super().__init__()
        self.callback(fetcher.close)
        self._config, self._folder, self._clock = config, folder, clock
        self._fetcher, self._scorer = fetcher, scorer
        self._floor_s = clock.now_s() - 3600 * config.news.max_age_h
        self._recent = known.scored_since(newest(folder.stream("sentiment")), self._floor_s)
        self._rules = ("", "")
        unseen = {feed.name for feed in config.news.feeds}
        self._last = known.last_answers(newest_holding(folder.stream("feeds"), unseen), unseen)
        opened = (self.enter_context(folder.open(name, config)) for name in ("sentiment", "feeds", "events"))
        self._scores, self._answers, self._events = opened

    def collect_all(self, clock: Clock) -> int:
        """Take each feed in turn; one that is down, slow or broken does not stop the others.

        Arguments:
            clock: real time, for the deadline of the whole.
        Returns: the exit status: 0, or what the troubles end with where no feed was good.
        """
        news = self._config.news
        end_s = clock.monotonic_s() + news.deadline_s
        new, good, troubles = 0, 0, list[MossError]()
        for feed in self._in_turn():
            try:
                new += self.collect(feed, min(end_s - clock.monotonic_s(), FEED_S_MAX))
                good += 1
            except Stopped:
                break
            except MossError as trouble:
                troubles.append(trouble)
        say(f"{new} new headlines from {good} of {len(news.feeds)} feeds")
        return 0 if good or not troubles else min(trouble.exit_status for trouble in troubles)

    def _in_turn(self) -> list[NewsFeed]:
        """Return the feeds, each pass from one further on: one at which passes die keeps no other from being read."""
        feeds = self._config.news.feeds
        # The newest answer is that of the feed before the one at which the last pass died, or of its last.
        newest_at = next((at for name in self._last for at, feed in enumerate(feeds) if feed.name == name), -2)
        begin = (newest_at + 2) % max(len(feeds), 1)
        return [*feeds[begin:], *feeds[:begin]]

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
        record |= {name: last.get(name, "") for name in _MARKS} | {"items": 0, "new": 0, "shown": []}
        attempt = last.get("attempt", 0) + 1
        try:
            entries = known.once_each(self._ask(feed, record, self._heed_robots(feed, last, deadline_s)))
            shown = list(entries)[: known.SHOWN_MAX]
        except feeds.CutOff as error:
            # It is no full answer: what was there before is not known to be gone, nor is this to be answered with 304.
            entries = known.once_each(error.whole)
            shown = known.shown_still(entries, self._last_shown(feed))
            record |= dict.fromkeys(_MARKS, "") | {"attempt": attempt}
            self._tell(feed, error, attempt)
        except (Unreachable, Unusable) as error:
            record |= {"http_status": getattr(error, "status", record["http_status"]), "attempt": attempt}
            self._close(record)
            self._tell(feed, error, attempt)
            raise
        if record["http_status"] != 304 and not entries:
            say(f"{feed.name}: the feed has no entries")
        new = self._new(feed, entries)
        scores = [self._score(headline) for headline in new]
        self._scores.append_many(scores)
        self._recent.update(entries)
        record |= {"items": len(entries), "new": len(new), "shown": shown}
        local = datetime.fromtimestamp(self._clock.now_s(), self._config.schedule.timezone)
        for score, headline in zip(scores, new, strict=True):
            say(f"{local:%H:%M} {score['score']:+.2f} [{feed.name}] {headline.title}")
        # Written after the scores: what `shown` names has been stored, whenever a kill comes.
        self._close(record)
        return len(new)

    def _tell(self, feed: NewsFeed, error: MossError, attempt: int) -> None:
        """Record what went wrong with a feed, and say it."""
        say(f"{feed.name}: {error}")
        fields = {"class": type(error).__name__, "message": str(error), "what": f"feed {feed.name}", "attempt": attempt}
        self._events.append({"ts": self._ts(), "kind": "error", **fields})

    def _heed_robots(self, feed: NewsFeed, last: Mapping[str, Any], deadline_s: float) -> float:
        """See whether the host lets programs read the feed; return what seconds are left for that.

        Its rules are asked for once a day, and may take half of the time.

        Raises: Refused where it does not, Unreachable where it cannot be asked.
        """
        if deadline_s <= 0:
            raise Unreachable(f"not asked, the run's {self._config.news.deadline_s} s were over")
        if feed.url == DEMO or (last.get("http_status") in (200, 304) and last["ts"][:10] == self._ts()[:10]):
            return deadline_s
        address = urljoin(feed.url, "/robots.txt")
        if address != self._rules[0]:
            text, deadline_s = "", deadline_s / 2
            # A host without one (4xx), or with nothing readable there, forbids nothing.
            with suppress(Refused, Unusable):
                get = partial(self._fetcher.get, deadline_s=deadline_s, size_bytes_max=robots.SIZE_BYTES_MAX)
                answer = get(address, interval_s=_pace_s(feed))
                text = answer.body.decode("utf-8", "replace")
            # Of one host only, so that many cost no memory; feeds of one host mostly stand together.
            self._rules = address, text
        if not robots.allows(self._rules[1], feed.url):
            raise Refused(f"{address} asks programs not to read this address")
        return deadline_s

    def _ask(self, feed: NewsFeed, record: Record, deadline_s: float) -> list[Headline]:
        if feed.url == DEMO:
            from agent.news import demo  # only `make run` needs it

            return demo.headlines(feed.name, feed.lang, self._clock.now_s())
        headers = {asks: record[name] for name, (_, asks) in _MARKS.items() if record[name]}
        begun: list[tuple[Mapping[str, str], bytearray]] = []

        def keep(headers: Mapping[str, str]) -> bytearray:
            begun.append((headers, bytearray()))
            return begun[-1][1]

        get = partial(self._fetcher.get, attempts_max=ATTEMPTS_MAX, interval_s=_pace_s(feed), name=feed.name)
        try:
            answer = get(feed.url, headers=headers, deadline_s=deadline_s, keep=keep)
        except Unreachable as trouble:
            if begun:
                from agent import remnant

                record["http_status"] = 200
                remnant.rescue(begun[-1][0], bytes(begun[-1][1]), feed, trouble)
            raise
        record["http_status"] = answer.status
        if answer.status == 304:
            return []
        headlines = feeds.parse(answer.body, answer.headers.get("Content-Type", ""), feed)
        for name, (header, _) in _MARKS.items():
            # What is sent back next time: in one line, ASCII, of sane length.
            value = answer.headers.get(header, "")
            record[name] = value if value.isascii() and value.isprintable() and len(value) <= 200 else ""
        return headlines

    def _close(self, record: Record) -> None:
        record["ts"] = self._ts()
        self._answers.append({name: value for name, value in record.items() if value != ""})

    def _new(self, feed: NewsFeed, entries: Mapping[str, Headline]) -> list[Headline]:
        """Return the entries that were never scored, the oldest first."""
        unknown = {key: headline for key, headline in entries.items() if key not in self._recent}
        if not unknown:
            return []
        shown = self._last_shown(feed)
        if shown:
            unknown = {key: headline for key, headline in unknown.items() if key not in shown["shown"]}
        since = {key: known.unsure_since(headline, shown, self._floor_s) for key, headline in unknown.items()}
        if unsure := {key: since_s for key, since_s in since.items() if since_s is not None}:
            for key in known.scored_since(newest(self._folder.stream("sentiment")), min(unsure.values()), unsure):
                del unknown[key]
        # Feeds have the newest first, records rise in time; among equals the order stays reversed.
        return sorted(reversed(unknown.values()), key=lambda headline: headline.published_s or self._floor_s)  # noqa: C414

    def _last_shown(self, feed: NewsFeed) -> known.Record | None:
        return known.last_shown(newest(self._folder.stream("feeds")), feed.name)

    def _score(self, headline: Headline) -> Record:
        record: Record = {"ts": self._ts(), "kind": "score", "text_id": text_id(headline)}
        record |= {"story": story(headline.title), **self._scorer.score(headline.title, headline.lang)._asdict()}
        published_ts = None if headline.published_s is None else timestamp(headline.published_s)
        record |= {"source": headline.source, "published_ts": published_ts, "model": self._scorer.model}
        kept = {"title": headline.title, "link": headline.link} if self._config.news.keep_titles else {}
        return record | {name: text for name, text in kept.items() if text}

    def _ts(self) -> str:
        return timestamp(self._clock.now_s())


def _pace_s(feed: NewsFeed) -> float:
    return GDELT_INTERVAL_S if feed.format == "gdelt" else INTERVAL_S
