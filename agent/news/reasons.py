"""Why a headline has its score: each finding of the rules and the words of the learned model, and what they weigh."""

from agent.news.composition import findings
from agent.news.model import Scorer, features
from agent.news.text import language, normalise, tokens

WORDS_MAX = 5


def reasons(scorer: Scorer, text: str) -> list[str]:
    """Return what made the score, each as its push towards good (below zero: towards bad), a space and what it is.

    The rules come first, then the words of the hashed model, the strongest first.
    """
    plain = normalise(text).lower()
    words = tokens(plain)
    found = []
    for mark in findings(plain, words, scorer.lexicon):
        ((name, value),) = (pair for pair in features([mark], language(plain)).items() if "headline" not in pair[0])
        by = f" x {mark.by}" if mark.by else ""
        found.append(f"{_push(scorer.weights[name], value):+.2f} {mark.word}{by} ({name})")
    learned = [(_push(scorer.learned(part.split()), 1.0), part) for part in dict.fromkeys(words)]
    learned.sort(key=lambda pair: -abs(pair[0]))
    return found + [f"{push:+.2f} {word} (learned)" for push, word in learned[:WORDS_MAX] if abs(push) >= 0.05]


def _push(weights: tuple[float, float], value: float) -> float:
    return (weights[1] - weights[0]) * value
