"""`moss tail`: what is decided and what happens, one line each as it comes, for whoever watches a terminal."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone

from agent import config
from agent.clock import seconds
from agent.commands import reading
from agent.console import leave_quietly, say, visible
from agent.errors import MossError
from agent.folder import add_places
from agent.wording import Wording, number
from store import Follower, Record, tail

STREAMS = ("signals", "events")
_POLL_S = 0.5
_RED, _GREEN, _DIM = "31", "32", "2"
_COLOURS = {"BUY": _GREEN, "SELL": _RED, "HOLD": _DIM, "alert": _RED, "alert_end": _GREEN, "error": _RED}
# In these the config is most of the line, and nothing that happened.
_HIDDEN = ("config",)


class Ticker:
    """Lines out of records.

    Arguments:
        zone: the market's, in which times are told.
        is_coloured: whether a terminal shows them.
    """

    def __init__(self, zone: timezone, *, is_coloured: bool) -> None:
        self._zone = zone
        self._is_coloured = is_coloured
        self._wording = Wording("en", zone)

    def line(self, record: Record) -> str:
        """Return a record as one line: a signal such as `12:05 BUY  KRW-BTC 98,100,000 fast>slow`."""
        name = str(record.get("signal", record["kind"]))
        if record["kind"] == "signal":
            words = f"{name:4} {record.get('symbol')} {number(_whole(record.get('price')))} {record.get('reason', '')}"
            text = f"{self._moment(str(record.get('candle_ts', record['ts'])), 60)} {words}"
        else:
            shown = {key: value for key, value in record.items() if key not in _HIDDEN}
            # Without the date that a message has: whoever watches knows the day.
            text = self._wording.line(shown).partition(" ")[2].replace("\n", "; ")
        text = visible(text)
        colour = _COLOURS.get(name)
        return f"\x1b[{colour}m{text}\x1b[0m" if self._is_coloured and colour else text

    def _moment(self, ts: str, later_s: int) -> str:
        # A candle is named by its beginning, and decided on at its end.
        return f"{datetime.fromtimestamp(seconds(ts) + later_s, self._zone):%H:%M}"


def merged(paths: Sequence[str], count: int, wait: Callable[[], object]) -> Iterator[Record]:
    """Yield the last records of some streams in the order of their time, and then each as it comes.

    Arguments:
        paths: the streams' files; they need not be there yet.
        count: how many of the last ones.
        wait: sleeps between two looks; the end comes when it returns something true.
    """
    # First where to go on, then what was before: what comes in between would else be missed.
    followers = [Follower(path, "end", wait=lambda _duration_s: True) for path in paths]
    last = sorted((record for path in paths for record in tail(path, count)), key=lambda record: str(record["ts"]))
    shown = last[-count:] if count else []
    yield from shown
    while True:
        fresh = [record for follower in followers for record in follower if record not in shown]
        yield from sorted(fresh, key=lambda record: str(record["ts"]))
        if wait():
            return


def main(arguments: Sequence[str] | None = None) -> int:
    """Follow until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="moss tail", description=__doc__)
    add_places(parser, default=None)
    parser.add_argument("-n", type=int, default=10, metavar="LINES", help="how many of the last ones (default 10)")
    options = parser.parse_args(arguments)
    try:
        folder = reading(options)
        zone = config.load_or_last(options.config, folder)[0].schedule.timezone
    except MossError as error:
        say(f"moss tail: {error}")
        return error.exit_status
    ticker = Ticker(zone, is_coloured=sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    try:
        paths = [str(folder.stream(name)) for name in STREAMS]
        for record in merged(paths, max(0, options.n), lambda: time.sleep(_POLL_S)):
            sys.stdout.write(f"{ticker.line(record)}\n")
            sys.stdout.flush()
    except PermissionError as error:
        say(f"moss tail: {error.filename}: no permission; join the group of the folder's owner (moss on a VPS)")
        return 1
    except BrokenPipeError:
        leave_quietly()
    except KeyboardInterrupt:
        return 0
    return 0


def _whole(price: object) -> object:
    return int(price) if isinstance(price, float) and price.is_integer() else price


if __name__ == "__main__":
    sys.exit(main())
