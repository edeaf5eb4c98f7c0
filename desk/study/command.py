"""The command line of the study: what is asked, and in which form the answer comes."""

import argparse
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent.clock import MINUTE_S
from agent.console import leave_quietly, say
from agent.display import show
from agent.errors import BadInput, FolderError, MossError
from agent.folder import find_data
from agent.settings import Config, minutes
from desk.study.options import BINS_S, parser

if TYPE_CHECKING:
    from desk.study.answer import Answer, Asked
    from desk.study.gather import Wanted
    from desk.study.strategies import Trade
    from desk.study.words import Words

# What needs numpy or DuckDB is imported when there is something to study: --help is there without them.
INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Answer, in the form that is asked for; return the exit status."""
    options = parser().parse_args(arguments)
    # Whoever ends it, its temporary folder goes with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _answer(options)
    except MossError as error:
        say(str(error))
        return error.exit_status
    except BrokenPipeError:
        leave_quietly()
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _answer(options: argparse.Namespace) -> None:
    asked, wanted = _asked(options), _wanted(options)
    trade = _trade(options.config)
    for folder in asked.folders:
        say(f"reading {Path(folder).absolute()}")

    from desk.study.inquiry import inquire
    from desk.study.progress import Progress
    from desk.study.table import lines
    from desk.study.words import Words

    progress = Progress() if not options.quiet else Progress(lambda _: None)
    answer = inquire(asked, wanted, trade, progress)
    words = Words(options.lang)
    if options.html:
        _write_report(options.html, answer, words, trade)
    if options.json:
        show(json.dumps(answer.record(), ensure_ascii=False))
    else:
        for line in lines(answer, words, trade):
            show(line)


def _write_report(target: str, answer: "Answer", words: "Words", trade: "Trade") -> None:
    from desk.report.page import page

    path = Path(target)
    try:
        path.write_text(page(answer, words, trade), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path}: cannot be written: {error.strerror}") from error
    say(f"wrote {path.absolute()}")


def _asked(options: argparse.Namespace) -> "Asked":
    from desk.study.answer import Asked

    return Asked(
        folders=[_readable(find_data(named).path) for named in options.folders or [options.data]],
        seed=options.seed,
        shifts=options.shifts,
        shuffles=options.shuffles,
        alpha=options.alpha,
        once=options.once,
        hole_s=options.hole * MINUTE_S,
        since_ms=options.since,
        until_ms=options.until,
        trading=options.trading,
    )


def _readable(folder: Path) -> str:
    """Return a folder that can be read, as text."""
    if not folder.is_dir():
        raise FolderError(f"{folder}: there is no such data folder; start bot.py first, or name the right one")
    if not os.access(folder, os.R_OK | os.X_OK, effective_ids=True):
        raise FolderError(f"{folder}: no permission to read it; join the group of its owner (moss on a VPS)")
    return str(folder)


def _wanted(options: argparse.Namespace) -> "Wanted":
    from desk.study.gather import Wanted
    from desk.study.plan import Span

    return Wanted(
        span=Span(options.since, options.until),
        model=options.model,
        once=options.once,
        bin_s=BINS_S[options.bin],
        memory_mb=options.memory,
        groups=dict(options.group),
        symbols=tuple(options.symbol),
        hole_s=options.hole * MINUTE_S,
        titles=options.titles,
    )


def _trade(path: str | None) -> "Trade":
    """Return what the bot is configured to do and to pay."""
    from agent import config
    from agent.market.bank import Terms
    from agent.market.hours import Hours
    from desk.study.strategies import Trade

    settings: Config = config.load(path)
    strategy, schedule, bank = settings.strategy, settings.schedule, settings.bank
    opening, closing = (_of_day_s(text) for text in (schedule.session_open, schedule.session_close))
    return Trade(
        fast=strategy.fast,
        slow=strategy.slow,
        rsi=strategy.rsi,
        oversold=float(strategy.rsi_oversold),
        overbought=float(strategy.rsi_overbought),
        hours=Hours(MINUTE_S * minutes(schedule.signal), opening, closing, schedule.timezone),
        terms=Terms(bank.fee_rate, bank.slippage_rate, bank.order_amount),
        cash=bank.cash,
    )


def _of_day_s(text: str) -> int:
    return 3600 * int(text[:2]) + 60 * int(text[3:]) if text else 0
