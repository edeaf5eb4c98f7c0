"""The page moves with the store, and says when it cannot."""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Route

import sentiment
from agent.clock import timestamp
from agent.news.headline import Headline
from tests.desks import running
from tests.page import demo_store
from tests.page.visit import Visit

Open = Callable[..., Visit]

HOSTILE = '</script><img src=x onerror=alert(1)><b>bold</b>&amp;"\u202e'
# Stands in for a proxy that does not let WebSockets through.
NO_SOCKETS = "WebSocket = class { constructor() { setTimeout(() => this.onclose()); } close() {} };"


def now_s() -> int:
    return int(time.time()) // 60 * 60


def told(title: str, link: str = "") -> demo_store.Record:
    headline = Headline("sample-en", title, link, "", None, "en")
    return demo_store.score(sentiment.scorer(), headline, time.time())


def test_page_shows_a_record_as_soon_as_it_is_appended(visit: Open, tmp_path: Path) -> None:
    demo_store.fill(tmp_path, now_s(), 120)
    with running(tmp_path) as desk:
        page = visit(desk.port).open()
        page.wait_for_selector("#live[data-state=on]")
        demo_store.append(tmp_path, "prices", demo_store.candle(now_s(), 87_654_000))
        page.wait_for_selector("text=KRW 87,654,000 >> nth=0")
        before = page.locator("#headlines li").count()
        demo_store.append(tmp_path, "sentiment", told("Alder Robotics wins a contract"))
        page.wait_for_selector("#headlines li:first-child:has-text('Alder Robotics wins a contract')")
        assert page.locator("#headlines li").count() == before + 1
        decided = {"symbol": demo_store.SYMBOL, "source": "demo", "candle_ts": timestamp(now_s()), "price": 87_654_000}
        averages = {"strategy": "sma_cross", "rule": "0" * 8, "sma_fast": 3, "sma_slow": 2, "reason": "fast>slow"}
        demo_store.append(
            tmp_path,
            "signals",
            {"ts": timestamp(time.time()), "kind": "signal", **decided, "signal": "BUY", **averages},
        )
        page.wait_for_selector("#spoken:has-text('New decision: Buy KRW-BTC at KRW 87,654,000')", state="attached")
        assert page.inner_text("#decisions li:first-child .what") == "KRW 87,654,000"


def test_page_lives_on_events_where_sockets_do_not_get_through(visit: Open, tmp_path: Path) -> None:
    demo_store.fill(tmp_path, now_s(), 30)
    with running(tmp_path) as desk:
        window = visit(desk.port, before=NO_SOCKETS)
        page = window.open()
        page.wait_for_selector("#live[data-state=on]")
        demo_store.append(tmp_path, "prices", demo_store.candle(now_s(), 87_654_000))
        page.wait_for_selector("text=KRW 87,654,000 >> nth=0")
        assert any("/api/stream" in url for url in window.asked)
        assert page.is_hidden("#lost")


def test_titles_from_outside_are_only_text(visit: Open, tmp_path: Path) -> None:
    demo_store.fill(tmp_path, now_s(), 30)
    demo_store.append(tmp_path, "sentiment", told(HOSTILE, "javascript:alert(2)"))
    with running(tmp_path) as desk:
        page = visit(desk.port).open()
        page.wait_for_selector("#live[data-state=on]")
        demo_store.append(tmp_path, "sentiment", told(f"live {HOSTILE}", "https://news.invalid/1"))
        page.wait_for_selector("#headlines li:first-child:has-text('live')")
        titles = page.locator("#headlines .what").all_text_contents()
        assert titles[:2] == [f"live {HOSTILE}", HOSTILE]
        assert page.locator("#headlines img, #headlines b").count() == 0
        links = page.locator("#headlines a")
        assert links.count() == 1
        assert links.get_attribute("href") == "https://news.invalid/1"
        assert links.get_attribute("rel") == "noopener noreferrer"


def test_lost_connection_is_told_and_made_up_for(visit: Open, tmp_path: Path) -> None:
    demo_store.fill(tmp_path, now_s(), 30)
    window: Visit
    with running(tmp_path) as desk:
        window = visit(desk.port)
        page = window.open()
        page.wait_for_selector("#live[data-state=on]")
    page.wait_for_selector("#lost:not([hidden])")
    assert page.inner_text("#live") == "Connection lost"
    page.wait_for_selector(".pulse[data-alive=unknown]")
    demo_store.append(tmp_path, "prices", demo_store.candle(now_s(), 87_654_000))
    with running(tmp_path, "--port", str(window.port)):
        page.wait_for_selector("#live[data-state=on]")
        page.wait_for_selector("text=KRW 87,654,000 >> nth=0")
        assert page.is_hidden("#lost")
        assert any("/ws?after=" in url for url in window.asked)
    # The browser itself tells each attempt that met nobody.
    assert all("ERR_CONNECTION_REFUSED" in error for error in window.errors)
    window.errors.clear()


