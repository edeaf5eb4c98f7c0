"""`moss drill`: hurt a copy of the bot in every way, and print what came back, how soon, and what was lost.

Exit status: 0 when every fault was recovered from with nothing lost, else 1.
"""

import signal
import sys
from collections.abc import Callable
from typing import NamedTuple

from agent.console import say
from agent.display import show
from drill.exchange import Exchange
from drill.faults import MADE_UP, exchange_away
from drill.twin import Misfire, Twin

# The last comes when a session of SSH ends.
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WIDTHS = "{:<36} {:>9} {:>26} {:>13}"


class Row(NamedTuple):
    """What one fault came to; `took_s` is None where it was not recovered from, or not tried."""

    fault: str
    took_s: float | None
    lost: int
    why: str = ""


def main() -> int:
    """Drill; whatever happens, the copy and all it used are gone at the end."""
    for number in ENDS:
        # What is ignored already is meant to be: nohup.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    show(WIDTHS.format("fault", "recovered", "s to the first new candle", "records lost"))
    try:
        with Twin('[market]\nsource = "demo"\ndemo_speed = 300\n') as twin:
            went_well = all(_goes_well(twin, name, fault) for name, fault in MADE_UP.items())
        with Exchange() as exchange, Twin(f'[market]\nupbit_url = "{exchange.url}"\n') as twin:
            went_well &= _goes_well(twin, "exchange away", lambda twin: exchange_away(twin, exchange))
    except KeyboardInterrupt:
        say("the drill was stopped; its copy is gone")
        return 1
    except Misfire as error:
        say(f"the drill could not be held: {error}")
        return 1
    return 0 if went_well else 1


def _end(*_: object) -> None:
    """End the drill, once: sudo passes a signal on that has come already, and none may end the clearing up."""
    for number in ENDS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _goes_well(twin: Twin, name: str, fault: Callable[[Twin], float]) -> bool:
    """Let one fault happen and tell of it; after one that went wrong the copy is of no use for the next."""
    row = _attempt(twin, name, fault)
    _tell(row)
    return not row.lost and (row.took_s is not None or bool(row.why))


def _attempt(twin: Twin, name: str, fault: Callable[[Twin], float]) -> Row:
    """Let one fault happen; what can not be tried on this machine is no failure of the bot."""
    say(f"{name} ...")
    twin.watch()
    try:
        took_s = fault(twin)
    except Misfire as error:
        return Row(name, None, twin.lost(), str(error))
    except TimeoutError as error:
        say(str(error))
        return Row(name, None, twin.lost())
    return Row(name, took_s, twin.lost())


def _tell(row: Row) -> None:
    if row.why:
        show(f"{row.fault:<36} not tried: {row.why}")
    else:
        recovered = "yes" if row.took_s is not None else "NO"
        show(WIDTHS.format(row.fault, recovered, f"{row.took_s:.1f}" if row.took_s is not None else "-", row.lost))


if __name__ == "__main__":
    sys.exit(main())
