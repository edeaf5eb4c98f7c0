"""How long a refusal asks to be left alone, by its header or its body; imported when one comes."""

import re
from collections.abc import Callable, Mapping

from agent.body import Source, inflate, receive
from agent.headers import moment_s, server_time_s

# The longest wait that is believed; Binance's longest block is documented as three days.
TOLD_WAIT_S_MAX = 3 * 86_400.0
# What a 418 is waited for that tells none.
UNTOLD_BLOCK_S = 60.0
SIZE_BYTES_MAX = 20_000
_WAIT = re.compile(
    r"(?<![0-9.])([0-9]{1,6})\s*(ms|milliseconds?|s|sec|secs|seconds?|초|m|min|mins|minutes?|분)(?![a-z])"
)
_UNITS_S = {"m": 60.0, "분": 60.0, "s": 1.0, "초": 1.0}


def told_wait_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """Return how long the server asks to be left alone, from now.

    Arguments:
        now_s: this machine's time; used only if the answer has no Date of its own to count a Retry-After date from.
    Returns: seconds, above 0 and at most three days.
    """
    text = headers.get("Retry-After", "").strip()
    asked_s = server_time_s(headers) or now_s
    wait_s = float(text) if re.fullmatch("[0-9]+", text) else (moment_s(text) or 0.0) - asked_s
    return min(wait_s, TOLD_WAIT_S_MAX) if wait_s > 0 else None


def block_s(source: Source, encoding: str, check: Callable[[], None]) -> float | None:
    """Read a refusal's body, whatever it is, for the longest time it speaks of.

    Arguments:
        encoding: its Content-Encoding.
        check: called before each read; raises when time is over.
    Returns: seconds, at most three days. None where it is too large or broken, or names no time longer than what is
        waited anyway: a short one may be that of the limit, as in "10 requests per 1 second".
    """
    try:
        text = inflate(receive(source, "", SIZE_BYTES_MAX, check, bytearray()), encoding, SIZE_BYTES_MAX).decode(
            "utf-8", "replace"
        )
    except ValueError:
        return None
    told = ((int(count), unit) for count, unit in _WAIT.findall(text.lower()))
    waits_s = [count / 1000 if unit.startswith(("ms", "mil")) else count * _UNITS_S[unit[0]] for count, unit in told]
    wait_s = min(max(waits_s, default=0.0), TOLD_WAIT_S_MAX)
    return wait_s if wait_s > UNTOLD_BLOCK_S else None
