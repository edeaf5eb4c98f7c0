"""What `make run` shows: the signal loop and the scorer at work on made-up prices and headlines, until Ctrl-C."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

SCORER_PAUSE_S = 10
TOP = Path(__file__).resolve().parent
PYTHON = os.path.relpath(sys.executable) if Path(sys.executable).is_relative_to(TOP) else sys.executable

BEFORE = f"""\
moss watches prices and decides BUY, SELL or HOLD; it reads headlines and scores their mood from -1 to 1.
Two small programs do it, and each appends what it finds to files in ./data, one JSON record a line:

  bot.py        always on        data/prices.jsonl     every closed one-minute candle
                                 data/signals.jsonl    every decision
                                 data/ledger.jsonl     paper money: no real order is ever sent
  sentiment.py  now and then     data/sentiment.jsonl  every headline's score
                                 data/feeds.jsonl      where the headlines came from
  both                           data/events.jsonl     starts, stops, gaps, errors

Read along in another terminal, with whatever reads lines:

  tail -F data/signals.jsonl
  tail -F data/signals.jsonl | jq -r '[.candle_ts, .symbol, .signal, .price, .reason] | @tsv'
  {PYTHON} -m store tail data/sentiment.jsonl -n 5

Here the market is made up and a minute of it passes each second; the headlines are samples. Ctrl-C ends it.
"""
AFTER = f"""
To look at it again:

  {PYTHON} bot.py --data data status
  {PYTHON} -m store tail data/signals.jsonl -n 5
"""


def main() -> int:
    """Run both programs until a signal comes, nobody reads along any more or the bot ends by itself; then end both.

    Returns: the status of the bot if it ended by itself, else 0.
    """
    os.chdir(TOP)
    asked: list[int] = []
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: asked.append(number))
    # make passes on no hangup: where it is all that a terminal runs, only the terminal itself tells that it is gone.
    audience = select.poll()
    audience.register(sys.stdout.fileno(), 0)
    print(BEFORE, flush=True)
    bot = start("bot.py")
    scorer = start("sentiment.py")
    scored_s = time.monotonic()
    while not asked and bot.poll() is None and not audience.poll(100):
        if scorer.poll() is None:
            scored_s = time.monotonic()
        elif time.monotonic() - scored_s > SCORER_PAUSE_S:
            scorer = start("sentiment.py")
    for program in (bot, scorer):
        program.terminate()
    statuses = [program.wait() for program in (bot, scorer)]
    if audience.poll(0):
        return 0
    tell_what_is_there()
    if asked:
        return 0
    print(f"bot.py ended by itself with status {statuses[0]}; a line above says why.", file=sys.stderr)
    return statuses[0]


def tell_what_is_there() -> None:
    """Say how much was written, and how to look at it."""
    print("\nWhat was written stays in ./data, and the next `make run` goes on from there:\n")
    for path in sorted(Path("data").glob("*.jsonl")):
        with path.open("rb") as lines:
            print(f"{sum(1 for _ in lines):8,} lines  {path}")
    print(AFTER, flush=True)


def start(script: str) -> "subprocess.Popen[bytes]":
    """Start one of the two; what this shell is set up for (a chat, an address to ping) stays out of the demo."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MOSS_")}
    command = [sys.executable, script, "--config", "demo.toml", "--data", "data", "run"]
    return subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, preexec_fn=await_being_told)


def await_being_told() -> None:
    """Let a program that is only starting not heed Ctrl-C, which it would meet with a traceback: it is ended by us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
