"""Scores Korean texts as KNU SentiLex is used: the sum of the polarities of its words and phrases found in a text.

The list may not be handed on, so that it is not here: SentiWord_info.json in the folder data of the repository
github.com/park1200656/KnuSentiLex, each entry with `word` and `polarity`, -2 to 2.
"""

import json
from pathlib import Path


class WordList:
    """Finds words anywhere in a text, the longest first, none inside another; built without stemming, as the list is.

    Arguments:
        path: SentiWord_info.json.
    Raises: OSError, or ValueError where it is something else.
    """

    def __init__(self, path: Path) -> None:
        self._polarity: dict[str, int] = {}
        try:
            for entry in json.loads(path.read_text(encoding="utf-8-sig")):
                # A few entries have a polarity that is no number; they say nothing.
                if str(entry["polarity"]).lstrip("-").isdecimal():
                    self._polarity[entry["word"].strip()] = int(entry["polarity"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} is no list of words with their polarities") from error
        self._polarity.pop("", None)
        # The longest word by its first letter.
        self._length_max: dict[str, int] = {}
        for word in self._polarity:
            self._length_max[word[0]] = max(len(word), self._length_max.get(word[0], 0))

    def score(self, text: str) -> float:
        """Return the sum of the polarities found."""
        total = place = 0
        while place < len(text):
            for length in range(self._length_max.get(text[place], 0), 0, -1):
                polarity = self._polarity.get(text[place : place + length])
                if polarity is not None:
                    total += polarity
                    place += length - 1
                    break
            place += 1
        return float(total)
