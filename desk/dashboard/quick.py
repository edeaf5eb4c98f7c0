"""Lines of the form that our own writers give them, read by the block and not one by one.

What is not of exactly this form, or does not match its checksum, is left to the store's own reader, and so is whatever
JSON would not read as it is read here.
"""

import re
import struct
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from json import JSONDecoder
from math import isfinite
from typing import Any, NoReturn
from zlib import crc32

from store.line import MARK

_TEXT = rb'"(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+"'
_SKIPPED = rb'"[^"\\\x00-\x1f]{0,200}"'
_VALUE = rb"([^,]+)"
# Without an exponent, which such numbers seldom have.
_NUMBER = rb"-?(?:0|[1-9][0-9]{0,30}+)(?:\.[0-9]{1,60}+)?"
_MINUTE = rb'"(\d{4}-\d\d-\d\dT\d\d:[0-5]\d):00\.000Z"'
_BEGIN = rb'\{"ts":"[0-9T:.Z-]{24}","kind":'
_END_BYTES = len(MARK) + len('01234567"}')

BETWEEN_NAMES = '","source":"'
"""What stands between a candle's symbol and its source, which are read as one field."""
UNUSUAL = (ValueError, TypeError, OverflowError)
"""What reading columns raises where lines have to be read as any other."""


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


_decode = JSONDecoder(parse_constant=_refuse).decode


class Form:
    """The form of one kind of line.

    Arguments:
        parts: the pattern of a line up to its checksum; each field is a group.
        numbers: which of the fields are numbers.
    """

    def __init__(self, *parts: bytes, numbers: Collection[int] = ()) -> None:
        self.pattern = re.compile(rb"^(%b),\"_c\":\"([0-9a-f]{8})\"\}$" % b"".join(parts), re.MULTILINE)
        self.numbers = numbers


def _prices(*names: bytes) -> bytes:
    return b"".join(b',"' + name + b'":' + _VALUE for name in names)


CANDLE = Form(
    *(_BEGIN, rb'"candle","symbol":"([^"\\\x00-\x1f]{0,200}","source":"[^"\\\x00-\x1f]{0,200})"'),
    *(b',"open_ts":', _MINUTE, b',"unit_s":60', _prices(b"open", b"high", b"low", b"close", b"volume")),
    numbers=range(2, 7),
)
SIGNAL = Form(
    *(_BEGIN, rb'"signal","symbol":"([^"\\\x00-\x1f]{0,200})","source":', _SKIPPED, b',"candle_ts":', _MINUTE),
    *(b',"price":(', _NUMBER, b'),"signal":"(HOLD|BUY|SELL)","strategy":', _SKIPPED, b',"rule":', _SKIPPED),
    *(b',"sma_fast":(null|', _NUMBER, b'),"sma_slow":(null|', _NUMBER, b')(?:,"rsi":(?:null|', _NUMBER, b"))?"),
    rb',"reason":"([^"\\\x00-\x1f]{0,200})"',
)
SCORE = Form(
    *(rb'\{"ts":"(\d{4}-\d\d-\d\dT\d\d:[0-5]\d):[0-5]\d\.\d{3}Z","kind":"score","text_id":', _SKIPPED),
    *(b',"story":', _SKIPPED, b',"score":', _VALUE),
    *(b',"p_neg":', _NUMBER, b',"p_neu":', _NUMBER, b',"p_pos":', _NUMBER, b',"lang":', _SKIPPED),
    *(rb',"source":"([^"\\\x00-\x1f]{0,200})","published_ts":(?:null|', _SKIPPED, b'),"model":', _SKIPPED),
    *(rb'(?:,"title":', _TEXT, rb')?(?:,"link":', _TEXT, b")?"),
    numbers=(1,),
)


class Run:
    """Lines of a form, one after the other.

    Arguments:
        offset: where the first begins.
        columns: all of each line but its end; each field; the checksums.
    """

    def __init__(self, form: Form, offset: int, columns: list[list[bytes]]) -> None:
        self._form = form
        self._offset = offset
        self._columns = columns

    def columns(self) -> list[Any]:
        """Return the fields, each as a column, numbers as such.

        Raises: one of UNUSUAL when a line is not what was written, or has a number that is none.
        """
        bodies, *fields, checksums = self._columns
        # All at once: to write each as text would take as long as to reckon it.
        if struct.pack(f">{len(bodies)}I", *map(crc32, bodies)).hex() != b"".join(checksums).decode():
            raise ValueError("a checksum that does not match")
        columns: list[Any] = fields
        for at in self._form.numbers:
            columns[at] = numbers(fields[at])
        return columns

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield where each line begins, and the line."""
        offset = self._offset
        for body, checksum in zip(self._columns[0], self._columns[-1], strict=True):
            # A value may have gone over a line's end.
            for line in (body + MARK + checksum + b'"}').split(b"\n"):
                yield offset, line
                offset += len(line) + 1


class Strange(Run):
    """Lines of another form."""

    def __init__(self, offset: int, text: bytes) -> None:
        self._offset = offset
        self._text = text

    def columns(self) -> list[Any]:
        raise ValueError("of another form")

    def lines(self) -> Iterator[tuple[int, bytes]]:
        offset = self._offset
        for line in self._text.split(b"\n"):
            yield offset, line
            offset += len(line) + 1


def runs(form: Form, block: bytes) -> Iterator[Run]:
    """Cut a block of whole lines into runs."""
    pieces = form.pattern.split(block) if _is_text(block) else [block]
    width = form.pattern.groups + 1
    # What lies between lines of the form: their newlines, and lines of another.
    between = pieces[::width]
    if between[0] == between[-1] == b"" and between.count(b"\n") == len(between) - 2:
        yield Run(form, 0, [pieces[at::width] for at in range(1, width)])
        return
    offset = begin = 0
    for end, text in enumerate(between):
        is_first, is_last = end == 0, end == len(between) - 1
        if not is_last and text == (b"" if is_first else b"\n"):
            continue
        if end > begin:
            columns = [pieces[begin * width + at : end * width : width] for at in range(1, width)]
            yield Run(form, offset, columns)
            offset += sum(map(len, columns[0])) + (end - begin) * (_END_BYTES + 1)
            begin = end
        strange = text[not is_first : None if is_last else -1]
        if strange:
            yield Strange(offset, strange)
        offset += len(strange) + 1


def numbers(texts: Collection[bytes]) -> list[float]:
    """Read texts as JSON does; raises one of UNUSUAL where one is no number, or more than can be reckoned with.

    Cost: about 0.1 µs each.
    """
    joined = b",".join(texts)
    found: list[float] = _decode(f"[{joined.decode()}]")
    if len(found) != len(texts) or b"\n" in joined:
        raise ValueError("other values than there are texts")
    # Their sum is no number where one of them is none.
    if not isfinite(sum(found)):
        raise ValueError("more than can be reckoned with")
    return found


@lru_cache(256)
def word(text: bytes) -> str:
    """Return a name as text; there are few of them."""
    return text.decode()


def apart(columns: Sequence[Sequence[Any]], key: Callable[[bytes], str]) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield columns, in the order they have, for each key that the first column's fields have."""
    names = columns[0]
    if names.count(names[0]) == len(names):
        yield key(names[0]), columns
        return
    rows = sorted(zip(*columns, strict=True), key=lambda row: key(row[0]))
    for name, group in groupby(rows, key=lambda row: key(row[0])):
        yield name, list(zip(*group, strict=True))


def _is_text(block: bytes) -> bool:
    try:
        return block.isascii() or bool(block.decode())
    except UnicodeDecodeError:
        return False
