"""Trouble on the wire, sorted: try again in a moment, wait as long as told, or give up."""

import http.client
import socket
import ssl

import requests

from agent.errors import MossError, Refused, Unreachable, Unusable

# What requests raises, and what it lets through from the library below it.
TRANSPORT_ERRORS: tuple[type[Exception], ...] = (
    requests.RequestException,
    requests.exceptions.BaseHTTPError,  # type: ignore[attr-defined]  # its type stubs hide the name
)
# 429 is "too many requests", 418 what exchanges say to those who went on; a server that tells no wait gets these.
UNTOLD_WAIT_S = {429: 1.0, 418: 60.0}
UNTOLD_WAIT_S_MAX = 3600.0


class Passing(Unreachable):
    """Trouble that may be over in a moment: worth another attempt within the same call."""


def refusal(name: str, status: int, told_s: float | None, again: int = 0) -> MossError:
    """Turn a status that is no answer into the error to raise.

    Arguments:
        name: what to call the place.
        told_s: how long its Retry-After asks for, None if it does not.
        again: how many 429 or 418 there were in a row before this; each doubles a wait that is not told, up to an hour.
    """
    wait_s = told_s
    if told_s is None and status in UNTOLD_WAIT_S:
        wait_s = min(UNTOLD_WAIT_S[status] * 2 ** min(again, 16), UNTOLD_WAIT_S_MAX)
    if wait_s is not None and status in (418, 429, 503):
        return Passing(f"{name} answered {status}, to be left alone for {wait_s:.0f} s", wait_s, status)
    if status >= 500:
        return Passing(f"{name} answered {status}", status=status)
    if status >= 300:
        return Refused(f"{name} answered {status}", status=status)
    return Unusable(f"{name} answered {status}, which brings nothing")


def cause(error: BaseException) -> tuple[str, bool]:
    """Find what an error of the transport comes down to: what to say of it, and whether another attempt may help."""
    link: BaseException | None = error
    while link is not None:
        for kinds, what, again in _CAUSES:
            if isinstance(link, kinds):
                return what, again
        link = link.__cause__ or link.__context__
    return "cannot be reached", True


_NO_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    UnicodeError,
)
_Kinds = type[BaseException] | tuple[type[BaseException], ...]
_CAUSES: tuple[tuple[_Kinds, str, bool], ...] = (
    (ssl.SSLCertVerificationError, "shows a certificate that is not trusted", False),
    (requests.exceptions.InvalidHeader, "sends headers that contradict each other", False),
    (_NO_ADDRESS, "is no address that can be asked", False),
    (socket.gaierror, "has a name that cannot be looked up", False),
    (ConnectionRefusedError, "refuses connections", True),
    (ConnectionError, "broke the connection off", True),
    (http.client.IncompleteRead, "ended before its announced length", True),
    (http.client.HTTPException, "answers in something that is not HTTP", True),
    (TimeoutError, "does not answer", True),
    (ssl.SSLEOFError, "broke the connection off", True),
    (ssl.SSLError, "fails at TLS", False),
)
