"""What can be asked of the study on the command line; nothing here needs more than the standard library."""

import argparse

from agent.clock import seconds

BINS_S = {"auto": 0, "1m": 60, "5m": 300, "15m": 900, "1h": 3_600}
MEMORY_MB_MIN = 200
EPILOG = """
examples:
  python -m desk study                          this machine's records, the answer as a table
  python -m desk study --html report.html       the same, and a page with plots to open in any browser
  python -m desk study seoul/ tokyo/            several boxes, their folders brought here with rsync
  python -m desk study --group boards=dc,ppomppu --group news=yna-economy,mk-stock
  python -m desk study --json | jq .verdict     found, nothing or too_little

docs/study.md says what each number means, and what it can not say.
"""


def _moment(text: str) -> int:
    try:
        return round(seconds(text) * 1000)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no moment such as 2026-11-21T09:00+09:00") from error


def _memory(text: str) -> int:
    number, unit = text.upper().removesuffix("B"), 1
    if number.endswith("G"):
        unit = 1000
    value = number.rstrip("MG")
    if not value.isdecimal() or int(value) * unit < MEMORY_MB_MIN:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount such as 300MB or 1GB, at least {MEMORY_MB_MIN}MB")
    return int(value) * unit


def _group(text: str) -> tuple[str, tuple[str, ...]]:
    name, equals, members = text.partition("=")
    if not (name and equals and members):
        raise argparse.ArgumentTypeError(f"{text!r} is no group such as boards=dc,ppomppu")
    return name, tuple(members.split(","))


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number between 0 and 1")
    return value


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    found = argparse.ArgumentParser(
        prog="python -m desk study",
        description="Did the news move the price? Puts the stored scores beside the candles after them, and tells what"
        " stands out from what chance alone would show.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("folders", metavar="DIR", nargs="*", help="data folders, one for each box (default: as --data)")
    found.add_argument("--data", metavar="DIR", help="the data folder, where none is named before")
    found.add_argument("--config", metavar="FILE", help="the configuration whose strategy and bank are tried")
    _add_what(found)
    _add_how(found)
    form = found.add_argument_group("the answer")
    form.add_argument("--json", action="store_true", help="one JSON object on standard output instead of the table")
    form.add_argument("--html", metavar="FILE", help="also write a page with plots, all in one file")
    form.add_argument(
        "--titles", type=_positive, default=0, metavar="N", help="also list the N best and N worst headlines"
    )
    form.add_argument("--lang", choices=("en", "ko"), default="en", help="the language of table and page")
    form.add_argument("--quiet", action="store_true", help="say nothing of the progress")
    return found


def _add_what(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("which records")
    what.add_argument("--since", type=_moment, metavar="T", help="only candles and headlines from then on")
    what.add_argument("--until", type=_moment, metavar="T", help="only those before then")
    what.add_argument("--symbol", action="append", default=[], metavar="S", help="only this market; may be repeated")
    what.add_argument("--model", default="", metavar="HEX", help="whose scores (default: the model with the most)")
    what.add_argument(
        "--group",
        type=_group,
        action="append",
        default=[],
        metavar="NAME=SOURCE,...",
        help="look at some sources as one",
    )
    what.add_argument(
        "--once",
        choices=("text", "source", "story"),
        default="text",
        help="what counts once: each headline, a story in each source, or a story in all of them (default text)",
    )
    what.add_argument(
        "--hole", type=_positive, default=60, metavar="MIN", help="how long a last price holds (default 60)"
    )


def _add_how(parser: argparse.ArgumentParser) -> None:
    how = parser.add_argument_group("how")
    how.add_argument(
        "--bin", choices=BINS_S, default="auto", help="how finely time is cut (default: as the memory allows)"
    )
    how.add_argument("--memory", type=_memory, default=300, metavar="SIZE", help="to stay below (default 300MB)")
    how.add_argument("--seed", type=int, default=1, help="which shifts of the scores make up chance (default 1)")
    how.add_argument("--shifts", type=_positive, default=2_000, metavar="N", help="how many shifts (default 2000)")
    how.add_argument("--alpha", type=_rate, default=0.01, help="how often chance may find something (default 0.01)")
    how.add_argument(
        "--shuffles",
        type=_positive,
        default=100,
        metavar="N",
        help="shuffled scores for each rule (default 100)",
    )
    how.add_argument("--no-strategies", dest="trading", action="store_false", help="leave the strategy test out")
