"""`python -m desk.model`: make agent/news/model.bin anew, from what is labelled; the same bytes each time.

Labels of your own are lines of label (-1, 0 or 1), tab and headline, in files named behind it. With `--check` nothing
is written: five times a fifth of the labels is kept out, and told how well the rest foretells it.
"""

import argparse
import json
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from agent.errors import BadInput
from agent.news.lexicon import Lexicon
from agent.news.model import BUCKETS, FEATURES, HEAD
from desk.model import examples
from desk.model.examples import NEWS, PRIORS, REST
from desk.model.learner import Example, Weights, learn, likely, logits

LABELS = NEWS / "labels.tsv"
MODEL = NEWS / "model.bin"
FOLDS = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the model, or check how well it would do; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m desk.model", description=__doc__)
    parser.add_argument("labels", metavar="FILE", nargs="*", type=Path, help="labels of your own, beside those of moss")
    parser.add_argument("--check", action="store_true", help="tell how well it does; write nothing")
    options = parser.parse_args(arguments)
    lexicon = Lexicon((NEWS / "lexicon.tsv").read_text(encoding="utf-8"))
    try:
        told = examples.own([LABELS, *options.labels], lexicon)
    except (BadInput, OSError) as error:
        sys.stderr.write(f"python -m desk.model: {error}\n")
        return 1
    if options.check:
        sys.stdout.write(json.dumps(_check(told)) + "\n")
        return 0
    beside = MODEL.with_suffix(".new")
    try:
        # The scorer never meets half a model.
        beside.write_bytes(packed(learn([*told, *examples.words()], PRIORS, REST)))
        beside.replace(MODEL)
    except OSError as error:
        beside.unlink(missing_ok=True)
        sys.stderr.write(f"python -m desk.model: {MODEL}: cannot be written, and is as it was: {error.strerror}\n")
        return 1
    sys.stdout.write(f"{MODEL}: made of {len(told)} labelled headlines\n")
    return 0


def packed(weights: Weights) -> bytes:
    """Return the weights as the scorer reads them: floats for the rules, int8 for the buckets."""
    pairs = [weights.get(place, PRIORS[place].start) for place in range(len(FEATURES))]
    ruled = [number for pair in pairs for number in pair]
    hashed = {place - len(FEATURES): pair for place, pair in weights.items() if place >= len(FEATURES)}
    # One step of the int8 numbers; the largest weight has 127 of them.
    step = max(abs(number) for pair in hashed.values() for number in pair) / 127
    table = bytearray(2 * BUCKETS)
    for bucket, pair in hashed.items():
        struct.pack_into("2b", table, 2 * bucket, *(round(number / step) for number in pair))
    return HEAD.pack(step, *ruled) + bytes(table)


def _check(told: list[Example]) -> dict[str, float]:
    """Foretell each fifth of the labels from the others."""
    right = signs = signed = 0
    words = examples.words()
    for fold in range(FOLDS):
        weights = learn([*(each for at, each in enumerate(told) if at % FOLDS != fold), *words], PRIORS, REST)
        for example in told[fold::FOLDS]:
            down, up = likely(logits(example.values, weights))
            label, guess = example.good - example.bad, (up > max(down, 1 - up - down)) - (down > max(up, 1 - up - down))
            right, signed = right + (label == guess), signed + (label != 0)
            signs += label * (up - down) > 0
    return {"n": len(told), "accuracy": round(right / len(told), 4), "sign_accuracy": round(signs / signed, 4)}


if __name__ == "__main__":
    sys.exit(main())