def test_missing_chart_library_is_told_with_the_command_that_gets_it(visit: Open, tmp_path: Path) -> None:
    with running(tmp_path) as desk:
        missing = "Object.defineProperty(window, 'uPlot', { get: () => undefined, set: () => {} });"
        page = visit(desk.port, before=missing).open()
        assert "python -m desk.dashboard.vendor" in page.inner_text("#failure")


def test_empty_store_says_what_to_do_and_fills_by_itself(visit: Open, tmp_path: Path) -> None:
    with running(tmp_path) as desk:
        page = visit(desk.port, lang="ko-KR").open()
        page.wait_for_selector("#empty:has-text('make run')")
        page.wait_for_selector("#live[data-state=on]")
        demo_store.fill(tmp_path, now_s(), 60)
        page.wait_for_selector("#plot-price canvas")
        assert page.is_hidden("#empty")


def test_old_data_says_since_when_nothing_came(visit: Open, tmp_path: Path) -> None:
    demo_store.fill(tmp_path, now_s() - 3 * 86_400, 60)
    for path in tmp_path.glob("*.jsonl"):
        os.utime(path, (now_s() - 3 * 86_400,) * 2)
    with running(tmp_path) as desk:
        page = visit(desk.port).open()
        assert "3d ago" in page.inner_text("#stale")
        assert "The bot died or hangs" in page.inner_text("#stale")
        assert page.inner_text(".pulse") == "Not alive"
        assert page.is_visible("#plot-price canvas")


def test_market_that_could_not_be_asked_for_is_opened_by_the_next_look(visit: Open, tmp_path: Path) -> None:
    demo_store.fill(tmp_path, now_s(), 30)
    with running(tmp_path) as desk:
        window = visit(desk.port)
        page = window.page
        page.route("**/api/portfolio*", lambda route: route.fulfill(status=502, body="bad gateway"), times=1)
        page.goto(f"http://127.0.0.1:{desk.port}/")
        page.wait_for_selector("#failure:has-text('502')")
        assert page.locator("#plot-price canvas").count() == 0
        # What the clock does after half a minute.
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_selector("#plot-price canvas")
        assert page.is_hidden("#failure")
    assert all("502" in error for error in window.errors)
    window.errors.clear()


def test_late_answers_about_a_market_that_was_left_change_nothing(visit: Open, tmp_path: Path) -> None:
    demo_store.fill(tmp_path, now_s(), 30)
    other = {**demo_store.candle(now_s() - 60, 4_000_000), "symbol": "KRW-ETH"}
    decided = {"symbol": "KRW-ETH", "source": "demo", "candle_ts": timestamp(now_s() - 60), "price": 4_000_000}
    averages = {"strategy": "sma_cross", "rule": "0" * 8, "sma_fast": 3, "sma_slow": 2, "reason": "of the other"}
    signal = {"ts": timestamp(now_s()), "kind": "signal", **decided, "signal": "BUY", **averages}
    demo_store.append(tmp_path, "prices", other)
    demo_store.append(tmp_path, "signals", signal)
    with running(tmp_path) as desk:
        page = visit(desk.port).open()
        held: list[Route] = []
        page.route(re.compile("/api/analysis.*symbol=KRW-ETH"), lambda route: held.append(route))
        page.select_option("#symbol", "KRW-ETH")
        page.wait_for_function("document.querySelector('#symbol').value === 'KRW-ETH'")
        with page.expect_response("**/api/series*"):
            page.select_option("#symbol", demo_store.SYMBOL)
        page.wait_for_selector("#charts:not([aria-busy])")
        before = page.inner_text("#figures .figure:nth-child(1)"), page.inner_text("#decisions")
        assert len(held) == 3
        for each in held:
            with page.expect_response(each.request.url):
                each.continue_()
        page.wait_for_timeout(300)
        assert (page.inner_text("#figures .figure:nth-child(1)"), page.inner_text("#decisions")) == before
        assert "of the other" not in page.inner_text("#decisions")
        assert f"of {demo_store.SYMBOL}" in (page.get_attribute("#charts", "aria-label") or "")


def test_page_asks_for_everything_again_when_it_cannot_go_on_where_it_was(visit: Open, tmp_path: Path) -> None:
    demo_store.fill(tmp_path, now_s(), 30)
    with running(tmp_path) as desk:
        window = visit(desk.port)
        page = window.open()
        page.wait_for_selector("#live[data-state=on]")
    page.wait_for_selector("#lost:not([hidden])")
    # Another file in its place, as after a restore: where the page had read to is gone.
    (tmp_path / "sentiment.jsonl").rename(tmp_path / "away")
    demo_store.append(tmp_path, "sentiment", told("Alder Robotics wins a contract"))
    with running(tmp_path, "--port", str(window.port)):
        page.wait_for_selector("#headlines li:first-child:has-text('Alder Robotics wins a contract')")
        assert page.locator("#headlines li").count() == 1
    window.errors.clear()
