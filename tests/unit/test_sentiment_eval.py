"""`sentiment.py eval FILE`: a table, and figures that a few lines of arithmetic give too."""

import json
from pathlib import Path

import pytest

import sentiment
from agent.news import evaluation
from agent.news.model import Score, Scorer

LINES = "1\tProfit rises\n-1\tProfit falls\n0\tAnnual meeting on Monday\n1\tProfit drops\n\n-1\t코스피 급락\r\n"


class FixedScorer(Scorer):
    """Says what the text itself says: three probabilities."""

    def __init__(self) -> None:
        self.model = "00000000"

    def score(self, text: str, lang: str | None = None) -> Score:
        p_neg, p_neu, p_pos = (float(part) for part in text.split())
        return Score(p_pos - p_neg, p_neg, p_neu, p_pos, "en")


def write(path: Path, content: bytes) -> str:
    file = path / "set.tsv"
    file.write_bytes(content)
    return str(file)


def test_the_last_line_is_the_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sentiment.main(["eval", write(tmp_path, LINES.encode())]) == 0
    *table, last = capsys.readouterr().out.splitlines()
    figures = json.loads(last)
    assert list(figures) == ["n", "accuracy", "macro_f1", "sign_accuracy", "ece"]
    # Four of five labels are told, three of four signs; F1 is 4/5, 1 and 2/3.
    assert (figures["n"], figures["accuracy"], figures["sign_accuracy"]) == (5, 0.8, 0.75)
    assert figures["macro_f1"] == round((4 / 5 + 1 + 2 / 3) / 3, 4)
    assert [line.split()[:4] for line in table[1:]] == [
        ["-1", "2", "0", "0"],
        ["0", "0", "1", "0"],
        ["1", "1", "0", "1"],
    ]


def test_a_byte_order_mark_is_no_part_of_a_label() -> None:
    assert evaluation.labelled([b"\xef\xbb\xbf1\tProfit rises\n"], "set.tsv") == [(1, "Profit rises")]


def test_the_calibration_error_is_the_gap_between_sureness_and_hits() -> None:
    examples = [(1, "0.0 0.2 0.8"), (-1, "0.0 0.2 0.8"), (0, "0.1 0.55 0.35")]
    quality = evaluation.measure(FixedScorer(), examples)
    # Two in the bin of .8, one of them right; one in that of .55, right.
    assert quality.ece == pytest.approx((abs(1.6 - 1) + abs(0.55 - 1)) / 3)


def test_a_label_that_never_occurs_does_not_count_in_macro_f1() -> None:
    quality = evaluation.measure(FixedScorer(), [(1, "0 0 1"), (0, "0 1 0")])
    assert quality.macro_f1 == 1.0


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"1\tgood\nno label\n", "line 2"),
        (b"1\tgood\n2\tbad label\n", "line 2"),
        (b"1 good\n", "line 1"),
        (b"1\t\n", "line 1"),
        (b"0.5\tx\n", "line 1"),
        (b"", "no labelled headline"),
        (b"\n\n", "no labelled headline"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, content: bytes, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, content)
    assert sentiment.main(["eval", file]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert file in said.err
    assert place in said.err


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sentiment.main(["eval", str(tmp_path / "none.tsv")]) == 1
    assert "none.tsv: cannot be read: No such file" in capsys.readouterr().err
