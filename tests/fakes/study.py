"""A study asked for in a test, without a command line."""

from datetime import timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from agent.market.bank import Terms
from agent.market.hours import Hours
from desk.study.answer import Answer, Asked
from desk.study.gather import Wanted
from desk.study.inquiry import inquire
from desk.study.progress import Progress
from desk.study.strategies import Trade

HOURS = Hours(300, 9 * 3600, 23 * 3600, timezone(timedelta(hours=9)))
TERMS = Terms(Decimal("0.0005"), Decimal("0.0005"), Decimal(50_000))
TRADE = Trade(5, 20, 14, 30.0, 70.0, HOURS, TERMS, Decimal(10_000_000))


def quiet() -> Progress:
    """Return a progress that tells nobody."""
    return Progress(lambda _: None)


def ask(folders: list[Path], *, trading: bool = False, shifts: int = 500, once: str = "text", **wanted: Any) -> Answer:  # noqa: ANN401 - as Wanted takes them
    """Return the answer of a study over some folders."""
    asked = Asked([str(folder) for folder in folders], shifts=shifts, shuffles=20, once=once, trading=trading)
    return inquire(asked, Wanted(once=once, **wanted), TRADE, quiet())
