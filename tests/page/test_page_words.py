"""Both languages say everything that the page says, and nothing else."""

import re

import pytest

from tests.scripts import TOP

STATIC = TOP / "desk" / "dashboard" / "static"
# Keys that are put together when the page runs.
MADE = (
    "theme_",
    "live_",
    "state_",
    "stale_",
    "stream_",
    "event_",
    "breaker_",
    "start_",
    "range_",
    "alive_",
    "points_",
    "buy",
    "sell",
    "hold",
)


def words(lang: str) -> dict[str, str]:
    text = (STATIC / f"words_{lang}.js").read_text(encoding="utf-8")
    return dict(re.findall(r'^  (\w+): "(.*)",$', text, re.MULTILINE))


def keys_used() -> set[str]:
    sources = [path.read_text(encoding="utf-8") for path in (*STATIC.glob("*.js"), STATIC / "index.html")]
    # A key is written where words are asked for: say("x"), figure("x"), vital("x"), data-say="x", { label: "x" }.
    return {key for text in sources for key in re.findall(r'["\'](\w+)["\']', text)}


def test_both_languages_have_the_same_words() -> None:
    english, korean = words("en"), words("ko")
    assert english.keys() == korean.keys()
    assert len(english) > 100
    for key, sentence in english.items():
        assert set(re.findall(r"{(\w+)}", sentence)) == set(re.findall(r"{(\w+)}", korean[key])), key


def test_every_word_that_is_asked_for_is_there_and_none_is_idle() -> None:
    used = keys_used()
    asked = set(re.findall(r'(?:say|knows)\("(\w+)"', "".join(p.read_text("utf-8") for p in STATIC.glob("*.js"))))
    asked |= set(re.findall(r'data-(?:say|label)="(\w+)"', (STATIC / "index.html").read_text(encoding="utf-8")))
    assert asked <= words("en").keys()
    assert [key for key in words("en") if key not in used and not key.startswith(MADE)] == []


@pytest.mark.parametrize("name", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "style="])
def test_page_has_no_door_for_markup(name: str) -> None:
    files = [*STATIC.glob("*.js"), STATIC / "index.html"]
    assert [path.name for path in files if name in path.read_text(encoding="utf-8")] == []


def test_page_names_no_other_host() -> None:
    named = {
        (path.name, host)
        for path in STATIC.iterdir()
        for host in re.findall(r"https?://([\w.-]+)", path.read_text(encoding="utf-8"))
    }
    # The name of the SVG language, which nobody asks for.
    assert {host for _, host in named} <= {"www.w3.org"}
