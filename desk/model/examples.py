"""What the model learns from: headlines labelled by us and by you, and the words of VADER's lexicon at a low weight."""

from collections.abc import Iterable
from math import exp, sqrt
from pathlib import Path
from zlib import crc32

from agent.news.composition import findings
from agent.news.lexicon import Lexicon
from agent.news.model import BUCKETS, FEATURES, apart, ending, features, grams
from agent.news.text import language, normalise, tokens
from desk.model.learner import Example, Prior

NEWS = Path(__file__).resolve().parents[2] / "agent" / "news"
VADER = Path(__file__).parent / "vader.tsv"

# How much one word of VADER's counts beside one labelled headline.
VADER_COUNT = 0.1
# How much a Korean headline counts: there are so many that at full weight the scores were surer than other people's
# labels bear out.
KOREAN_COUNT = 0.6
_PLACES = {name: place for place, name in enumerate(FEATURES)}

# What the rules find begins at weights that make a headline of them; the hashed rest at nothing. How strongly they are
# drawn there was chosen on press headlines and our own kept-out ones, so that scores are as sure as they are right.
_GOOD = Prior((-1.5, 2.2), 4.0, (-1, 1))
_BAD = Prior((2.2, -1.5), 4.0, (1, -1))
_HEADLINE = Prior((-1.8, -1.8), 1.5, (0, 0))
PRIORS = {
    place: _GOOD if name.endswith("good") else _BAD if name.endswith("bad") else _HEADLINE
    for name, place in _PLACES.items()
}
REST = Prior((0.0, 0.0), 0.12, (0, 0))


def own(files: Iterable[Path], lexicon: Lexicon) -> list[Example]:
    """Return the labelled headlines of files with lines of label, tab and text.

    Raises: BadInput naming file and line.
    """
    from agent.news.evaluation import labelled  # counts only where it is used

    found: list[Example] = []
    for path in files:
        with path.open("rb") as lines:
            told = labelled(lines, str(path))
        for label, text in told:
            count = KOREAN_COUNT if language(normalise(text)) == "ko" else 1.0
            found.append(Example(seen(text, lexicon), label < 0, label > 0, count))
    return found


def words() -> list[Example]:
    """Return VADER's words as texts of one word; how good people found them, from -4 to 4, is how likely they are."""
    found: list[Example] = []
    for line in VADER.read_text(encoding="utf-8").splitlines():
        word, _, valence = line.partition("\t")
        up, down = exp(float(valence)), exp(-float(valence))
        found.append(Example(_hashed([word]), down / (1 + up + down), up / (1 + up + down), VADER_COUNT))
    return found


def seen(text: str, lexicon: Lexicon) -> dict[int, float]:
    """Return a headline's values by place: the rules' findings first, then the buckets, as the scorer weighs them."""
    plain = normalise(text).lower()
    split = tokens(plain)
    lang = language(plain)
    found = features(findings(plain, split, lexicon), lang)
    return {_PLACES[name]: value for name, value in found.items()} | _hashed(apart(split, lang))


def _hashed(split: list[str]) -> dict[int, float]:
    """Return the buckets of every part of every word, of every two words that follow each other, and of the end."""
    hashes: list[int] = []
    before = 0
    for word in split:
        parts = grams(word)
        hashes += [*parts, crc32(parts[0].to_bytes(4), before)]
        before = parts[0]
    ends = [each for each in map(ending, split) if each]
    hashes += [each for end in ends[-2:] for each in end]
    places = [len(FEATURES) + each % BUCKETS for each in hashes]
    values: dict[int, float] = {}
    for place in places:
        values[place] = values.get(place, 0.0) + 1 / sqrt(len(places))
    return values
