"""SIGTERM during each thing that a fetcher waits for."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from agent.clock import SystemClock
from agent.errors import Stopped
from agent.fetch import Fetcher
from agent.stop import Stop
from tests.fakes.stop import installed
from tests.fakes.trouble import DeafListener, TroubleServer, drip, hang, say

HEAD = b"HTTP/1.1 200 OK\r\n"
SLOW_DOWN = b"HTTP/1.1 429 Slow\r\nRetry-After: 4\r\nContent-Length: 0\r\n\r\n"
LATER_S = 0.25
# Else a call would go on for as long as DEADLINE_S; a busy machine may take some of AT_ONCE_S.
DEADLINE_S, AT_ONCE_S = 25, 8
Place = Callable[[], AbstractContextManager[TroubleServer | DeafListener]]
PLACES: dict[str, Place] = {
    "connecting": DeafListener,
    "before headers": lambda: TroubleServer(hang),
    "in the headers": lambda: TroubleServer(drip(HEAD + b"X: ", b"x")),
    "in the body": lambda: TroubleServer(drip(HEAD + b"Content-Length: 999\r\n\r\n", b"x")),
    "in a chunk": lambda: TroubleServer(drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n")),
    "told to wait": lambda: TroubleServer(say(SLOW_DOWN)),
    "between attempts": lambda: TroubleServer(say(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")),
}


@pytest.fixture
def stop() -> Iterator[Stop]:
    with installed() as made:
        yield made


def seconds_to_stopped(fetcher: Fetcher, url: str) -> float:
    """Ask, have SIGTERM sent meanwhile, and return how long after it the call ended."""
    sent_s: list[float] = []

    def send() -> None:
        sent_s.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGTERM)

    timer = threading.Timer(LATER_S, send)
    timer.start()
    with pytest.raises(Stopped):
        fetcher.get(url, deadline_s=DEADLINE_S, attempts_max=1000)
    timer.join()
    return time.monotonic() - sent_s[0]


@pytest.mark.parametrize("place", PLACES)
def test_get_ends_at_once_when_sigterm_comes(place: str, stop: Stop) -> None:
    with PLACES[place]() as server:
        fetcher = Fetcher(SystemClock(stop.wait), stop)
        assert seconds_to_stopped(fetcher, server.url) < AT_ONCE_S
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


def test_get_ends_at_once_when_sigterm_comes_in_the_tls_handshake(stop: Stop) -> None:
    with TroubleServer(hang, patient=False) as server:
        fetcher = Fetcher(SystemClock(stop.wait), stop)
        assert seconds_to_stopped(fetcher, server.url.replace("http:", "https:")) < AT_ONCE_S


def test_get_ends_at_once_when_sigterm_comes_and_the_clock_sleeps_through_it(stop: Stop) -> None:
    with TroubleServer(say(SLOW_DOWN)) as server:
        assert seconds_to_stopped(Fetcher(SystemClock(), stop), server.url) < AT_ONCE_S


def test_get_ends_soon_when_stopped_was_raised_where_errors_are_ignored(stop: Stop) -> None:
    with TroubleServer(hang) as server:
        fetcher = Fetcher(SystemClock(stop.wait), stop)
        # The flag without the exception is what is left when a handler's exception falls into a __del__.
        threading.Timer(LATER_S, setattr, [stop, "asked", True]).start()
        began_s = time.monotonic()
        with pytest.raises(Stopped):
            fetcher.get(server.url, deadline_s=DEADLINE_S)
        assert time.monotonic() - began_s < LATER_S + AT_ONCE_S


def test_get_sends_nothing_when_the_stop_came_before(stop: Stop) -> None:
    with TroubleServer(hang) as server:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Stopped):
            Fetcher(SystemClock(stop.wait), stop).get(server.url)
        assert server.connections == 0


def test_get_goes_on_when_the_signal_has_no_handler_of_ours() -> None:
    previous = signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    timer = threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGTERM])
    timer.start()
    act = drip(HEAD + b"Content-Length: 4\r\n\r\n", b"x")
    with TroubleServer(act) as server:
        assert Fetcher(SystemClock()).get(server.url, deadline_s=DEADLINE_S).body == b"xxxx"
    timer.join()
    signal.signal(signal.SIGTERM, previous)
