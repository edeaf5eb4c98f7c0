"""The study's sentences: a file for each language, lines of a key, a tab and what is said."""

from datetime import UTC, datetime
from pathlib import Path

LANGUAGES = ("en", "ko")
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))


class Words:
    """What is said in one language.

    Arguments:
        lang: "en" or "ko".
    """

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._said = sentences(lang)

    def __call__(self, key: str, **what: object) -> str:
        """Return a sentence with what belongs into it."""
        return self._said[key].format(**what)

    def duration(self, duration_s: float) -> str:
        """Return a duration as people say it: 30 min, 2 h 10 min, 3 d."""
        parts = []
        for unit_s, unit in _UNITS:
            count, duration_s = divmod(duration_s, unit_s)
            parts += [self(f"unit_{unit}", n=int(count))] if count else []
        return " ".join(parts) or "0"

    def days(self, count: float) -> str:
        """Return a number of days; beyond three years, in years."""
        return self("unit_y", n=f"{count / 365.25:,.0f}") if count > 3 * 365.25 else self("unit_d", n=f"{count:,.0f}")

    def window(self, lag_s: int, horizon_s: int) -> str:
        """Return a stretch of time after a headline."""
        return self("window", start=self.duration(lag_s), end=self.duration(lag_s + horizon_s))

    def name(self, series: str) -> str:
        """Return what a series is called."""
        return self("series_all") if series == "all" else series


def sentences(lang: str) -> dict[str, str]:
    """Return all sentences of a language by their keys."""
    lines = Path(__file__).with_name(f"{lang}.tsv").read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines)


def moment(moment_ms: int) -> str:
    """Return a moment to the minute, UTC."""
    return f"{datetime.fromtimestamp(moment_ms / 1000, UTC):%Y-%m-%d %H:%M}"


def chance(p: float) -> str:
    """Return a p value with the digits that it is worth."""
    return f"{p:.2f}" if p >= 0.095 else f"{p:.3f}" if p >= 0.00095 else f"{p:.1g}"
