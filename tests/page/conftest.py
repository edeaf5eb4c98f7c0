"""A real Chromium, a desk on a day of the demo market, and visits that end with nothing amiss."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from desk.dashboard.vendor import FILES, FOLDER
from tests.desks import RunningDesk, running
from tests.page import demo_store
from tests.page.visit import FLAGS, Visit

DAY_MINUTES = 1_500


# Not for the whole run: while it is there, its event loop is the main thread's.
@pytest.fixture(scope="package")
def browser(program: Callable[..., str]) -> Iterator[Browser]:
    """Return Chromium; it skips where there is none, or the chart library is not in place."""
    path = program("chromium")
    if not all((FOLDER / name).is_file() for name in FILES):
        pytest.skip("needs the chart library: python -m desk.dashboard.vendor puts it in place")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a day of the demo market that ends now; it is only read."""
    folder = tmp_path_factory.mktemp("day")
    demo_store.fill(folder, int(time.time()) // 60 * 60, DAY_MINUTES, range(DAY_MINUTES - 300, DAY_MINUTES - 255))
    return folder


@pytest.fixture(scope="package")
def desk(day: Path) -> Iterator[RunningDesk]:
    """Return a desk that shows the day."""
    with running(day) as found:
        yield found


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Return what opens a window; afterwards nothing was wrong in any, and nobody else was asked for anything."""
    visits: list[Visit] = []

    def open_window(port: int, **options: Any) -> Visit:  # noqa: ANN401 - passed on as they are
        visits.append(Visit(browser, port, **options))
        return visits[-1]

    yield open_window
    for each in visits:
        each.close()
    assert [error for each in visits for error in each.errors] == []
    assert [url for each in visits for url in each.foreign()] == []
