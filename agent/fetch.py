"""The network door: every request of moss leaves through here, and comes back by its deadline or not at all."""

import os
import ssl
import sys
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from agent.body import ENCODING, inflate, receive
from agent.clock import Clock
from agent.deadline import DeadlinePassed, deadline
from agent.errors import Unreachable, Unusable
from agent.headers import server_time_s
from agent.host import Host
from agent.stop import Stop

with warnings.catch_warnings(action="ignore"):
    # requests does without its guesser of encodings too, and says so; nothing here guesses, and it would take 2.9 MiB.
    guesser = sys.modules.setdefault("charset_normalizer", None)  # type: ignore[arg-type]  # what is None is not there
    import requests
    from requests.adapters import HTTPAdapter

    if guesser is None:
        del sys.modules["charset_normalizer"]

USER_AGENT = "moss/0.1 (personal use)"
REDIRECTS_MAX = 3
# What requests raises, and what it lets through from the library below it. (Its type stubs hide the second name.)
_TRANSPORT_ERRORS = (requests.RequestException, requests.exceptions.BaseHTTPError, ssl.SSLError)  # type: ignore[attr-defined]

# Before attempt n + 1: a random wait between 0.1 s and min(0.5 s * 2**(n - 1), 5 s), so that many agents that lost one
# server at the same instant do not come back at the same instant.
_BACKOFF = wait_random_exponential(multiplier=0.5, min=0.1, max=5)


class Passing(Unreachable):
    """Trouble that may be over in a moment: worth another attempt within the same call."""


