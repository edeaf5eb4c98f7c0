"""The page shows what the store holds, to everybody."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from store import newest, tail
from tests.desks import RunningDesk
from tests.page.visit import DESKTOP, PHONE, Visit

Open = Callable[..., Visit]


def test_page_shows_what_the_store_holds(visit: Open, desk: RunningDesk, day: Path) -> None:
    page = visit(desk.port).open()
    candle, decided = (next(newest(day / f"{name}.jsonl")) for name in ("prices", "signals"))
    headlines = [record["title"] for record in tail(day / "sentiment.jsonl", 3)][::-1]
    assert page.inner_text(".figure:nth-child(1) .value") == f"KRW {candle['close']:,.0f}"
    assert page.inner_text(".figure:nth-child(2) .value").split()[-1] == decided["signal"].title()
    shown = page.locator("#headlines .what").all_inner_texts()
    assert shown[:3] == headlines
    events = page.locator("#events .badge").all_inner_texts()
    assert {"Minutes lost", "Error", "Started"} <= set(events)
    assert page.inner_text(".pulse") == "Alive"


def test_table_gives_the_charts_in_figures(visit: Open, desk: RunningDesk, day: Path) -> None:
    page = visit(desk.port).open()
    page.click("[data-range=hour]")
    page.wait_for_selector("#chart-when:has-text('1 min')")
    page.click("summary")
    page.wait_for_selector("tbody tr")
    stored = [f"{record['close']:,.0f}" for record in tail(day / "prices.jsonl", 20)][::-1]
    assert page.locator("tbody td:nth-child(2)").all_inner_texts()[:20] == stored


def test_charts_are_drawn_and_told(visit: Open, desk: RunningDesk) -> None:
    page = visit(desk.port).open()
    inked = """name => { const canvas = document.querySelector(`#plot-${name} canvas`);
        const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        return new Set(new Uint32Array(pixels.buffer)).size; }"""
    assert all(page.evaluate(inked, name) > 20 for name in ("price", "mood", "equity"))
    assert re.search(r"Price of KRW-BTC from KRW [\d,]+ to KRW", page.get_attribute("#charts", "aria-label") or "")


def test_price_line_breaks_where_minutes_were_lost(visit: Open, desk: RunningDesk) -> None:
    page = visit(desk.port).open()
    told = page.evaluate("""async () => {
        const { Series } = await import("./static/series.js");
        const answer = await (await fetch("api/series?points=4000")).json();
        const [time, ...lines] = new Series(answer).pricePlot();
        const close = lines.at(-1);
        const [from, until] = answer.gaps[0];
        const isIn = time.map((at) => at >= from && at < until);
        return { within: close.filter((_, row) => isIn[row]), ends: close.filter((value) => value === null).length };
    }""")
    # A null ends a line; everything in the gap is null, and nothing else is.
    assert told["within"]
    assert told["within"] == [None] * told["ends"]


# Each two of width, language and theme meet; `make pictures` looks at the other four in the same way.
@pytest.mark.parametrize(
    ("size", "lang", "theme"),
    [
        *((PHONE, "ko-KR", "light"), (PHONE, "en-US", "dark")),
        *((DESKTOP, "ko-KR", "dark"), (DESKTOP, "en-US", "light")),
    ],
)
def test_page_suits_everybody(visit: Open, desk: RunningDesk, size: tuple[int, int], lang: str, theme: str) -> None:
    window = visit(desk.port, size=size, lang=lang, theme=theme)
    page = window.open()
    page.click("summary")
    assert window.violations() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.evaluate("document.documentElement.lang") == lang[:2]
    assert ("원" in page.inner_text(".figures")) is (lang == "ko-KR")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0] > 127")
    assert light is (theme == "light")


def test_axe_finds_what_is_wrong_where_something_is(visit: Open, desk: RunningDesk) -> None:
    window = visit(desk.port)
    window.open().evaluate("document.querySelector('#symbol').parentElement.replaceWith(document.createElement('img'))")
    assert any("image-alt" in line for line in window.violations())


def test_switches_change_language_and_theme_and_are_remembered(visit: Open, desk: RunningDesk) -> None:
    page = visit(desk.port).open()
    page.click("#language")
    page.click("#theme")
    page.click("#theme")
    assert page.inner_text("#headlines-title") == "최근 뉴스"
    page.reload()
    page.wait_for_selector("#plot-price canvas")
    assert page.inner_text("#headlines-title") == "최근 뉴스"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 20, 17)"


def test_address_chooses_the_language(visit: Open, desk: RunningDesk) -> None:
    assert visit(desk.port, lang="en-US").open("/?lang=ko").inner_text("#events-title") == "이벤트"


def test_keys_move_the_charts_and_read_them(visit: Open, desk: RunningDesk) -> None:
    page = visit(desk.port).open()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.focus("#charts")
    before = page.inner_text("#chart-when")
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("before => document.querySelector('#chart-when').textContent !== before", arg=before)
    page.keyboard.press(",")
    assert "Price KRW" in page.inner_text("#reading")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Home")
    assert page.get_attribute("[data-range=day]", "aria-pressed") == "false"


def test_hands_move_the_charts(visit: Open, desk: RunningDesk) -> None:
    page = visit(desk.port).open()
    over = page.locator("#plot-price .u-over").bounding_box()
    assert over
    said = page.inner_text("#chart-when")
    page.mouse.move(over["x"] + 200, over["y"] + 50)
    page.mouse.down()
    page.mouse.move(over["x"] + 500, over["y"] + 50, steps=4)
    page.mouse.up()
    page.wait_for_function("before => document.querySelector('#chart-when').textContent !== before", arg=said)
    said = page.inner_text("#chart-when")
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    page.wait_for_function("before => document.querySelector('#chart-when').textContent !== before", arg=said)


def test_fingers_move_the_charts_and_still_scroll_the_page(visit: Open, desk: RunningDesk) -> None:
    page = visit(desk.port, size=PHONE).open()
    page.locator("#plot-price").scroll_into_view_if_needed()
    over = page.locator("#plot-price .u-over").bounding_box()
    assert over
    devtools = page.context.new_cdp_session(page)

    def draw(*fingers: tuple[float, float, float, float]) -> None:
        """Move each finger from a place in the chart to another."""
        for step in range(9):
            points = [
                {"x": over["x"] + x + (to_x - x) * step / 8, "y": over["y"] + y + (to_y - y) * step / 8, "id": number}
                for number, (x, y, to_x, to_y) in enumerate(fingers)
            ]
            devtools.send(
                "Input.dispatchTouchEvent", {"type": "touchMove" if step else "touchStart", "touchPoints": points}
            )
        devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    for fingers in ([(50, 90, 150, 90)], [(100, 90, 50, 90), (140, 90, 190, 90)]):
        said = page.inner_text("#chart-when")
        draw(*fingers)
        page.wait_for_function("before => document.querySelector('#chart-when').textContent !== before", arg=said)
    scrolled = page.evaluate("scrollY")
    draw((100, 150, 100, 20))
    page.wait_for_function("before => scrollY > before", arg=scrolled)


def test_any_range_is_asked_for_in_few_points(visit: Open, desk: RunningDesk) -> None:
    window = visit(desk.port)
    page = window.open()
    for name in ("hour", "week", "month", "year", "all"):
        with page.expect_response(lambda answer: "/api/series" in answer.url) as answered:
            page.click(f"[data-range={name}]")
        assert 0 < len(answered.value.json()["time"]) <= 4000
    points = [int(found[1]) for url in window.asked if (found := re.search(r"/api/series.*points=(\d+)", url))]
    assert max(points) <= 4000
