"""`python -m desk study` as a person meets it: table, JSON, page, and what is said when something is missing."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import pytest

from desk.report.page import STYLE
from desk.study.options import parser
from desk.study.words import LANGUAGES, Words, chance, sentences
from tests.fakes.newsroom import BEGIN_S, Newsroom, Tie, candle, score, write
from tests.scripts import TOP, environment

HOSTILE = '</style><script src=//evil.example>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m"\u202e'
Study = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Return what runs the command as a process of its own, in a folder of its own."""

    def run(*arguments: object, python: str = sys.executable) -> "subprocess.CompletedProcess[str]":
        command = [python, "-P", "-m", "desk", "study", *map(str, arguments)]
        given = {**environment(), "PYTHONPATH": str(TOP)}
        return subprocess.run(
            command, cwd=tmp_path, env=given, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False
        )

    return run


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with a tie in it, and with names and titles that want out of the page."""
    folder = tmp_path_factory.mktemp("world")
    room = Newsroom(9, days=14, sources={"feed1": 30, HOSTILE: 30}, ties=(Tie("feed1", 0.008),))
    room.store(folder)
    write(folder / "sentiment.jsonl", [{**each, "title": HOSTILE, "lang": "en"} for each in room.scores()])
    return folder


class Page(HTMLParser):
    """What a browser would see of a page: its elements, and what it would fetch, run or style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.odd: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.odd += [(tag, name) for name, _ in attrs if name in ("src", "href", "style") or name.startswith("on")]


def test_table_says_what_was_found_first(study: Study, world: Path) -> None:
    done = study(world, "--bin", "5m", "--shifts", 500, "--shuffles", 10)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[2].startswith("Found: ")
    assert lines[3].startswith("feed1 and the return of KRW-BTC (upbit), ")
    assert "Which source explains most" in lines
    assert "Would it have paid" in lines
    assert "(seed 1)" in lines[-1]
    assert "\x1b" not in done.stdout
    assert f"reading {world}" in done.stderr


def test_json_has_all_of_it_and_korean_says_the_same(study: Study, world: Path) -> None:
    fast = ("--bin", "15m", "--shifts", 300, "--no-strategies", "--quiet")
    told = json.loads(study(world, *fast, "--json", "--seed", 7).stdout)
    assert (told["verdict"], told["asked"]["seed"], told["format"]) == ("found", 7, 1)
    assert told["found"][0]["series"] == "feed1"
    assert told["found"][0]["pearson"] > 0
    assert len(told["comparisons"]) == told["comparisons_count"] > 100
    korean = study(world, *fast, "--lang", "ko")
    assert korean.stdout.splitlines()[2].startswith("찾았습니다")
    assert "checking" not in korean.stderr


