"""A headline to three probabilities: what the rules of composition find, weighed and calibrated."""

from hashlib import sha256
from math import exp
from typing import NamedTuple

from agent.news.composition import evidence
from agent.news.lexicon import Lexicon
from agent.news.text import language, tokens

RULES = 1
"""Raised by hand with each change of the rules, so that records of different rules differ in `model`."""

# Chosen on finance tweets: how sure a unit of evidence makes, what it takes from the other side, and how likely
# nothing is. More evidence than the bound says nothing new.
GAIN, AGAINST, NEUTRAL, EVIDENCE_MAX = 2.2, 0.7, 1.8, 3.0


class Score(NamedTuple):
    """Three probabilities that add up to 1, four places each; `why` names the findings they come from."""

    p_neg: float
    p_neu: float
    p_pos: float
    lang: str
    why: tuple[str, ...]

    @property
    def score(self) -> float:
        return round(self.p_pos - self.p_neg, 4)


class Scorer:
    """Scores headlines; the same text gives the same score as long as `model` is the same.

    Arguments:
        lexicon: the content of lexicon.tsv.
    Raises: ValueError where that is no lexicon.
    """

    def __init__(self, lexicon: str) -> None:
        self._lexicon = Lexicon(lexicon)
        rules = f"{RULES} {GAIN} {AGAINST} {NEUTRAL} {EVIDENCE_MAX} {lexicon}"
        self.model = sha256(rules.encode()).hexdigest()[:8]

    def score(self, text: str, lang: str | None = None) -> Score:
        """Score one headline.

        Arguments:
            text: as it came; it is normalised here.
            lang: what is known of its language, "" or None to tell it by its script.
        Cost: about 30 µs.
        """
        words = tokens(text)
        spoken = lang or language(text)
        if not words:
            return Score(0.0, 1.0, 0.0, spoken, ())
        found = evidence(words, self._lexicon)
        good, bad = min(found.good, EVIDENCE_MAX), min(found.bad, EVIDENCE_MAX)
        up, down, still = exp(GAIN * (good - AGAINST * bad)), exp(GAIN * (bad - AGAINST * good)), exp(NEUTRAL)
        total = up + down + still
        p_neg, p_pos = round(down / total, 4), round(up / total, 4)
        return Score(p_neg, round(1 - p_neg - p_pos, 4), p_pos, spoken, found.why)
