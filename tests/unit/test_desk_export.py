"""A day as one file: it needs nothing else, holds titles only where asked to, and text from outside stays text."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.desks import HOSTILE, fill_store
from tests.scripts import TOP, environment


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk") / "data"
    fill_store(folder, 300)
    return folder


def export(data: Path, *arguments: str, cwd: Path = TOP) -> subprocess.CompletedProcess[str]:
    # -S: without site-packages, for it needs none of the desk's packages.
    command = [sys.executable, "-S", "-m", "desk", "export-html", "--data", str(data), *arguments]
    place = environment(PYTHONPATH=str(TOP))
    return subprocess.run(command, cwd=cwd, env=place, capture_output=True, text=True, timeout=60, check=False)


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "polyline", "polygon", "rect", "circle", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and tag == self.open[-1]:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def page(data: Path, *arguments: str) -> Page:
    done = export(data, "2026-11-21", "--zone", "+00:00", "--out", "-", *arguments)
    assert done.returncode == 0, done.stderr
    return Page(done.stdout)


def test_day_needs_nothing_but_its_own_file(data: Path) -> None:
    done = export(data, "2026-11-21", "--zone", "+00:00", "--out", "-", "--titles")
    found = Page(done.stdout)
    assert not {"script", "img", "link", "iframe", "object", "a", "form"} & set(found.tags)
    assert not {"src", "href", "onclick", "onerror", "srcset", "action"} & {name for name, _ in found.attributes}
    assert not re.findall(r"https?:|url\(|@import", done.stdout)
    assert "default-src 'none'" in done.stdout
    assert found.open == []


def test_day_shows_what_the_store_holds(data: Path) -> None:
    text = " ".join(page(data).text)
    for word in ("KRW-BTC", "1,049", "deposit", "SELL", "1000.9", "gap", "yonhap", "buy and hold"):
        assert word in text
    marks = [text for text in page(data).text if text in ("▲", "▼")]
    assert len(marks) == 40


def test_day_without_a_price_says_so(data: Path) -> None:
    sentence = "No price is recorded on this day."
    empty = Page(export(data, "2020-01-01", "--zone", "+00:00", "--out", "-").stdout)
    assert sentence in empty.text
    assert sentence not in page(data).text


def test_titles_are_there_only_when_asked_for_and_stay_text(data: Path) -> None:
    assert "제목" not in " ".join(page(data).text)
    found = page(data, "--titles")
    assert "제목 7" in found.text
    hostile = next(text for text in found.text if "onerror" in text)
    assert hostile == "".join(letter if letter.isprintable() else " " for letter in HOSTILE)


def test_day_is_told_in_korean_when_asked_to(data: Path) -> None:
    text = " ".join(page(data, "--lang", "ko").text)
    assert "모의 계좌와 단순 보유" in text
    assert "Paper trades" not in text


def test_same_day_gives_the_same_bytes_in_a_file_of_its_name(data: Path, tmp_path: Path) -> None:
    pages = []
    for _ in range(2):
        assert export(data, "2026-11-21", cwd=tmp_path).returncode == 0
        pages.append((tmp_path / "moss-2026-11-21.html").read_bytes())
    assert pages[0] == pages[1]


def test_day_of_the_bots_zone_begins_at_its_midnight(data: Path) -> None:
    seoul = Page(export(data, "2026-11-21", "--out", "-").stdout)
    assert "moss, 2026-11-21 (+09:00)" in seoul.text
    assert "09:00:00" in seoul.text
    assert "KRW-BTC" not in " ".join(Page(export(data, "2026-11-20", "--out", "-").stdout).text)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["yesterday"], 2),
        (["2026-11-31"], 2),
        (["../../etc/passwd"], 2),
        (["2026-11-21", "--zone", "Seoul"], 2),
        (["2026-11-21", "--out", "/nonexistent/x.html"], 1),
        ([], 2),
    ],
)
def test_export_refuses_in_one_line_what_it_can_not_do(data: Path, arguments: list[str], status: int) -> None:
    done = export(data, *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert "Traceback" not in done.stderr