class Answer(NamedTuple):
    """A 200 or 304; `server_s` is the server's clock, in whole seconds, `skew_s` how far this machine's is behind it.

    Both are None if it did not say.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    server_s: float | None
    skew_s: float | None


class Ask(NamedTuple):
    """One request: what sends it, what messages call it, the host it goes to, and what `get` allows it."""

    send: Callable[[], requests.Response]
    name: str
    host: Host
    size_bytes_max: int
    interval_s: float
    has_body: bool
    keep: Callable[[Mapping[str, str]], bytearray]


class Fetcher:
    """Asks for things over HTTP; one per process, in its main thread, with one pool of connections.

    Arguments:
        stop: ends a wait at once when the process is asked to end.
        host: makes what is remembered of a host out of its name and port; with a Breaker, dead ones are left alone.
    """

    def __init__(self, clock: Clock, stop: Stop | None = None, host: Callable[[str], Host] = Host) -> None:
        self._clock = clock
        self._stop = stop or Stop()
        self._new_host = host
        self._session = _Session()
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
        method: str = "GET",
        body: bytes | None = None,
        keep: Callable[[Mapping[str, str]], bytearray] = lambda _: bytearray(),
    ) -> Answer:
        """Ask for a URL, again where that may help, until there is an answer or the time is over.

        Arguments:
            body: what POST or PUT send; no redirect is followed with it. If no answer came it may have been taken all
                the same: with attempts_max=1 nothing is sent twice. With any but None, b"" too, every status is an
                answer.
            deadline_s: real seconds for everything, retries included; half of it is the longest silence of one attempt.
            size_bytes_max: for the body as sent, and again for what it inflates to.
            interval_s: the least time from one request to the next one at the same host, as its documents allow.
            name: what messages call the place; scheme, host and path if not given. A path with a secret needs one.
            keep: is given the headers of an answer that begins, and gives what takes its body, as far as that comes.

        Raises:
            Unreachable: nothing useful came; with wait_s, asking again before is answered with the same at once.
            Refused: 4xx, or a redirect that is not followed.
            Unusable: too large, broken, or neither 200 nor 304.
            Stopped: a stop was asked for meanwhile.
        """
        parts = urlsplit(url)
        place = parts.netloc.rpartition("@")[2]
        host = self._hosts.setdefault(place, self._new_host(place))
        name = name or f"{parts.scheme}://{place}{parts.path}"
        if (left_s := host.left_alone_s(self._clock.monotonic_s())) > 0:
            raise Unreachable(f"{name} is left alone for {left_s:.0f} s more", wait_s=left_s)
        send = partial(self._session.request, method, url, params, body, headers, timeout=deadline_s / 2)
        ask = Ask(send, name, host, size_bytes_max, interval_s, body is not None, keep)
        return self._within_deadline(ask, deadline_s, 1 if host.is_probed else attempts_max)

    def close(self) -> None:
        """Close the connections that were kept open."""
        self._session.close()

    def _within_deadline(self, ask: Ask, deadline_s: float, attempts_max: int) -> Answer:
        end_s = self._clock.monotonic_s() + deadline_s

        def over(state: RetryCallState) -> bool:
            return state.attempt_number >= attempts_max or self._clock.monotonic_s() + state.upcoming_sleep >= end_s

        worth_it = retry_if_exception_type(Passing)
        retrying = Retrying(stop=over, wait=_wait_s, retry=worth_it, sleep=self._clock.sleep_s, reraise=True)
        try:
            with deadline(deadline_s, self._stop) as check, self._stop.interruptible():
                return retrying(self._attempt, ask, check)
        except Unreachable as error:
            trouble = error
        except DeadlinePassed:
            # Whatever was interrupted may be half done: the next call starts with new connections.
            self._session.close()
            trouble = Unreachable(f"{ask.name} gave no whole answer within {deadline_s:g} s")
        ask.host.fail(trouble, self._clock.monotonic_s())
        raise trouble

    def _attempt(self, ask: Ask, check: Callable[[], None]) -> Answer:
        self._clock.sleep_s(ask.host.pause_s(self._clock.monotonic_s(), ask.interval_s))
        # A sleep that a stop ended early is no leave to ask.
        check()
        try:
            with ask.send() as response:
                return self._answer(ask, response, check)
        except _TRANSPORT_ERRORS as error:
            from agent.trouble import cause  # what can go wrong is only known where something does

            what, kind = cause(error)
        # Raised out here because the libraries' own errors hold the address, which may hold a secret.
        raise kind(f"{ask.name} {what}")

    def _answer(self, ask: Ask, response: requests.Response, check: Callable[[], None]) -> Answer:
        status, headers, now_s = response.status_code, response.headers, self._clock.now_s()
        ask.host.hear(headers, self._clock.monotonic_s())
        if status not in (200, 304) and not ask.has_body:
            ask.host.refusals += status in (418, 429)
            from agent.trouble import refused

            raise refused(ask.name, response, now_s, ask.host.refusals, check)
        try:
            raw = receive(response.raw, headers.get("Content-Length", ""), ask.size_bytes_max, check, ask.keep(headers))
            ask.host.succeed()
            body = inflate(raw, headers.get("Content-Encoding", ""), ask.size_bytes_max)
        except ValueError as error:
            raise Unusable(f"{ask.name} {error}") from None
        server_s = server_time_s(headers)
        # The header's seconds are cut off, so that on average half of one is missing.
        return Answer(status, headers, body, server_s, None if server_s is None else server_s + 0.5 - now_s)


class _Session(requests.Session):
    def __init__(self) -> None:
        super().__init__()
        self.stream = True
        self.max_redirects = REDIRECTS_MAX
        self.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": ENCODING})
        self.mount("https://", _Adapter())
        # No cookie is kept: nothing here needs one, and a server could fill the memory with them.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where an answer sends us; None if nowhere, or from TLS to something without."""
        try:
            target = urljoin(resp.url, super().get_redirect_target(resp))
            schemes = urlsplit(resp.url).scheme + urlsplit(target).scheme
        except ValueError:
            return None
        if not resp.is_redirect or resp.request.body or schemes not in ("httphttp", "httphttps", "httpshttps"):
            return None
        # requests would read the whole body first, however large it is.
        resp.raw.close()
        return target


class _Adapter(HTTPAdapter):
    """Checks certificates with one context: else each connection would load the world's anew, 0.7 MiB and 20 ms."""

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ANN401 - as in HTTPAdapter
        super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]  # has no types
        if conn.ca_certs and not conn.proxy:
            conn.conn_kw["ssl_context"], conn.ca_certs = _trusting(conn.ca_certs), None


@lru_cache(maxsize=1)
def _trusting(certificates: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificates)


def _wait_s(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return (isinstance(error, Passing) and error.wait_s) or _BACKOFF(state)
