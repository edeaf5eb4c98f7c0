"""The page where something is missing or went wrong: it says what, in words, and axe finds nothing against it."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.clock import timestamp
from tests.desks import running
from tests.page import demo_store
from tests.page.visit import PHONE, Visit

Open = Callable[..., Visit]

# What the writers' events hold beside `ts` and `kind`, and what the page makes of each.
EVENTS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("start", {"version": "0.1.0", "previous": "died"}, "version 0.1.0: the run before it died"),
    ("stop", {"version": "0.1.0", "pid": 7}, "version 0.1.0"),
    (
        "report",
        {"candles": 60, "evaluations": 12, "signals": {"HOLD": 11, "BUY": 1}, "fills": 1, "errors": {"Timeout": 2}},
        "60 candles, 12 decisions, 1 fills, 2 errors",
    ),
    (
        "summary",
        {"day": "2026-11-20", "candles": 1440, "signals": {"HOLD": 200, "BUY": 4}, "fills": 4, "errors": {}},
        "2026-11-20: 1,440 candles, 204 decisions, 4 fills, 0 errors",
    ),
    (
        "breaker",
        {"host": "api.upbit.com:443", "state": "open", "failures": 5, "wait_s": 30.0, "why": "Timeout"},
        "api.upbit.com:443 is left alone for 30 sec after 5 failures",
    ),
    (
        "breaker",
        {"host": "api.upbit.com:443", "state": "half-open", "failures": 5, "wait_s": 0, "why": ""},
        "api.upbit.com:443 is asked once, carefully",
    ),
    (
        "source",
        {"source": "bithumb", "symbols": ["KRW-BTC"], "instead_of": "upbit", "why": "Timeout"},
        "prices from bithumb in place of upbit: Timeout",
    ),
    (
        "reload",
        {"changes": {"strategy.fast": [5, 7], "market.symbols": [["KRW-BTC"], []]}, "config": {}},
        'strategy.fast: 5 → 7, market.symbols: ["KRW-BTC"] → []',
    ),
    ("rollback", {"changes": {"strategy.fast": [7, 5]}, "why": "it raised"}, "it raised: strategy.fast: 7 → 5"),
    (
        "alert",
        {"what": "prices KRW-BTC", "message": "no price for 10 minutes", "doing": "tries on"},
        "no price for 10 minutes: tries on",
    ),
    ("alert_end", {"what": "prices KRW-BTC"}, "prices KRW-BTC"),
    ("missed", {"job": "signals", "count": 3}, "signals: 3 times"),
    ("command", {"what": "pause", "by": "ada"}, "pause"),
    ("clock", {"source": "upbit", "skew_s": -31.0, "message": "31 s behind"}, "31 s behind"),
    ("something-new", {}, ""),
)


def now_s() -> int:
    return int(time.time()) // 60 * 60


def look(visit: Open, folder: Path, check: Callable[[Any], None], lang: str = "en-US") -> None:
    """Show a data folder on a phone, check it, and see that it suits everybody."""
    with running(folder) as desk:
        window = visit(desk.port, size=PHONE, lang=lang)
        page = window.open()
        page.wait_for_selector("#live[data-state=on]")
        check(page)
        assert window.violations() == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        window.close()


def test_empty_store_is_told_with_what_to_do(visit: Open, tmp_path: Path) -> None:
    def check(page: Any) -> None:  # noqa: ANN401 - Playwright's page
        assert page.inner_text("#empty-title") == "아직 기록이 없습니다"
        assert "make run" in page.inner_text("#empty")
        assert page.is_hidden("#filled")
        # The first minute brings the rest without a reload.
        demo_store.append(tmp_path, "prices", demo_store.candle(now_s() - 60, 98_100_000))
        page.wait_for_selector("text=98,100,000원 >> nth=0")
        page.wait_for_selector("#charts:not([aria-busy]) canvas")

    look(visit, tmp_path, check, lang="ko-KR")


def test_bot_that_gets_no_prices_is_told_where_nothing_is_recorded(visit: Open, tmp_path: Path) -> None:
    ts = timestamp(now_s())
    start = {"ts": ts, "kind": "start", "version": "0.1.0", "previous": None}
    error = {"ts": ts, "kind": "error", "class": "Unreachable", "message": "api.upbit.com could not be reached"}
    demo_store.append(tmp_path, "events", start, error)

    def check(page: Any) -> None:  # noqa: ANN401 - Playwright's page
        told = page.inner_text("#empty-now")
        assert told.startswith("A bot is running here; it has not got its first minute yet.")
        assert told.endswith("Its last error: api.upbit.com could not be reached")

    look(visit, tmp_path, check)


def test_one_record_is_shown_and_what_is_missing_is_named(visit: Open, tmp_path: Path) -> None:
    demo_store.append(tmp_path, "prices", demo_store.candle(now_s() - 60, 98_100_000))

    def check(page: Any) -> None:  # noqa: ANN401 - Playwright's page
        assert page.inner_text(".figure:nth-child(1) .value") == "98,100,000원"
        assert "봇이 시작된 적이 없습니다" in page.inner_text("#stale")
        assert page.inner_text(".pulse") == "멈춤"
        assert page.inner_text("#headlines") == "아직 점수를 매긴 뉴스가 없습니다."
        for letters in (page.inner_text("body"), page.get_attribute("#charts", "aria-label")):
            assert not {"NaN", "undefined", "Infinity", "null"} & set(letters.replace(",", " ").split())

    look(visit, tmp_path, check, lang="ko-KR")


def test_bot_that_is_down_is_told_with_the_moment_of_its_last_record(visit: Open, tmp_path: Path) -> None:
    demo_store.fill(tmp_path, now_s() - 7200, 300)
    for path in tmp_path.iterdir():
        os.utime(path, (now_s() - 7200,) * 2)

    def check(page: Any) -> None:  # noqa: ANN401 - Playwright's page
        assert page.inner_text(".pulse") == "Not alive"
        assert "(2h ago). The bot died or hangs." in page.inner_text("#stale")

    look(visit, tmp_path, check)


@pytest.mark.parametrize(("stream", "plot"), [("sentiment", "mood"), ("ledger", "equity")])
def test_chart_without_records_says_so(visit: Open, tmp_path: Path, stream: str, plot: str) -> None:
    demo_store.fill(tmp_path, now_s(), 300)
    colours = """name => { const canvas = document.querySelector(`#plot-${name} canvas`);
        const { width, height } = canvas;
        const pixels = canvas.getContext("2d").getImageData(width * 0.3, height * 0.2, width * 0.2, height * 0.4).data;
        return new Set(new Uint32Array(pixels.buffer)).size; }"""
    (tmp_path / f"{stream}.jsonl").unlink()
    counts: list[int] = []
    look(visit, tmp_path, lambda page: counts.append(page.evaluate(colours, plot)))
    # The grid alone has two or three.
    assert counts[0] > 10


def test_events_are_told_in_words(visit: Open, tmp_path: Path) -> None:
    demo_store.fill(tmp_path, now_s(), 30)
    events = [{"ts": timestamp(now_s() - 60), "kind": kind, **fields} for kind, fields, _ in EVENTS]
    demo_store.append(tmp_path, "events", *events)

    def check(page: Any) -> None:  # noqa: ANN401 - Playwright's page
        told = page.locator("#events .what").all_inner_texts()[: len(EVENTS)]
        assert told == [text for _, _, text in EVENTS][::-1]
        page.click("#language")
        assert "[object" not in page.inner_text("#events")

    look(visit, tmp_path, check)
