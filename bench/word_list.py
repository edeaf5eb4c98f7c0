"""Scores Korean texts as KNU SentiLex is used: the sum of the polarities of its words and phrases found in a text.

The list may not be handed on, so that it is not here: SentiWord_info.json in the folder data of the repository
github.com/park1200656/KnuSentiLex, each entry with `word` and `polarity`, -2 to 2. The words of our own lexicon, used
in that way, stand in for it, and show what composition and learning add to them.
"""

import json
from pathlib import Path


class WordList:
    """Finds words anywhere in a text, the longest first, none inside another; built without stemming, as the list is.

    Arguments:
        polarity: what each word or phrase adds.
    """

    def __init__(self, polarity: dict[str, float]) -> None:
        self._polarity = {word: value for word, value in polarity.items() if word}
        # The longest word by its first letter.
        self._length_max: dict[str, int] = {}
        for word in self._polarity:
            self._length_max[word[0]] = max(len(word), self._length_max.get(word[0], 0))

    def score(self, text: str) -> float:
        """Return the sum of the polarities found."""
        total, place = 0.0, 0
        while place < len(text):
            for length in range(self._length_max.get(text[place], 0), 0, -1):
                polarity = self._polarity.get(text[place : place + length])
                if polarity is not None:
                    total += polarity
                    place += length - 1
                    break
            place += 1
        return total


def knu(path: Path) -> WordList:
    """Return KNU SentiLex, read from the user's copy of SentiWord_info.json.

    Raises: OSError, or ValueError where it is something else.
    """
    polarity: dict[str, float] = {}
    try:
        for entry in json.loads(path.read_text(encoding="utf-8-sig")):
            # A few entries have a polarity that is no number; they say nothing.
            if str(entry["polarity"]).lstrip("-").isdecimal():
                polarity[entry["word"].strip()] = int(entry["polarity"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is no list of words with their polarities") from error
    return WordList(polarity)


def ours(path: Path) -> WordList:
    """Return the Korean words of lexicon.tsv, each with what it says where it stands alone."""
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("ko\t"))
    return WordList({word: int(sign) * float(alone) for _, _, sign, _, alone, words in rows for word in words.split()})
