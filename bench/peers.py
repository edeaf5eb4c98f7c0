"""Scores texts with what people use today (bench/peers.txt), by `bench.score`: one JSON line in, one for each peer out.

Each peer gives a number; the sign beyond the threshold that its own documents name is its label. KNU names the file of
KNU SentiLex, which is no package; without it that peer says where it is to be had. Our own Korean words, summed as that
list is, come last.
"""

import json
import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

_DATA = tempfile.TemporaryDirectory()


class Peer(NamedTuple):
    """A package, how to get what scores one text, and from where on a score is no longer neutral."""

    package: str
    make: Callable[[], Callable[[str], float]]
    threshold: float


def _vader() -> Callable[[str], float]:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    told = SentimentIntensityAnalyzer().polarity_scores
    return lambda text: float(told(text)["compound"])


def _afinn() -> Callable[[str], float]:
    from afinn import Afinn

    return Afinn().score  # type: ignore[no-any-return]


def _textblob() -> Callable[[str], float]:
    from textblob import TextBlob

    return lambda text: float(TextBlob(text).sentiment.polarity)


def _finvader() -> Callable[[str], float]:
    import nltk
    import vaderSentiment

    # It has NLTK fetch VADER's lexicon when it is imported; the same file lies in VADER's own package.
    folder = Path(_DATA.name) / "sentiment"
    folder.mkdir()
    lexicon = Path(vaderSentiment.__file__).with_name("vader_lexicon.txt")
    with zipfile.ZipFile(folder / "vader_lexicon.zip", "w") as packed:
        packed.write(lexicon, "vader_lexicon/vader_lexicon.txt")
    nltk.data.path.insert(0, _DATA.name)
    nltk.download = lambda *_: True

    from finvader import finvader

    def score(text: str) -> float:
        return float(finvader(text, use_sentibignomics=True, use_henry=True, indicator="compound"))

    return score


def _knu() -> Callable[[str], float]:
    from bench.word_list import knu

    file = os.environ.get("KNU")
    if not file:
        raise LookupError("KNU=path/SentiWord_info.json names no list; get it at github.com/park1200656/KnuSentiLex")
    return knu(Path(file)).score


def _words() -> Callable[[str], float]:
    from bench.word_list import ours

    return ours(Path(__file__).resolve().parent.parent / "agent" / "news" / "lexicon.tsv").score


PEERS = (
    Peer("vaderSentiment", _vader, 0.05),
    Peer("afinn", _afinn, 0.5),
    Peer("textblob", _textblob, 0.05),
    Peer("finvader", _finvader, 0.05),
    Peer("KNU SentiLex", _knu, 0.5),
    Peer("our words, summed", _words, 0.05),
)


def results(texts: list[str]) -> Iterator[dict[str, Any]]:
    """Yield for each peer its version, its labels and its seconds; or why it could not be run."""
    for peer in PEERS:
        try:
            score = peer.make()
            began_s = time.process_time()
            scores = [score(text) for text in texts]
        except Exception as error:  # noqa: BLE001 - whatever a peer stumbles over is told, and the next one taken
            why = next((line for line in str(error).splitlines() if line.strip(" *")), "")
            yield {"peer": peer.package, "trouble": f"{type(error).__name__} {why.strip()}"}
            continue
        took_s = time.process_time() - began_s
        labels = [(told > peer.threshold) - (told < -peer.threshold) for told in scores]
        signs = [(told > 0) - (told < 0) for told in scores]
        yield {"peer": _named(peer.package), "labels": labels, "signs": signs, "took_s": took_s}


def _named(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return package


if __name__ == "__main__":
    for line in sys.stdin:
        for result in results(json.loads(line)):
            sys.stdout.write(f"{json.dumps(result)}\n")
        sys.stdout.write("null\n")
        sys.stdout.flush()
