"""What an exchange can do wrong, by name: each is done while a `with` block lasts, to a bench with a manual clock."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

from tests.fakes.certificate import server_context
from tests.fakes.exchange import HEADERS, FakeUpbit
from tests.fakes.markets import Bench
from tests.fakes.server import Reply, Request
from tests.fakes.trouble import Act, TroubleServer, drip, flood, hang, refusing_url, reset, say

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Opener = Callable[[Bench, FakeUpbit], AbstractContextManager[None]]
Rows = list[dict[str, Any]]


class Fault(NamedTuple):
    """How it is done, and the patterns that class and words of its error must fit; without them it is harmless."""

    open: Opener
    error: str = ""
    words: str = ""


def point(bench: Bench, url: str) -> None:
    """Let the trader find its exchange at another address."""
    vars(bench.trader._source)["_base_url"] = url


@contextmanager
def _elsewhere(bench: Bench, exchange: FakeUpbit, url: str) -> Iterator[None]:
    point(bench, url)
    yield
    point(bench, exchange.server.url)


def _wire(*acts: Act) -> Opener:
    @contextmanager
    def open_it(bench: Bench, exchange: FakeUpbit) -> Iterator[None]:
        with TroubleServer(*acts) as server, _elsewhere(bench, exchange, server.url):
            yield

    return open_it


def _reply(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Opener:
    @contextmanager
    def open_it(_bench: Bench, exchange: FakeUpbit) -> Iterator[None]:
        exchange.trouble = lambda _request: Reply(status, body, headers or {})
        yield
        exchange.trouble = lambda _request: None

    return open_it


def _body(change: Callable[[bytes], bytes], headers: dict[str, str] = HEADERS) -> Opener:
    """Let each answer be the true one, but for what is changed of its body."""

    @contextmanager
    def open_it(_bench: Bench, exchange: FakeUpbit) -> Iterator[None]:
        def wrong(request: Request) -> Reply:
            true = exchange.answer(request)
            return Reply(true.status, change(true.body), headers)

        exchange.trouble = wrong
        yield
        exchange.trouble = lambda _request: None

    return open_it


def _rows(change: Callable[[Rows], object]) -> Opener:
    return _body(lambda body: json.dumps(change(json.loads(body))).encode())


def _newest(**wrong: object) -> Opener:
    return _rows(lambda rows: [rows[0] | wrong, *rows[1:]])


@contextmanager
def _refused(bench: Bench, exchange: FakeUpbit) -> Iterator[None]:
    with refusing_url() as url, _elsewhere(bench, exchange, url):
        yield


def _no_name(bench: Bench, exchange: FakeUpbit) -> AbstractContextManager[None]:
    return _elsewhere(bench, exchange, "http://exchange.invalid")


@contextmanager
def _untrusted(bench: Bench, exchange: FakeUpbit) -> Iterator[None]:
    tls = server_context(bench.data.path.parent)
    with TroubleServer(say(OK + b"\r\n[]"), tls=tls) as server, _elsewhere(bench, exchange, server.url):
        yield


def _clock_off(by_s: int) -> Opener:
    """Set this machine's clock, and not the exchange's."""

    @contextmanager
    def open_it(bench: Bench, exchange: FakeUpbit) -> Iterator[None]:
        theirs = exchange.now_s
        exchange.now_s = lambda: bench.clock.now_s() - by_s
        bench.clock.wall_s += by_s
        yield
        bench.clock.wall_s -= by_s
        exchange.now_s = theirs

    return open_it


BOMB = gzip.compress(bytes(64 << 20), 9)
WAVE = bytes(100_000)
SLOW = "to be left alone for"
# Whichever comes first on a busy machine: the deadline of the call, or the silence that one attempt bears.
LATE = ("Unreachable", "gave no whole answer|does not answer")
FAULTS: dict[str, Fault] = {
    "refused": Fault(_refused, "Unreachable", "refuses connections"),
    "DNS failure": Fault(_no_name, "Unreachable", "name that cannot be looked up"),
    "TLS failure": Fault(_untrusted, "Unreachable", "certificate that is not trusted"),
    "hang before headers": Fault(_wire(hang), *LATE),
    "drip of a byte a second": Fault(_wire(drip(OK + b"Content-Length: 9999\r\n\r\n", b"[", interval_s=1.0)), *LATE),
    "reset mid-body": Fault(
        _wire(reset(OK + b"Content-Length: 99\r\n\r\n[")), "Unreachable", "broke the connection off"
    ),
    "wrong content length": Fault(_wire(say(OK + b"Content-Length: 99\r\n\r\n[]")), "Unreachable", "announced length"),
    "100 MB body": Fault(_wire(flood(OK + b"\r\n", WAVE, 1000)), "Unusable", "sends more than 2000000 bytes"),
    "100 MB announced": Fault(
        _wire(say(OK + b"Content-Length: 100000000\r\n\r\n")), "Unusable", "announces more than 2000000 bytes"
    ),
    "gzip bomb": Fault(_reply(200, BOMB, {"Content-Encoding": "gzip"}), "Unusable", "inflates to more than 2000000"),
    "truncated JSON": Fault(_body(lambda body: body[:-20]), "Unusable", "cannot be used"),
    "HTML for JSON": Fault(_reply(200, b"<html>maintenance</html>"), "Unusable", "cannot be used"),
    "wrong types": Fault(_newest(trade_price="1000"), "Unusable", "row 1: trade_price is '1000', not a number"),
    "null": Fault(_newest(low_price=None), "Unusable", "row 1: low_price is None"),
    "all null": Fault(_reply(200, b"null"), "Unusable", "the answer is None"),
    "NaN": Fault(_newest(trade_price=float("nan")), "Unusable", "NaN is no number"),
    "infinity": Fault(_newest(high_price=float("inf")), "Unusable", "Infinity is no number"),
    "negative price": Fault(_newest(low_price=-5.0), "Unusable", "low_price is -5"),
    "price of nothing": Fault(_newest(low_price=0), "Unusable", "low_price is 0"),
    "absurd price": Fault(_newest(high_price=1e200), "Unusable", "high_price is 1E"),
    "price beside its own range": Fault(_newest(trade_price=5_000_000.0), "Unusable", "not between low"),
    "another market's rows": Fault(_newest(market="KRW-ETH"), "Unusable", "market is 'KRW-ETH'"),
    "a minute told two ways": Fault(
        _rows(lambda rows: [*rows, rows[-1] | {"candle_acc_trade_volume": 9.0}]),
        "Unusable",
        "a second, different candle",
    ),
    "repeated rows": Fault(_rows(lambda rows: rows + rows)),
    "unordered rows": Fault(_rows(lambda rows: rows[1::2] + rows[::2])),
    "empty array": Fault(_reply(200, b"[]"), "Unusable", "answers without any candle"),
    "301": Fault(_reply(301), "Refused", "answered 301"),
    "301 to itself": Fault(_reply(301, b"", {"Location": "/"}), "Refused", "redirects too often"),
    "400": Fault(_reply(400, b'{"error":{"name":400,"message":"no"}}'), "Refused", "answered 400"),
    "404": Fault(_reply(404, b'{"error":{"name":404,"message":"Code not found"}}'), "Refused", "answered 404"),
    "418": Fault(_reply(418, b'{"error":{"name":"blocked","message":"for 60 seconds"}}'), "Unreachable", SLOW),
    "429 with JSON": Fault(_reply(429, b'{"error":{"name":"too_many_requests"}}'), "Unreachable", SLOW),
    "429 with text": Fault(_reply(429, b"slow down"), "Unreachable", SLOW),
    "429 with HTML": Fault(_reply(429, b"<html>429</html>"), "Unreachable", SLOW),
    "429 with nothing": Fault(_reply(429), "Unreachable", SLOW),
    "429 with a wait": Fault(_reply(429, b"", {"Retry-After": "90"}), "Unreachable", "left alone for 90 s"),
    "500": Fault(_reply(500, b"oops"), "Unreachable", "answered 500"),
    "503": Fault(_reply(503, b"<html>"), "Unreachable", "answered 503"),
    "504": Fault(_reply(504), "Unreachable", "answered 504"),
    "missing Remaining-Req": Fault(_body(bytes, {})),
    "garbled Remaining-Req": Fault(_body(bytes, {"Remaining-Req": ";;sec=\u00b2; min=; =0; sec"})),
    "clock an hour ahead": Fault(_clock_off(3600)),
    "clock an hour behind": Fault(_clock_off(-3600)),
}
