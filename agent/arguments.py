"""What each further command of the bot takes, besides which configuration and which data folder."""

import argparse
from collections.abc import Callable, Mapping


def add(command: str, parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a command to its parser, none where it takes none."""
    if command in _ADDERS:
        _ADDERS[command](parser)


def _for_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", help="one-minute candles, oldest file first")
    parser.add_argument("--report", action="store_true", help="what it would have earned, instead of the signals")


def _for_status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one line of JSON instead")


def _for_audit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("day", metavar="DAY", nargs="?", help="only this day of the market's zone, as 2026-11-21")


def _for_backfill(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since", metavar="MOMENT", required=True, help="from when, as 2026-01-01; UTC if it names none"
    )


def _for_bank(parser: argparse.ArgumentParser) -> None:
    moves = ("balance", "deposit", "withdraw")
    parser.add_argument(
        "what",
        metavar="WHAT",
        nargs="?",
        default="balance",
        choices=moves,
        help="balance (the default), deposit, withdraw",
    )
    parser.add_argument("amount", metavar="AMOUNT", nargs="?", help="how much, such as 1000000 or 0.5")
    parser.add_argument("asset", metavar="ASSET", nargs="?", help="a symbol such as KRW-BTC; none: money")


_ADDERS: Mapping[str, Callable[[argparse.ArgumentParser], None]] = {
    "replay": _for_replay,
    "status": _for_status,
    "audit": _for_audit,
    "backfill": _for_backfill,
    "bank": _for_bank,
}
