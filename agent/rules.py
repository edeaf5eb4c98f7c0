"""The bot's jobs: what holds for each besides its times, and which of those due together runs first."""

from collections.abc import Mapping, Sequence

from agent.clock import HOUR_S
from agent.jobs import TIDY, WATCH, Rule

# How long the exchange is waited for: well before the next minute's candles.
FETCH_S_MAX = 20.0

# What a failure means, and what is done instead:
#   prices   an `error` event; asked again the next minute, for everything that is missing by then
#   signals  a market whose prices are not there waits for them, 90 s at most; then a `missed` event of that market
#   others   an `error` event; tried again as often as said here, then at their next moment
# They stand in the order in which those due together run; a test holds it against what each says of itself.
RULES: Mapping[str, Rule] = {
    "prices": Rule(deadline_s=FETCH_S_MAX),
    "signals": Rule(after=("prices",)),
    "watch": Rule(WATCH, after=("prices",), deadline_s=1.0),
    "opening": Rule(WATCH, after=("signals",), grace_s=HOUR_S, retries=2, deadline_s=60.0),
    "closing": Rule(WATCH, after=("signals",), grace_s=HOUR_S, retries=2, deadline_s=60.0),
    "report": Rule(WATCH, after=("signals",), grace_s=HOUR_S / 2, retries=2, deadline_s=60.0),
    "cleanup": Rule(TIDY, after=("report",), grace_s=6.0 * HOUR_S, retries=3, deadline_s=3.0 * HOUR_S),
    "upload": Rule(TIDY, after=("report",), grace_s=HOUR_S / 2, retries=3, deadline_s=HOUR_S / 2),
}


def rules_with(order: Sequence[str]) -> Mapping[str, Rule]:
    """Return the rules with further dependencies, in their order.

    Arguments:
        order: each such as "upload after cleanup", of jobs that there are.
    """
    if not order:
        return RULES
    from agent.order import reordered

    return reordered(order)
