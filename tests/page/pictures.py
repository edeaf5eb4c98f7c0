"""`python -m tests.page.pictures`: the pictures in docs/pictures, of the demo market and our own sample headlines."""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

from tests.desks import running
from tests.page import demo_store
from tests.page.visit import FLAGS, PHONE, Visit
from tests.scripts import TOP

FOLDER = TOP / "docs" / "pictures"
MINUTES = 8 * 1_440
OUTAGE = range(MINUTES - 400, MINUTES - 340)


class Picture(NamedTuple):
    """One picture: its name, how large the window is and how sharp, who looks, and what is pressed first."""

    name: str
    size: tuple[int, int]
    scale: float
    lang: str
    theme: str
    press: str
    top: str


PICTURES = (
    Picture("desktop-en", (1280, 1240), 1, "en-US", "light", "", ""),
    Picture("desktop-ko", (1280, 1240), 1, "ko-KR", "light", "", ""),
    Picture("desktop-dark-en", (1280, 1240), 1, "en-US", "dark", "[data-range=week]", ""),
    Picture("phone-ko", PHONE, 2, "ko-KR", "light", "", ""),
    Picture("phone-dark-en", PHONE, 2, "en-US", "dark", "", ""),
    Picture("phone-chart-dark-ko", PHONE, 2, "ko-KR", "dark", "", ".charts"),
    Picture("phone-chart-en", PHONE, 2, "en-US", "light", "", ".charts"),
)


def main() -> int:
    """Make them all; return the exit status."""
    chromium = shutil.which("chromium")
    if not chromium:
        sys.stderr.write("pictures: needs chromium (Debian: apt-get install chromium fonts-noto-cjk)\n")
        return 1
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        data = Path(scratch)
        demo_store.fill(data, int(time.time()) // 60 * 60, MINUTES, OUTAGE)
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        with running(data) as desk:
            for picture in PICTURES:
                take(browser, desk.port, picture)
        browser.close()
    return 0


def take(browser: Browser, port: int, picture: Picture) -> None:
    """Open the page as somebody sees it, and keep what is seen."""
    visit = Visit(browser, port, picture.size, picture.lang, picture.theme, scale=picture.scale)
    page = visit.open()
    page.wait_for_selector("#live[data-state=on]")
    if picture.press:
        with page.expect_response(lambda answer: "/api/performance" in answer.url):
            page.click(picture.press)
        page.mouse.move(0, 0)
    if picture.top:
        page.locator(picture.top).evaluate("element => element.scrollIntoView()")
    page.wait_for_timeout(600)
    wrong = visit.violations() + visit.errors + visit.foreign()
    if wrong:
        raise SystemExit("\n".join([f"{picture.name}: the page is not right:", *wrong]))
    path = FOLDER / f"{picture.name}.png"
    page.screenshot(path=path)
    visit.close()
    if shutil.which("pngquant"):
        subprocess.run(["pngquant", "--force", "--strip", "--output", path, "--", path], check=True)
    print(f"{path.stat().st_size / 1024:6.0f} KiB  {path.relative_to(TOP)}")  # noqa: T201 - what was made


if __name__ == "__main__":
    sys.exit(main())
