"""`make model`: the same labels make the same bytes, and labels of your own count."""

import json
import os
import resource
import signal
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from agent.news.lexicon import Lexicon
from agent.news.model import BUCKETS, HEAD, Scorer
from desk.model import __main__ as making
from desk.model import examples
from desk.model.learner import Example

TOP = Path(__file__).resolve().parents[2]
LEXICON = (examples.NEWS / "lexicon.tsv").read_bytes()
OURS = "".join(
    f"{label}\t{text} {number}\n" for number in range(4) for label, text in ((1, "Profit rises"), (0, "Meeting"))
)
YOURS = "".join(
    f"{label}\t{text}\n" for label, text in ((-1, "Zorbic again"), (-1, "Zorbic at Corvane"), (-1, "a Zorbic"))
)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Few labels of ours and few words of VADER's, and a model of them beside; return the model's path."""
    (tmp_path / "labels.tsv").write_text(OURS, encoding="utf-8")
    (tmp_path / "yours.tsv").write_text(YOURS, encoding="utf-8")
    words = examples.words()[:50]

    def few() -> list[Example]:
        return words

    monkeypatch.setattr(making, "LABELS", tmp_path / "labels.tsv")
    monkeypatch.setattr(making, "MODEL", tmp_path / "model.bin")
    monkeypatch.setattr(examples, "words", few)
    return tmp_path / "model.bin"


def score(model: Path, text: str) -> float:
    return Scorer(LEXICON, memoryview(model.read_bytes())).score(text).score


def test_labels_of_your_own_count(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert making.main([]) == 0
    before = score(small, "Zorbic")
    assert making.main([str(small.with_name("yours.tsv"))]) == 0
    assert score(small, "Zorbic") < before - 0.1
    assert small.stat().st_size == HEAD.size + 2 * BUCKETS
    assert capsys.readouterr().out.splitlines()[-1].endswith("made of 11 labelled headlines")


def test_a_korean_headline_counts_less_in_whichever_form_its_syllables_come(tmp_path: Path) -> None:
    texts = ["가온전자 급등", unicodedata.normalize("NFD", "가온전자 급등"), "Zorbic soars"]
    (tmp_path / "labels.tsv").write_text("".join(f"1\t{text}\n" for text in texts), encoding="utf-8")
    told = examples.own([tmp_path / "labels.tsv"], Lexicon(LEXICON.decode()))
    assert [example.share for example in told] == [examples.KOREAN_COUNT, examples.KOREAN_COUNT, 1.0]


def test_a_check_tells_how_well_it_does_and_writes_nothing(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert making.main(["--check"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"n": 8, "accuracy": 1.0, "sign_accuracy": 1.0}
    assert not small.exists()


def test_a_wrong_line_is_named_and_nothing_is_written(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = small.with_name("wrong.tsv")
    wrong.write_text("1\tgood\n2\tbad label\n", encoding="utf-8")
    assert making.main([str(wrong)]) == 1
    assert f"{wrong} line 2" in capsys.readouterr().err
    assert not small.exists()


def test_a_model_that_cannot_be_written_whole_leaves_the_one_before(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small.write_bytes(b"the one before")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # As on a full disk, some of it is written; without the signal the write is an error.
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (HEAD.size, before[1]))
    try:
        assert making.main([]) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert small.read_bytes() == b"the one before"
    assert f"{small}: cannot be written" in capsys.readouterr().err
    assert sorted(path.name for path in small.parent.iterdir()) == ["labels.tsv", "model.bin", "yours.tsv"]


PROGRAM = """
from desk.model import examples
from desk.model.__main__ import packed
from desk.model.learner import learn
from agent.news.lexicon import Lexicon
from pathlib import Path
import sys
lexicon = Lexicon((examples.NEWS / "lexicon.tsv").read_text(encoding="utf-8"))
told = examples.own([Path(path) for path in sys.argv[1:]], lexicon)
sys.stdout.buffer.write(packed(learn([*told, *examples.words()[:50]], examples.PRIORS, examples.REST)))
"""


def test_every_interpreter_makes_the_same_bytes(tmp_path: Path) -> None:
    lines = (examples.NEWS / "labels.tsv").read_bytes().splitlines(keepends=True)[::100]
    paths = [tmp_path / "labels.tsv", tmp_path / "fewer.tsv"]
    for path, some in zip(paths, (lines, lines[:-1]), strict=True):
        path.write_bytes(b"".join(some))

    def made(path: Path, seed: str) -> bytes:
        environ = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": seed, "PYTHONPATH": str(TOP)}
        return subprocess.run(
            [sys.executable, "-c", PROGRAM, str(path)], capture_output=True, check=True, env=environ
        ).stdout

    first = made(paths[0], "1")
    assert len(first) == HEAD.size + 2 * BUCKETS
    assert made(paths[0], "2") == first
    # Bytes that do not hang on the labels would be the same for any.
    assert made(paths[1], "1") != first