def test_page_needs_and_lets_in_nothing_else(study: Study, world: Path, tmp_path: Path) -> None:
    done = study(world, "--bin", "15m", "--shifts", 300, "--shuffles", 5, "--html", "r.html")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.tags.count("svg") > 10
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert page.odd == []
    assert "http" not in re.sub(r"http-equiv", "", text)
    digest = base64.b64encode(hashlib.sha256(STYLE.read_bytes()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in text
    assert f"<style>{STYLE.read_text(encoding='utf-8')}</style>" in text
    assert "nan" not in text
    # The hostile name of a source is shown as text; the titles are not, since nobody asked for them.
    assert "&lt;/style&gt;&lt;script" in text
    assert "Headline" not in text
    assert text.count("onerror=alert(1)&gt;") == text.count("onerror=alert")


def test_titles_are_shown_only_when_asked_for(study: Study, tmp_path: Path) -> None:
    folder = Newsroom(9, days=12).store(tmp_path / "data")
    for extra, shown in (((), False), (("--titles", 3), True)):
        fast = ("--bin", "15m", "--shifts", 100, "--no-strategies", "--html", "r.html")
        done = study(folder, *fast, *extra)
        assert ("Headline " in done.stdout) is shown, done.stderr
        assert ("Headline " in (tmp_path / "r.html").read_text(encoding="utf-8")) is shown


@pytest.mark.parametrize("lang", LANGUAGES)
def test_empty_store_and_one_of_one_record_are_told_as_too_little(study: Study, tmp_path: Path, lang: str) -> None:
    (tmp_path / "data").mkdir()
    done = study("--data", "data", "--lang", lang, "--html", "r.html")
    assert (done.returncode, done.stdout.splitlines()[2][:10] != "") == (0, True)
    assert Words(lang)("verdict_too_little", headlines=0, steps=0) in done.stdout
    write(tmp_path / "data" / "prices.jsonl", [candle(BEGIN_S, 1, 1)])
    write(tmp_path / "data" / "sentiment.jsonl", [score(BEGIN_S, 1, "a0", 0.5)])
    done = study("data", "--lang", lang, "--html", "r.html")
    assert done.returncode == 0, done.stderr
    assert Words(lang)("verdict_too_little", headlines=1, steps=0) in done.stdout
    told = json.loads(study("data", "--json").stdout)
    assert (told["verdict"], told["found"]) == ("too_little", [])


def test_folder_that_is_not_there_is_told_with_what_to_do(study: Study) -> None:
    done = study("nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "nowhere: there is no such data folder; start bot.py first, or name the right one\n"


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--memory", "lots"), "'lots' is no amount such as 300MB"),
        (("--memory", "20MB"), "at least 200MB"),
        (("--since", "yesterday"), "is no moment such as"),
        (("--group", "boards"), "is no group such as"),
        (("--alpha", "2"), "between 0 and 1"),
        (("--shifts", "0"), "no whole number above 0"),
    ],
)
def test_wrong_argument_is_told_and_nothing_is_read(study: Study, arguments: tuple[str, str], what: str) -> None:
    done = study(*arguments)
    assert done.returncode == 2
    assert what in done.stderr


def test_help_teaches_and_a_missing_package_is_told_without_a_traceback(study: Study, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True, timeout=120)
    helped = study("--help", python=str(bare / "bin" / "python"))
    assert helped.returncode == 0, helped.stderr
    assert "examples:" in helped.stdout
    (tmp_path / "data").mkdir()
    done = study("data", python=str(bare / "bin" / "python"))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"python3 -m venv ~/moss-desk && ~/moss-desk/bin/pip install --require-hashes -r {TOP}" in done.stderr
    assert "desk/study/requirements.lock" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_damaged_lines_clock_jumps_and_other_models_are_told(study: Study, tmp_path: Path) -> None:
    folder = Newsroom(9, days=12).store(tmp_path / "data")
    path = folder / "prices.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"close":', b'"close":9', 3))
    with (folder / "sentiment.jsonl").open("ab") as scores:
        write(tmp_path / "more", [score(BEGIN_S + 60, 10**6, "feed1", 0.1, model="other")])
        scores.write((tmp_path / "more").read_bytes())
    done = study("data", "--bin", "15m", "--shifts", 100, "--no-strategies")
    assert "3 lines are not what was written" in done.stdout
    assert "Times the clock was set back: 1;" in done.stdout
    assert "left out, since two models' scores do not compare: other (1)" in done.stdout


def test_both_languages_say_the_same_things() -> None:
    english, korean = (sentences(lang) for lang in LANGUAGES)
    assert list(english) == list(korean)
    for key, text in english.items():
        one, other = ({name for _, name, _, _ in Formatter().parse(said) if name} for said in (text, korean[key]))
        assert one == other, key
    source = "".join(path.read_text(encoding="utf-8") for path in (TOP / "desk").rglob("*.py"))
    for key in english:
        # Some are put together: kind_lang of "kind_" and "lang".
        parts = (key, key.partition("_")[2].partition("+")[0])
        assert any(quote + part + quote in source for part in parts for quote in "\"'"), f"nobody says {key}"


def test_durations_and_chances_read_as_people_say_them() -> None:
    words = Words("en")
    assert [words.duration(each) for each in (0, 300, 7_800, 86_400, 90_000)] == [
        *("0", "5 min", "2 h 10 min", "1 d", "1 d 1 h"),
    ]
    assert [chance(each) for each in (0.5, 0.0123, 0.0005)] == ["0.50", "0.012", "0.0005"]


def test_page_of_the_docs_has_every_option() -> None:
    text = (TOP / "docs" / "study.md").read_text(encoding="utf-8")
    options = [name for action in parser()._actions for name in action.option_strings if name not in ("-h", "--help")]
    assert len(options) > 15
    assert [name for name in options if f"`{name}" not in text] == []


def test_store_of_more_segments_than_files_may_be_open_is_read_whole(tmp_path: Path) -> None:
    for number in range(150):
        records = [candle(BEGIN_S + 60 * (10 * number + at), 1, 1) for at in range(10)]
        write(tmp_path / f"prices.jsonl-20251201-{1764590000 + number}", records)
    command = f'ulimit -n 64; exec "{sys.executable}" -P -m desk study "{tmp_path}" --json --quiet'
    given = {**environment(), "PYTHONPATH": str(TOP)}
    done = subprocess.run(
        ["sh", "-c", command], env=given, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["markets"][0]["bins"] == 1_500


def test_study_that_is_ended_ends_as_if_interrupted_so_that_it_tidies_up(world: Path) -> None:
    command = [sys.executable, "-P", "-m", "desk", "study", str(world), "--shuffles", "5000"]
    given = {**environment(), "PYTHONPATH": str(TOP)}
    with subprocess.Popen(command, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert any("deciding again" in line for line in iter(process.stderr.readline, ""))
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 130
