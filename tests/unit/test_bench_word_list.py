"""The Korean peer of `make bench-score`: a list of words with polarities, as the user's copy of KNU SentiLex is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.word_list import knu, ours

TOP = Path(__file__).resolve().parents[2]
WORDS = [
    {"word": "좋은", "word_root": "좋", "polarity": "2"},
    {"word": "좋은 줄 모르", "word_root": "", "polarity": "-1"},
    {"word": "나쁜", "word_root": "나쁘", "polarity": "-2"},
    {"word": "그저", "word_root": "그저", "polarity": "0"},
    {"word": "이상한", "word_root": "", "polarity": "None"},
]


def written(folder: Path, content: object) -> Path:
    path = folder / "SentiWord_info.json"
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8-sig")
    return path


@pytest.mark.parametrize(
    ("text", "score"),
    [("좋은 소식", 2), ("좋은 소식, 나쁜 소식, 나쁜 날", -2), ("좋은 줄 모르고", -1), ("이상한 그저", 0), ("", 0)],
)
def test_the_score_is_the_sum_of_what_is_found_the_longest_first(tmp_path: Path, text: str, score: int) -> None:
    assert knu(written(tmp_path, WORDS)).score(text) == score


@pytest.mark.parametrize("content", [{"word": "좋은"}, ["좋은"], [{"word": "좋은"}], 3])
def test_a_file_that_is_no_such_list_is_an_error(tmp_path: Path, content: object) -> None:
    with pytest.raises(ValueError, match="is no list of words"):
        knu(written(tmp_path, content))


def test_our_words_count_with_what_they_say_alone(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.tsv"
    lines = "#lang\tkind", "ko\tturn\t-1\t1.3\t1.2\t급락 폭락", "ko\tmetric\t1\t1\t0\t이익", "en\tword\t1\t1\t1\tgood"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert [ours(path).score(text) for text in ("이익 급락", "급락 뒤 폭락", "good")] == [-1.2, -2.4, 0]


def asked(texts: list[str], peer: str, **environ: str) -> dict[str, object]:
    ended = subprocess.run(
        [sys.executable, str(TOP / "bench" / "peers.py")],
        input=json.dumps(texts) + "\n",
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP), **environ},
    )
    (told,) = (line for line in map(json.loads, ended.stdout.splitlines()) if line and peer in line["peer"])
    assert isinstance(told, dict)
    return told


def test_the_bench_takes_the_list_that_is_named(tmp_path: Path) -> None:
    told = asked(["좋은 날", "나쁜 날", "어느 날"], "KNU", KNU=str(written(tmp_path, WORDS)))
    assert told["labels"] == [1, -1, 0]


def test_without_a_list_the_bench_says_where_it_is_to_be_had() -> None:
    told = asked(["좋은 날"], "KNU")
    assert "labels" not in told
    assert "github.com/park1200656/KnuSentiLex" in str(told["trouble"])


def test_the_bench_sums_our_own_words_without_any_list() -> None:
    assert asked(["코스피 급등", "코스피 급락", "코스피 마감"], "our words")["labels"] == [1, -1, 0]
