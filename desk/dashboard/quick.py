"""Lines of the usual form read without parsing all of them: a year of minutes takes a third of the time.

What is not of exactly this form, or does not match its checksum, is left to the store's own reader.
"""

import re
from functools import lru_cache
from zlib import crc32

from agent.clock import seconds

_NUMBER = rb"(-?[0-9][0-9.eE+-]*)"
_MAYBE_NUMBER = rb"(null|-?[0-9][0-9.eE+-]*)"
_WORD = rb'"([^"\\]{0,200})"'
_SKIPPED = rb'"[^"\\]{0,200}"'
_MINUTE = rb'"(\d{4}-\d\d-\d\dT\d\d):(\d\d):00\.000Z"'
_BEGIN = rb'\{"ts":"[^"\\]{24}","kind":'
_END = rb',"_c":"[0-9a-f]{8}"\}'


def _form(*parts: bytes) -> "re.Pattern[bytes]":
    return re.compile(b"".join(parts) + _END)


def _numbers(*names: bytes) -> bytes:
    return b"".join(b',"' + name + b'":' + _NUMBER for name in names)


CANDLE = _form(
    *(_BEGIN, b'"candle","symbol":', _WORD, b',"source":', _WORD, b',"open_ts":', _MINUTE, b',"unit_s":60'),
    _numbers(b"open", b"high", b"low", b"close", b"volume"),
)
SIGNAL = _form(
    *(_BEGIN, b'"signal","symbol":', _WORD, b',"source":', _SKIPPED, b',"candle_ts":', _MINUTE, b',"price":[^,"]+'),
    *(b',"signal":"HOLD","strategy":', _SKIPPED, b',"rule":', _SKIPPED, b',"sma_fast":', _MAYBE_NUMBER),
    *(b',"sma_slow":', _MAYBE_NUMBER, rb',(?:"rsi":[^,"]+,)?"reason":', _SKIPPED),
)
SCORE = _form(
    *(
        rb'\{"ts":"(\d{4}-\d\d-\d\dT\d\d):(\d\d):[0-9.]{6}Z","kind":"score","text_id":',
        _SKIPPED,
        b',"story":',
        _SKIPPED,
    ),
    *(b',"score":', _NUMBER, b',"p_neg":[^,"]+,"p_neu":[^,"]+,"p_pos":[^,"]+,"lang":', _SKIPPED),
    *(b',"source":', _WORD, b",.*"),
)


def match(form: "re.Pattern[bytes]", line: bytes) -> tuple[bytes, ...] | None:
    """Return a line's fields, None where it is not of the form or not what was written."""
    found = form.fullmatch(line)
    if found is None or line[-10:-2] != b"%08x" % crc32(line[:-17]):
        return None
    return found.groups()


def minute_s(hour: bytes, minute: bytes) -> float:
    """Return the moment at which a minute begins."""
    return _hour_s(hour) + 60 * int(minute)


@lru_cache(64)
def _hour_s(hour: bytes) -> float:
    # Nearly all lines of a file are of one day.
    return seconds(f"{hour.decode()}:00:00Z")


@lru_cache(256)
def word(text: bytes) -> str:
    """Return a name as text; there are few of them."""
    return text.decode()
