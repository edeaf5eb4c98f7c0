"""Whether a signal came to its trade before the process ended; imported when the last one asks for a trade."""

from collections.abc import Mapping
from itertools import takewhile
from typing import Any

from agent.clock import DAY_S, seconds, timestamp
from agent.folder import DataFolder
from store import newest

# What a signal and its fill have in common, and no other signal.
_TRADE = ("symbol", "candle_ts")


def is_settled(folder: DataFolder, signal: Mapping[str, Any]) -> bool:
    """Tell whether the ledger, or an `unfilled` event, tells of a signal."""
    # A day's margin for a clock that was set back between the two records.
    horizon_ts = timestamp(seconds(signal["ts"]) - DAY_S)
    for stream in ("ledger", "events"):
        for record in takewhile(lambda each: each["ts"] >= horizon_ts, newest(folder.stream(stream))):
            if record["kind"] in ("fill", "unfilled") and all(record[key] == signal[key] for key in _TRADE):
                return True
    return False
