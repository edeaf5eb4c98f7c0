"""What reaches a terminal."""

import pytest

from agent.console import say, visible
from agent.display import show


@pytest.mark.parametrize(
    "text", ["plain text", "가온전자, 12% 급락…", "a\u00a0b", "emoji 📈 and accents é", '{"a":"b"}', "", "a\u3000b"]
)
def test_visible_leaves_what_can_be_read(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    "letter", ["\x1b", "\x07", "\r", "\n", "\x00", "\x7f", "\x9b", "\u202e", "\u2028", "\u200b", "\ud800"]
)
def test_visible_blanks_what_could_drive_a_terminal(letter: str) -> None:
    assert visible(f"a{letter}b") == "a b"


def test_say_and_show_write_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    say("first\nnot second")
    show("data\x1b[31m")
    out, err = capsys.readouterr()
    assert (out, err) == ("data [31m\n", "first not second\n")
