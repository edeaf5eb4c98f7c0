"""The desk's API from outside: what each address says of a small store."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.clock import timestamp
from store import tail
from tests.desks import BEGIN_S, HOSTILE, RunningDesk, fill_store, rotate, running
from tests.scripts import run

MINUTES = 300


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk") / "data"
    fill_store(folder, MINUTES)
    return folder


@pytest.fixture(scope="module")
def desk(data: Path) -> Iterator[RunningDesk]:
    with running(data) as found:
        yield found


def test_list_gives_the_records_as_they_are_stored_newest_first(desk: RunningDesk, data: Path) -> None:
    items = desk.get("/api/prices?limit=5").json["items"]
    assert items == tail(data / "prices.jsonl", 5)[::-1]
    trades = desk.get("/api/trades").json["items"]
    assert trades == tail(data / "ledger.jsonl", 10)[::-1]
    assert trades[0]["cash"] == "1000.9"


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_list_gives_each_record_once_over_pages(desk: RunningDesk, data: Path, order: str, limit: int) -> None:
    everything = tail(data / "prices.jsonl", 1000)
    wanted = everything[:40] if limit == 1 else everything
    until = f"&until={timestamp(BEGIN_S + 60 * 41)}" if limit == 1 else ""
    wanted = [each for each in wanted if not until or each["ts"] < timestamp(BEGIN_S + 60 * 41)]
    items, cursor, pages = [], "", 0
    while True:
        page = desk.get(f"/api/prices?limit={limit}&order={order}{until}{cursor}").json
        items += page["items"]
        pages += 1
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert items == (wanted if order == "asc" else wanted[::-1])
    assert pages == -(-len(wanted) // limit)


def test_list_is_of_a_time_and_of_what_was_asked_for(desk: RunningDesk) -> None:
    since, until = timestamp(BEGIN_S + 600), timestamp(BEGIN_S + 1200)
    items = desk.get(f"/api/prices?since={since}&until={until}").json["items"]
    assert [each["ts"] for each in items] == sorted((each["ts"] for each in items), reverse=True)
    assert len(items) == 10
    assert all(since <= each["ts"] < until for each in items)
    assert desk.get(f"/api/prices?since={(BEGIN_S + 600) * 1000}&until={until}").json["items"] == items
    buys = desk.get("/api/analysis?signal=BUY").json["items"]
    assert len(buys) == 20
    assert {each["signal"] for each in buys} == {"BUY"}
    assert desk.get("/api/prices?symbol=KRW-ETH").json == {"items": [], "next": None}


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=1001", "limit=x", "limit=-1", "limit=1e2", "limit=%EF%BC%91", "limit=", "limit=1&limit=2"),
        *("since=yesterday", "since=-1", "since=99999999999999999", "since=10000-01-01T00:00Z", "since=%00"),
        *("until=253402300799999", "until=9999-12-31T23:59:59Z"),
        *("since=2026-11-22&until=2026-11-21", "cursor=abc", "cursor=1", "cursor=1.-1", "cursor=..%2F..", "order=up"),
        *("signal=buy", "color=red", "kind=x", f"symbol={'x' * 101}", "symbol=", "points=100", "token=x"),
    ],
)
def test_list_refuses_with_a_sentence_when_a_parameter_is_wrong(desk: RunningDesk, query: str) -> None:
    reply = desk.get(f"/api/analysis?{query}")
    assert reply.status == 400
    assert reply.json["error"]
    assert reply.headers["content-type"] == "application/json"


def test_answer_is_not_sent_again_when_the_visitor_has_it(desk: RunningDesk) -> None:
    first = desk.get("/api/prices")
    again = desk.get("/api/prices", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert desk.get("/api/prices", If_None_Match='"other"').status == 200


def test_answer_is_compressed_only_where_the_visitor_takes_it(desk: RunningDesk) -> None:
    plain, small = desk.get("/api/prices"), desk.get("/api/prices", Accept_Encoding="br, gzip;q=0.5")
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert gzip.decompress(small.body) == plain.body
    assert len(small.body) < len(plain.body) / 3
    assert "content-encoding" not in desk.get("/api/prices", Accept_Encoding="gzip;q=0, br").headers


def test_head_tells_the_same_headers_and_no_body(desk: RunningDesk) -> None:
    reply = desk.get("/api/prices", "HEAD")
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["etag"] == desk.get("/api/prices").headers["etag"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
def test_desk_takes_nothing_but_questions(desk: RunningDesk, method: str) -> None:
    reply = desk.get("/api/prices", method)
    assert reply.status == 405
    assert "only reads" in reply.json["error"]


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/nothing",
            "/api",
            "/api/prices/",
            "//etc/passwd",
            "/static/",
            "/static/../serve.py",
            "/static/..%2fserve.py",
        ),
        *("/static/%2e%2e/requirements.txt", "/static//etc/passwd", "/static/index.html%00.js", "/static/.hidden"),
        *("/static/..\\serve.py", "/../../../../etc/passwd", "/static/%252e%252e%252fserve.py", "/data/prices.jsonl"),
    ],
)
def test_no_path_leads_out_of_the_page(desk: RunningDesk, path: str) -> None:
    reply = desk.get(path)
    assert reply.status == 404
    assert set(reply.json) == {"error"}


def test_series_holds_every_spike_when_a_range_is_drawn_in_few_points(desk: RunningDesk, data: Path) -> None:
    stored = tail(data / "prices.jsonl", 1000)
    end = timestamp(BEGIN_S + 60 * MINUTES)
    series = desk.get(f"/api/series?points=100&since={timestamp(BEGIN_S)}&until={end}").json
    assert series["bucket_s"] == 300
    assert len(series["time"]) == 60
    for at, begin_s in enumerate(series["time"]):
        rows = [each for each in stored if begin_s <= _s(each["open_ts"]) < begin_s + 300]
        assert series["open"][at] == rows[0]["open"]
        assert series["high"][at] == max(each["high"] for each in rows)
        assert series["low"][at] == min(each["low"] for each in rows)
        assert series["close"][at] == rows[-1]["close"]
        assert series["volume"][at] == pytest.approx(sum(each["volume"] for each in rows))
    assert series["gaps"] == [[BEGIN_S + 600, BEGIN_S + 900]]
    assert sum(series["sentiment"]["yonhap"]["count"]) == 43
    assert {each["signal"] for each in series["signals"]} == {"BUY", "SELL"}
    assert len(series["signals"]) == 40
    assert series["sma_fast"][-1] == 1000 + 299


def test_status_says_what_the_bots_own_status_says(desk: RunningDesk, data: Path) -> None:
    said = json.loads(run("bot.py", "--data", data, "status", "--json").stdout)
    shown: dict[str, Any] = desk.get("/api/status").json
    assert {name: shown[name] for name in said} == said
    assert shown["streams"]["prices"] == tail(data / "prices.jsonl", 1)[0]["ts"]
    assert shown["streams"]["feeds"] is None


def test_health_is_200_while_the_bot_works_and_503_when_it_was_stopped(tmp_path: Path) -> None:
    from store import Store

    fill_store(tmp_path / "data")
    with running(tmp_path / "data") as desk:
        health = desk.get("/health")
        assert (health.status, health.json["alive"]) == (200, True)
        with Store(tmp_path / "data/events.jsonl") as events:
            events.append({"ts": timestamp(BEGIN_S + 9000), "kind": "stop", "version": "0", "pid": 1})
        health = desk.get("/health")
        assert (health.status, health.json["alive"]) == (503, False)
        assert "stopped" in health.json["reason"]


def test_desk_says_so_when_there_is_nothing_to_read(tmp_path: Path) -> None:
    with running(tmp_path / "none") as desk:
        assert desk.get("/health").status == 503
        assert desk.get("/api/status").json["state"] == "never started"
        assert desk.get("/api/prices").json == {"items": [], "next": None}
        assert desk.get("/api/series").json["time"] == []
        assert desk.get("/api/performance").json["return_rate"] is None
        assert desk.get("/api/portfolio").json["ts"] is None


def test_hostile_title_stays_text(desk: RunningDesk) -> None:
    reply = desk.get("/api/sentiment?order=asc&limit=1")
    assert reply.json["items"][0]["title"] == HOSTILE
    assert not any(byte < 0x20 or byte == 0x7F for byte in reply.body)
    assert "\u202e" not in reply.body.decode()
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_answers_stay_the_same_when_files_are_rotated_and_compressed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    fill_store(data)
    paths = [
        "/api/prices?limit=1000",
        "/api/series?points=300",
        "/api/performance",
        "/api/analysis?limit=1000&order=asc",
    ]
    with running(data) as desk:
        before = [desk.get(path).json for path in paths]
        for number, stream in enumerate(("prices", "signals", "ledger", "sentiment", "events")):
            rotate(data, stream, 1_795_248_000 + number, gzipped=number % 2 == 0)
        assert [desk.get(path).json for path in paths] == before


def _s(ts: str) -> float:
    from agent.clock import seconds

    return seconds(ts)
