"""The network door: every request of moss leaves through here, and comes back by its deadline or not at all."""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from http.cookiejar import DefaultCookiePolicy
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from agent.alive import Stop
from agent.body import ENCODINGS, inflate, receive
from agent.clock import Clock
from agent.deadline import DeadlinePassed, deadline
from agent.errors import Refused, Unreachable, Unusable
from agent.headers import server_time_s, told_wait_s
from agent.host import BreakerChange, Host
from agent.trouble import TRANSPORT_ERRORS, Passing, cause, refusal

USER_AGENT = "moss/0.1 (personal use)"
REDIRECTS_MAX = 3

# Before attempt n + 1: a random wait between 0.1 s and min(0.5 s * 2**(n - 1), 5 s), so that many agents that lost one
# server at the same instant do not come back at the same instant.
_BACKOFF = wait_random_exponential(multiplier=0.5, min=0.1, max=5)


class Answer(NamedTuple):
    """A 200 or 304; `skew_s` is how far this machine's clock is behind the server's, None if it did not say."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_s: float
    skew_s: float | None = None


class Ask(NamedTuple):
    """One request as `get` was given it, with the longest silence that one attempt bears."""

    url: str
    params: Mapping[str, str | int] | None
    headers: Mapping[str, str]
    silence_s_max: float
    size_bytes_max: int
    name: str
    interval_s: float
    host: Host


class Fetcher:
    """Asks for things over HTTP; one per process, in its main thread, with one pool of connections.

    Arguments:
        stop: ends a wait at once when the process is asked to end.
        user_agent: what it calls itself.
        on_breaker: told of each host that is no longer asked, or is again.
    """

    def __init__(
        self,
        clock: Clock,
        stop: Stop | None = None,
        user_agent: str = USER_AGENT,
        on_breaker: Callable[[BreakerChange], object] = lambda _change: None,
    ) -> None:
        self._clock = clock
        self._stop = stop
        self._on_breaker = on_breaker
        self._session = _session(user_agent)
        self._hosts: dict[str, Host] = {}
        # The C library's look-up of a name cannot be interrupted: left to itself it takes up to 10 s for each server.
        os.environ.setdefault("RES_OPTIONS", "timeout:1 attempts:2")

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        deadline_s: float = 10.0,
        size_bytes_max: int = 2_000_000,
        attempts_max: int = 4,
        interval_s: float = 0.0,
        name: str | None = None,
    ) -> Answer:
        """Ask for a URL, again where that may help, until there is an answer or the time is over.

        Arguments:
            deadline_s: real seconds for everything, retries included; half of it is the longest silence of one attempt.
            size_bytes_max: for the body as sent, and again for what it inflates to.
            interval_s: the least time from one request to the next one at the same host, as its documents allow.
            name: what messages call the place; scheme, host and path if not given. A path with a secret needs one.

        Raises:
            Unreachable: nothing useful came; with wait_s, asking again before is answered with the same at once.
            Refused: 4xx, or a redirect that is not followed.
            Unusable: too large, broken, or neither 200 nor 304.
            Stopped: a stop was asked for meanwhile.
        """
        parts = urlsplit(url)
        place = parts.netloc.rpartition("@")[2]
        name = name or f"{parts.scheme}://{place}{parts.path}"
        host = self._hosts.setdefault(place, Host(place, self._on_breaker))
        began_s = self._clock.monotonic_s()
        left_s = host.left_alone_s(began_s)
        if left_s > 0:
            raise Unreachable(f"{name} is left alone for {left_s:.0f} s more", wait_s=left_s)
        silence_s_max = deadline_s / 2
        ask = Ask(url, params, headers or {}, silence_s_max, size_bytes_max, name, interval_s, host)
        answer = self._ask(ask, deadline_s, 1 if host.careful else attempts_max)
        return answer._replace(elapsed_s=self._clock.monotonic_s() - began_s)

    def close(self) -> None:
        """Close the connections that were kept open."""
        self._session.close()

    def _ask(self, ask: Ask, deadline_s: float, attempts_max: int) -> Answer:
        retrying = self._retrying(deadline_s, attempts_max)
        try:
            with deadline(deadline_s, self._stop) as check, self._interruptible():
                answer = retrying(self._attempt, ask, check)
        except Unreachable as trouble:
            ask.host.fail(trouble, self._clock.monotonic_s())
            raise
        except DeadlinePassed:
            # Whatever was interrupted may be half done: the next call starts with new connections.
            self._session.close()
        except Unusable:
            ask.host.succeed()
            raise
        else:
            ask.host.succeed()
            return answer
        late = Unreachable(f"{ask.name} gave no whole answer within {deadline_s:g} s")
        ask.host.fail(late, self._clock.monotonic_s())
        raise late

    def _retrying(self, deadline_s: float, attempts_max: int) -> Retrying:
        end_s = self._clock.monotonic_s() + deadline_s

        def over(state: RetryCallState) -> bool:
            return state.attempt_number >= attempts_max or self._clock.monotonic_s() + state.upcoming_sleep >= end_s

        worth_it = retry_if_exception_type(Passing)
        return Retrying(stop=over, wait=_wait_s, retry=worth_it, sleep=self._clock.sleep_s, reraise=True)

    def _interruptible(self) -> AbstractContextManager[None]:
        return self._stop.interruptible() if self._stop else nullcontext()

    def _attempt(self, ask: Ask, check: Callable[[], None]) -> Answer:
        pause_s = ask.host.pause_s(self._clock.monotonic_s(), ask.interval_s)
        if pause_s > 0:
            self._clock.sleep_s(pause_s)
        # A sleep that a stop ended early is no leave to ask.
        check()
        try:
            return self._follow(ask, check)
        except TRANSPORT_ERRORS as error:
            what, again = cause(error)
        # Raised out here because the libraries' own errors hold the address, which may hold a secret.
        raise (Passing if again else Unreachable)(f"{ask.name} {what}")

    def _follow(self, ask: Ask, check: Callable[[], None]) -> Answer:
        url, params = ask.url, ask.params
        for _ in range(REDIRECTS_MAX + 1):
            with self._session.get(
                url,
                params=params,
                headers=ask.headers,
                timeout=ask.silence_s_max,
                stream=True,
                allow_redirects=False,
            ) as response:
                target = _redirection(response)
                if target is None:
                    return self._answer(ask, response, check)
                url, params = target, None
        raise Refused(f"{ask.name} redirects more than {REDIRECTS_MAX} times", status=response.status_code)

    def _answer(self, ask: Ask, response: requests.Response, check: Callable[[], None]) -> Answer:
        status, headers, now_s = response.status_code, response.headers, self._clock.now_s()
        ask.host.hear(headers, self._clock.monotonic_s())
        if status not in (200, 304):
            again = ask.host.refused_again() if status in (418, 429) else 0
            raise refusal(ask.name, status, told_wait_s(headers, now_s), again)
        try:
            sent = receive(response.raw, headers.get("Content-Length", ""), ask.size_bytes_max, check)
            body = inflate(sent, headers.get("Content-Encoding", ""), ask.size_bytes_max)
        except ValueError as error:
            raise Unusable(f"{ask.name} {error}") from None
        server_s = server_time_s(headers)
        # The header's seconds are cut off, so that on average half of one is missing.
        skew_s = None if server_s is None else server_s + 0.5 - now_s
        return Answer(status, headers, body, 0.0, skew_s)


class _Session(requests.Session):
    def get_redirect_target(self, _response: requests.Response) -> None:
        """Leave redirects to the fetcher: requests reads each one's whole body first, however large it is."""


def _session(user_agent: str) -> requests.Session:
    session = _Session()
    session.headers.update({"User-Agent": user_agent, "Accept-Encoding": ENCODINGS})
    # No cookie is kept: nothing here needs one, and a server could fill the memory with them.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def _redirection(response: requests.Response) -> str | None:
    """Return where the answer sends us; None if nowhere, or from TLS to something without."""
    if not response.is_redirect:
        return None
    # http.client reads headers as Latin-1; what is not ASCII in an address is UTF-8.
    location = response.headers["Location"].encode("latin-1").decode("utf-8", "replace")
    try:
        target = urljoin(response.url, location)
        schemes = (urlsplit(response.url).scheme, urlsplit(target).scheme)
    except ValueError:
        return None
    return target if schemes in (("http", "http"), ("http", "https"), ("https", "https")) else None


def _wait_s(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    told_s = error.wait_s if isinstance(error, Passing) else None
    return _BACKOFF(state) if told_s is None else told_s
