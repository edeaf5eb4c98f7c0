"""`python -m tests.fakes.nursery VARIANT`: starts passes of sentiment.py in a millisecond, for tests that kill them.

Each line in is a list of arguments as JSON; out come the number of the process that runs with them, and, once it has
ended, its status as the system tells it. All that takes time is imported once, before the first line.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

import agent.collector
import sentiment
from agent import config, folder, stop
from agent.collector import Collector
from agent.news import known
from agent.news.headline import Headline
from agent.settings import NewsFeed

__all__ = ["config", "folder", "stop"]


PAUSE_S = 0.02


class Slow(Collector):
    """Right, but pauses between the scores and the answer that names them: more kills come there."""

    def _close(self, record: dict[str, Any]) -> None:
        time.sleep(PAUSE_S)
        super()._close(record)


class ShownFirst(Slow):
    """Records an answer before the scores of its headlines: wrong, and what a kill must bring to light."""

    def _new(self, feed: NewsFeed, entries: Mapping[str, Headline]) -> list[Headline]:
        new = super()._new(feed, entries)
        record = {"ts": "", "kind": "feed", "source": feed.name, "url": feed.url, "http_status": 200}
        self._close({**record, "items": len(entries), "new": len(new), "shown": list(entries)})
        time.sleep(PAUSE_S)
        return new


def use(variant: str) -> None:
    """Put another collector in the right one's place, or take its memory of what was scored."""
    kinds: dict[str, type[Collector]] = {"as it is": Collector, "slow": Slow, "shown first": ShownFirst}
    # All feeds are of one host here: the pause between them would be nearly all of a pass.
    vars(agent.collector).update(Collector=kinds.get(variant, Slow), INTERVAL_S=0.0)
    if variant == "forgetful":
        vars(known).update(scored_since=lambda *_: set(), unsure_since=lambda *_: None)
    elif variant not in kinds:
        raise ValueError(variant)


def main() -> None:
    """Start a process a line until there are no more lines."""
    use(sys.argv[1])
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(sentiment.main(json.loads(line)))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
