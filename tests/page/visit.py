"""A visit to the page in a real browser, with everything that must not happen on it written down."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

# As root Chromium has no sandbox; the rest keeps it from asking its maker's hosts for anything.
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
ZONE = "Asia/Seoul"
DESKTOP = (1280, 900)
PHONE = (360, 780)
_WAIT_MS = 60_000


class Visit:
    """One browser window of its own on the page of a desk.

    Arguments:
        port: where the desk is on this machine.
        size: of the window, in pixels of the page.
        lang: what the browser says its reader speaks, such as "ko-KR".
        theme: what the system is set to, "light" or "dark".
        before: script that runs before the page's own.
        scale: how many pixels of a picture one pixel of the page takes.
    """

    def __init__(
        self,
        browser: Browser,
        port: int,
        size: tuple[int, int] = DESKTOP,
        lang: str = "en-US",
        theme: Any = "light",  # noqa: ANN401 - the library's own literal
        before: str = "",
        scale: float = 1,
    ) -> None:
        self.port = port
        self.errors: list[str] = []
        self.asked: list[str] = []
        self._context: BrowserContext = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale=lang,
            color_scheme=theme,
            timezone_id=ZONE,
            device_scale_factor=scale,
            has_touch=size[0] < 600,
            is_mobile=size[0] < 600,
            reduced_motion="reduce",
        )
        self._context.set_default_timeout(_WAIT_MS)
        if before:
            self._context.add_init_script(before)
        self.page: Page = self._context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: self.errors.append(f"a dialog opened: {dialog.message}"))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("websocket", lambda socket: self.asked.append(socket.url))

    def open(self, path: str = "/") -> Page:
        """Go to the page, and wait until it shows something."""
        self.page.goto(f"http://127.0.0.1:{self.port}{path}")
        self.page.wait_for_selector("#plot-price canvas, #empty:not([hidden]), #failure:not([hidden])")
        if self.page.is_visible("#filled"):
            self.page.wait_for_selector("#charts:not([aria-busy])")
        return self.page

    def foreign(self) -> list[str]:
        """Return what was asked of any other place than the desk."""
        return [url for url in self.asked if urlsplit(url).netloc != f"127.0.0.1:{self.port}"]

    def violations(self) -> list[str]:
        """Return what axe finds wrong for people who hear, magnify or use keys, one line each; its advice too."""
        self.page.evaluate(_axe())
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found = self.page.evaluate("tags => axe.run(document, { runOnly: tags })", tags)
        return [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    def close(self) -> None:
        """Close the window."""
        self._context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.type}: {message.text}")


def _axe() -> str:
    package = find_spec("axe_playwright_python")
    assert package
    assert package.origin
    return (Path(package.origin).parent / "axe.min.js").read_text(encoding="utf-8")
