"""The sign of life to a watcher elsewhere, by the protocol of healthchecks.io: if it stays away, someone is told.

It is what notices that the whole box is gone, since nothing on the box can.
"""

import os
import time
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from agent.clock import Clock, SystemClock
from agent.console import say
from agent.delivery import refusal
from agent.errors import MossError, Stopped, Unusable
from agent.fetch import Fetcher
from agent.patience import CALL_S_MAX, Budget, Patience
from agent.secret import secret
from store import StoreError


class Ping:
    """The bot's: after each evaluation the newest one's outcome, once.

    Arguments:
        url: the check's address.
        fetcher: asks.
        clock: what tells the time.
    """

    def __init__(self, url: str, fetcher: Fetcher, clock: Clock) -> None:
        self._url = url
        self._fetcher = fetcher
        self._patience = Patience(clock)
        self._due: str | None = None
        self._is_told = False

    def evaluated(self, *, ok: bool) -> None:
        """Note that an evaluation is finished; one that was not told yet is told no more."""
        self._due = "" if ok else "fail"

    def work(self, budget: Budget) -> None:
        """Tell what is to be told, if there is time for it; raises Stopped."""
        if self._due is None or not self._patience.is_over or not budget.call_s:
            return
        try:
            tell(self._url, self._due, self._fetcher, budget.call_s)
        except Stopped:
            raise
        except (MossError, StoreError) as error:
            self._patience.fail(error)
            if not self._is_told:
                say(f"{error}; moss goes on, and tries again")
            self._is_told = True
        else:
            self._patience.succeed(0.0)
            self._due, self._is_told = None, False


def ping_scorer(status: int, environ: Mapping[str, str] = os.environ, fetcher: Fetcher | None = None) -> None:
    """Tell MOSS_SCORER_PING_URL, where it is set, how a pass of the scorer ended; what fails is said, and no more.

    Arguments:
        status: its exit status.
    Cost: one call, at most five seconds.
    """
    url = secret("MOSS_SCORER_PING_URL", environ)
    if not url:
        return
    try:
        tell(url, str(status), fetcher or Fetcher(SystemClock()), CALL_S_MAX)
    except MossError as error:
        say(f"{error}")


def address(url: str, tail: str) -> str:
    """Return a check's address for an outcome; its query stays where it is.

    Arguments:
        tail: "" for success, "fail", or an exit status.
    """
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return urlunsplit(parts._replace(path=f"{path}/{tail}" if tail else path, fragment=""))


def is_address(url: str) -> bool:
    """Tell whether this can be pinged: http or https, and a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def tell(url: str, tail: str, fetcher: Fetcher, deadline_s: float) -> None:
    """Ask for the address of an outcome; raises Unreachable, Refused, Unusable, Stopped."""
    if not is_address(url):
        raise Unusable("the ping's address must begin with https:// or http:// and name a host")
    # With an empty body it is a plain GET whose every status is an answer: 201 tells that it has made its check.
    answer = fetcher.get(address(url, tail), body=b"", deadline_s=deadline_s, attempts_max=1, name="the ping")
    if error := refusal("the ping", answer, time.time()):
        raise error
