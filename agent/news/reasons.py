"""Why a headline has its score: each finding of the rules and the words of the learned model, and what they weigh."""

from agent.news.composition import findings
from agent.news.model import Scorer, apart, features
from agent.news.text import language, normalise, tokens

WORDS_MAX = 5


def reasons(scorer: Scorer, text: str) -> list[str]:
    """Return what made the score, each as its push towards good (below zero: towards bad), a space and what it is.

    The rules come first, then the words of the hashed model, the strongest first; what is learned adds up to all that
    it added.
    """
    plain = normalise(text).lower()
    words = tokens(plain)
    found = []
    for mark in findings(plain, words, scorer.lexicon):
        ((name, value),) = (pair for pair in features([mark], language(plain)).items() if "headline" not in pair[0])
        by = f" x {mark.by}" if mark.by else ""
        found.append(f"{_push(scorer.weights[name], value):+.2f} {mark.word}{by} ({name})")
    hashed = apart(words, language(plain))
    shares = {word.strip(): _push(pair, 1.0) for word, pair in scorer.shares(hashed).items()}
    learned = sorted(shares.items(), key=lambda pair: -abs(pair[1]))
    # Pairs of words, the ends of headlines, and the words that are not told.
    rest = _push(scorer.learned(hashed), 1.0) - sum(push for _, push in learned[:WORDS_MAX]) if words else 0.0
    learned[WORDS_MAX:] = [("all else together", rest)]
    return found + [f"{push:+.2f} {word} (learned)" for word, push in learned if abs(push) >= 0.05]


def _push(weights: tuple[float, float], value: float) -> float:
    return (weights[1] - weights[0]) * value
