"""How good a scorer is on labelled headlines: the figures that `sentiment.py eval` prints."""

from collections.abc import Iterable
from typing import NamedTuple

from agent.errors import BadInput
from agent.news.model import Score, Scorer

LABELS = (-1, 0, 1)
_BINS = 10


class Quality(NamedTuple):
    """The figures of one set; `matrix[true label][told label]` counts headlines."""

    n: int
    accuracy: float
    macro_f1: float
    sign_accuracy: float
    ece: float
    matrix: dict[int, dict[int, int]]


def labelled(lines: Iterable[bytes], name: str) -> list[tuple[int, str]]:
    """Read `label<TAB>text` lines; blank ones are passed over.

    Raises: BadInput naming file and line where a line is anything else, or the file where it holds none.
    """
    found: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        label, tab, text = line.decode("utf-8-sig", "replace").rstrip("\r\n").partition("\t")
        if not label.strip() and not tab:
            continue
        if not tab or label.strip() not in ("-1", "0", "1", "+1") or not text.strip():
            raise BadInput(f"{name} line {number}: is not a label (-1, 0 or 1), a tab and a text")
        found.append((int(label), text))
    if not found:
        raise BadInput(f"{name}: holds no labelled headline")
    return found


def measure(scorer: Scorer, examples: list[tuple[int, str]]) -> Quality:
    """Score the examples and compare: a sign counts as right only where the score has one."""
    matrix = {true: dict.fromkeys(LABELS, 0) for true in LABELS}
    bins = [[0, 0.0, 0.0] for _ in range(_BINS)]
    signs_right = signs = 0
    for label, text in examples:
        result = scorer.score(text)
        told, sureness = _told(result)
        matrix[label][told] += 1
        place = bins[min(int(sureness * _BINS), _BINS - 1)]
        place[0], place[1], place[2] = place[0] + 1, place[1] + sureness, place[2] + (told == label)
        signs += label != 0
        signs_right += label * result.score > 0
    n = len(examples)
    right = sum(matrix[label][label] for label in LABELS)
    ece = sum(abs(sure - hits) for _, sure, hits in bins) / n
    return Quality(n, right / n, macro_f1(matrix), signs_right / signs if signs else 0.0, ece, matrix)


def macro_f1(matrix: dict[int, dict[int, int]]) -> float:
    """Return the mean F1 over the labels that occur, true or told."""
    scores = []
    for label in LABELS:
        true, told = sum(matrix[label].values()), sum(row[label] for row in matrix.values())
        if true + told:
            scores.append(2 * matrix[label][label] / (true + told))
    return sum(scores) / len(scores)


def table(quality: Quality) -> list[str]:
    """Return the figures as lines for people: true labels down, told labels across."""
    lines = ["true \\ told      -1       0       1  precision  recall      F1"]
    for label in LABELS:
        row = quality.matrix[label]
        true, told = sum(row.values()), sum(other[label] for other in quality.matrix.values())
        hits = row[label]
        rates = (
            hits / told if told else 0.0,
            hits / true if true else 0.0,
            2 * hits / (true + told) if true + told else 0.0,
        )
        counts = "".join(f"{row[other]:8d}" for other in LABELS)
        lines.append(f"{label:>11d}{counts}{rates[0]:11.3f}{rates[1]:8.3f}{rates[2]:8.3f}")
    return lines


def _told(score: Score) -> tuple[int, float]:
    """Return the likeliest label, the neutral one in a tie, and its probability."""
    best = max((score.p_neu, 0), (score.p_pos, 1), (score.p_neg, -1), key=lambda pair: pair[0])
    return best[1], best[0]
