"""The study's page in a real Chromium: it fits the screen it is on, and its plots can be read there."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from desk.report.page import page
from desk.study.words import Words
from tests.fakes.newsroom import Newsroom, Tie
from tests.fakes.study import TRADE, ask
from tests.page.visit import DESKTOP, PHONE

LETTERS_PX_MIN = 10
# How high the letters of each plot are on the screen, and whether a box of their own scrolls what is wider.
LETTERS = """() => [...document.querySelectorAll("svg[role=img]")].map(plot =>
    parseFloat(getComputedStyle(plot.querySelector("text")).fontSize) * plot.getScreenCTM().a)"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    room = Newsroom(9, days=25, sources={"feed1": 25, "feed2": 25}, ties=(Tie("feed1", 0.008),))
    answer = ask([room.store(folder)], bin_s=900, trading=True)
    path = folder / "report.html"
    path.write_text(page(answer, Words("en"), TRADE), encoding="utf-8")
    return path


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_page_of_the_study_fits_and_its_plots_can_be_read(
    browser: Browser, report: Path, size: tuple[int, int], theme: str
) -> None:
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if theme == "dark" else "light"
    )
    said: list[str] = []
    seen = context.new_page()
    seen.on("console", lambda message: said.append(message.text))
    seen.goto(report.as_uri())
    assert seen.evaluate("document.documentElement.scrollWidth") == width
    letters = seen.evaluate(LETTERS)
    assert len(letters) > 8
    assert min(letters) >= LETTERS_PX_MIN
    ground, ink = (seen.evaluate(f"getComputedStyle(document.body).{name}") for name in ("backgroundColor", "color"))
    assert (sum(map(int, ground[4:-1].split(","))) > sum(map(int, ink[4:-1].split(",")))) is (theme == "light")
    assert said == []
    context.close()
