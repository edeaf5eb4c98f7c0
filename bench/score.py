"""`python -m bench.score [FILE ...]`: how good and, by its CPU time, how fast the scorer is, beside what people use.

Files are lines of label, tab and text; our own kept-out headlines come first, then general and crypto ones in English,
and in Korean plain ones and such as newspapers print, of ours too. The peers are imported from the folder MOSS_PEERS,
where `make bench-score` has put them; they know no Korean. KNU SentiLex, which does, may not be handed on:
KNU=path/SentiWord_info.json names your copy of it.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import sentiment
from agent.news.evaluation import LABELS, labelled, macro_f1, measure

TOP = Path(__file__).resolve().parent.parent
KEPT_OUT = [TOP / "bench" / f"{name}.tsv" for name in ("general_en", "plain_ko", "news_ko")]


def main() -> None:
    """Print a line for each scorer and set."""
    for name in [f"{sentiment.NEWS}/labels_heldout.tsv", *map(str, KEPT_OUT), *sys.argv[1:]]:
        with open(name, "rb") as lines:
            told = labelled(lines, name)
        print(f"score: {name}: {len(told)} texts")
        # Timed as a pass meets them: no word has been seen before.
        scorer = sentiment.scorer()
        began_s = time.process_time()
        for _, text in told:
            scorer.score(text)
        took_s = time.process_time() - began_s
        quality = measure(scorer, told)
        _line(
            "moss " + scorer.model,
            quality.accuracy,
            quality.macro_f1,
            quality.sign_accuracy,
            len(told) / took_s,
        )
        _peers(told)


def _peers(told: list[tuple[int, str]]) -> None:
    folder = os.environ.get("MOSS_PEERS")
    if not folder:
        print("score:   no peers: MOSS_PEERS names no folder with them; make bench-score does")
        return
    asked = json.dumps([text for _, text in told]) + "\n"
    program = [sys.executable, str(TOP / "bench" / "peers.py")]
    environ = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{TOP}"}
    ended = subprocess.run(program, input=asked, capture_output=True, text=True, check=True, env=environ)
    for result in map(json.loads, ended.stdout.splitlines()):
        if result is None:
            return
        if "trouble" in result:
            print(f"score:   {result['peer']} cannot be run: {result['trouble']:.120}")
            continue
        matrix = {true: dict.fromkeys(LABELS, 0) for true in LABELS}
        for (label, _), guess in zip(told, result["labels"], strict=True):
            matrix[label][guess] += 1
        right = sum(matrix[label][label] for label in LABELS)
        signs = [sign == label for (label, _), sign in zip(told, result["signs"], strict=True) if label]
        _line(
            result["peer"], right / len(told), macro_f1(matrix), sum(signs) / len(signs), len(told) / result["took_s"]
        )


def _line(name: str, accuracy: float, f1: float, sign: float, rate: float) -> None:
    print(f"score:   {name:24} accuracy {accuracy:.3f}  macro-F1 {f1:.3f}  sign {sign:.3f}  {rate:8,.0f} texts/s")


if __name__ == "__main__":
    main()
