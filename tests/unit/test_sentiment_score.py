"""`sentiment.py score`: one JSON object a line, whatever comes in and wherever it runs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sentiment

TOP = Path(__file__).resolve().parents[2]


def score(*arguments: str, given: bytes = b"", locale: str = "C.UTF-8") -> list[dict[str, Any]]:
    ended = subprocess.run(
        [sys.executable, str(TOP / "sentiment.py"), "score", *arguments],
        input=given,
        capture_output=True,
        check=True,
        env={"PATH": os.environ["PATH"], "LC_ALL": locale},
        timeout=60,
    )
    assert ended.stderr == b""
    assert ended.stdout.isascii()
    return [json.loads(line) for line in ended.stdout.decode().splitlines()]


def test_arguments_are_scored_in_order_with_the_contracts_keys() -> None:
    good, bad = score("Bitcoin jumps", "코스피 급락")
    assert list(good) == ["score", "p_neg", "p_neu", "p_pos", "lang", "text"]
    assert (good["text"], good["lang"], bad["text"], bad["lang"]) == ("Bitcoin jumps", "en", "코스피 급락", "ko")
    assert good["score"] > 0 > bad["score"]


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "POSIX", "ko_KR.EUC-KR", "no_SUCH"])
def test_standard_input_is_utf_8_whatever_the_locale(locale: str) -> None:
    assert score(given="코스피 급락\n".encode(), locale=locale)[0]["text"] == "코스피 급락"


def test_lines_end_at_line_feeds_only() -> None:
    given = "a\r\nb\u2028c\x0bd\x0ce\x85f\n\ng".encode()
    assert [found["text"] for found in score(given=given)] == ["a\r", "b\u2028c\x0bd\x0ce\x85f", "", "g"]


def test_an_empty_line_is_neutral_for_certain() -> None:
    found = score(given=b"\n")[0]
    assert (found["score"], found["p_neg"], found["p_neu"], found["p_pos"]) == (0, 0, 1, 0)


def test_no_input_gives_no_output() -> None:
    assert score() == []


def test_broken_utf_8_is_replaced_and_controls_are_escaped() -> None:
    given = b"a\xffb\x00\x1b[31m\x7f\n"
    assert score(given=given)[0]["text"] == "a\ufffdb\x00\x1b[31m\x7f"
    ended = subprocess.run(
        [sys.executable, str(TOP / "sentiment.py"), "score"], input=given, capture_output=True, check=True, timeout=60
    )
    assert all(byte >= 0x20 and byte != 0x7F for byte in ended.stdout.rstrip(b"\n"))


def test_why_adds_the_findings() -> None:
    assert "fell x profit" in score("--why", "Profit fell")[0]["why"][0]


def test_a_reader_that_leaves_early_is_no_error() -> None:
    line = b"Bitcoin jumps\n" * 20_000
    typed = f"{sys.executable} {TOP / 'sentiment.py'} score | head -n 1; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", typed], input=line, capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_it_needs_neither_network_nor_store_nor_config() -> None:
    code = (
        "import sys, sentiment; sentiment.main(['score', 'x']); "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'requests', 'tenacity', 'store', 'tomllib'}))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=TOP, timeout=60
    )
    assert ended.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("headline", ["-3%", "--why", "--"])
def test_headline_that_begins_with_a_dash_is_scored_behind_two(headline: str) -> None:
    assert [found["text"] for found in score("--", headline)] == [headline]
    assert [found["text"] for found in score("--why", "--", "a", headline)] == ["a", headline]


def test_a_wrong_argument_is_a_usage_error() -> None:
    ended = subprocess.run(
        [sys.executable, str(TOP / "sentiment.py"), "score", "--nope"], capture_output=True, check=False, timeout=60
    )
    assert ended.returncode == 2


def test_a_link_to_the_script_finds_its_words_and_model(tmp_path: Path) -> None:
    link = tmp_path / "score.py"
    link.symlink_to(TOP / "sentiment.py")
    ended = subprocess.run(
        [sys.executable, str(link), "score", "Profit fell"], capture_output=True, check=True, cwd=tmp_path, timeout=60
    )
    assert json.loads(ended.stdout)["score"] < 0


@pytest.mark.parametrize("content", [None, b"", b"torn"])
@pytest.mark.parametrize("command", [["score", "Profit rises"], ["run"]])
def test_a_model_that_is_missing_or_torn_is_told_with_what_to_do(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: bytes | None,
    command: list[str],
) -> None:
    (tmp_path / "lexicon.tsv").write_bytes(Path(sentiment.NEWS, "lexicon.tsv").read_bytes())
    if content is not None:
        (tmp_path / "model.bin").write_bytes(content)
    monkeypatch.setattr(sentiment, "NEWS", str(tmp_path))
    monkeypatch.setenv("MOSS_DATA", str(tmp_path / "data"))
    assert sentiment.main(command) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{tmp_path}/model.bin" in line
    assert "make model" in line
