"""Trouble on the wire, sorted: try again in a moment, wait as long as told, or give up; imported when there is some."""

import http.client
import socket
import ssl
from collections.abc import Callable

import requests

from agent.block import UNTOLD_BLOCK_S, block_s, told_wait_s
from agent.errors import MossError, Refused, Unreachable, Unusable
from agent.fetch import Passing

# 429 is "too many requests", 418 what exchanges say to those who went on; a server that tells no wait gets these.
UNTOLD_WAIT_S = {429: 1.0, 418: UNTOLD_BLOCK_S}
UNTOLD_WAIT_S_MAX = 3600.0


def refused(
    name: str, response: requests.Response, now_s: float, refusals: int, check: Callable[[], None]
) -> MossError:
    """Turn an answer that is none into the error to raise.

    Arguments:
        now_s: this machine's time.
        refusals: how many 429 or 418 there were in a row.
        check: called before each read of a body; raises when time is over.
    """
    wait_s = told_wait_s(response.headers, now_s)
    if response.status_code == 418 and wait_s is None:
        wait_s = block_s(response.raw, response.headers.get("Content-Encoding", ""), check)
    return refusal(name, response.status_code, wait_s, refusals)


def refusal(name: str, status: int, wait_s: float | None, refusals: int) -> MossError:
    """Turn a status that is no answer into the error to raise.

    Arguments:
        name: what to call the place.
        wait_s: how long it asks for, None if it does not.
        refusals: how many 429 or 418 there were in a row; each doubles a wait that is not told, up to an hour.
    """
    if wait_s is None and status in UNTOLD_WAIT_S:
        wait_s = min(UNTOLD_WAIT_S[status] * 2 ** min(refusals - 1, 16), UNTOLD_WAIT_S_MAX)
    if wait_s is not None and status in (418, 429, 503):
        return Passing(f"{name} answered {status}, to be left alone for {wait_s:.0f} s", wait_s, status)
    if status < 300:
        return Unusable(f"{name} answered {status}, which brings nothing")
    return (Passing if status >= 500 else Refused)(f"{name} answered {status}", status=status)


def cause(error: BaseException) -> tuple[str, type[Unreachable]]:
    """Find what an error of the transport comes down to: what to say of it, and the kind of error to raise."""
    link: BaseException | None = error
    while link is not None:
        for kinds, what, error_class in _CAUSES:
            if isinstance(link, kinds):
                return what, error_class
        # Behind a proxy the last one is only handed on inside another.
        wrapped = (each for each in link.args if isinstance(each, BaseException))
        link = link.__cause__ or link.__context__ or next(wrapped, None)
    return "cannot be reached", Passing


_CAUSES: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str, type[Unreachable]], ...] = (
    (requests.TooManyRedirects, "redirects too often", Refused),
    (ssl.SSLCertVerificationError, "shows a certificate that is not trusted", Unreachable),
    (requests.exceptions.InvalidHeader, "sends headers that contradict each other", Unreachable),
    (ValueError, "is no address that can be asked", Unreachable),
    (socket.gaierror, "has a name that cannot be looked up", Unreachable),
    (ConnectionRefusedError, "refuses connections", Passing),
    ((ConnectionError, ssl.SSLEOFError), "broke the connection off", Passing),
    (http.client.IncompleteRead, "ended before its announced length", Passing),
    (http.client.HTTPException, "answers in something that is not HTTP", Passing),
    (TimeoutError, "does not answer", Passing),
    (ssl.SSLError, "fails at TLS", Unreachable),
)
