"""Recorded one-minute candles out of files: CSV, a prices.jsonl, or the raw arrays that Upbit answers with."""

import csv
import gzip
import heapq
import io
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

from agent.clock import seconds
from agent.console import say
from agent.errors import BadInput
from agent.market.candle import Candle, candle_of, checked
from agent.market.upbit import candle_of as upbit_candle_of
from store import StoreError
from store.line import is_checked

COLUMNS = ["time", "open", "high", "low", "close", "volume"]
ROWS_MAX = 100_000
# An epoch above this is in milliseconds: as seconds it would lie after the year 5000.
EPOCH_S_MAX = 100_000_000_000

_SYMBOL = re.compile('"symbol": ?"([^"]+)"')
_MARKET = re.compile(r'"market"\s*:\s*"([^"]+)"')

# What text that is no number raises, where it is read as one or as what holds them.
_NO_VALUE = (ValueError, ArithmeticError, RecursionError)

# A candle, and where it stands, for messages.
Row = tuple[Candle, str]


def rows(paths: list[Path], symbol: str, source: str) -> Iterator[Row]:
    """Yield the candles of several files as one series, rising in time, each minute of a symbol once.

    The stream that a bot has stored holds its symbols one after the other, page by page: each must rise by itself, and
    is read by itself, so that they come out side by side.

    Arguments:
        symbol: what a CSV, which does not say, is a recording of.
        source: where a CSV's candles come from.
    Raises: BadInput naming file and line, for anything that is no candle or out of order.
    Cost: O(1) memory, but for raw arrays, which are read whole; a prices.jsonl is read once for each symbol in it.
    """
    names = [name for path in paths for name in _symbols(path, symbol)]
    series = [_series(paths, symbol, source, only) for only in dict.fromkeys(names)] if len(set(names)) > 1 else []
    found = False
    for row in heapq.merge(*series or [_series(paths, symbol, source, "")], key=_open_s):
        found = True
        yield row
    if not found:
        raise BadInput(f"{', '.join(map(str, paths))}: holds no candles")


def _open_s(row: Row) -> int:
    return row[0].open_s


def _symbols(path: Path, symbol: str) -> list[str]:
    """Return the symbols of a file, in the order in which they first come; a CSV's is the one that it is said to be."""
    found: dict[str, None] = {}
    with _readable(path), _opened(path) as text:
        first = _first_letter(text)
        if first == "{":
            for line in text:
                name = _SYMBOL.search(line)
                if name:
                    found[name[1]] = None
        elif first == "[":
            found |= dict.fromkeys(_MARKET.findall(text.read()))
        elif first:
            found[symbol] = None
    return list(found)


def _series(paths: list[Path], symbol: str, source: str, only: str) -> Iterator[Row]:
    last: Candle | None = None
    for path in paths:
        for candle, place in _file(path, symbol, source, only):
            if only and candle.symbol != only:
                continue
            if not 0 <= candle.open_s < EPOCH_S_MAX:
                raise BadInput(f"{place}: the time lies before 1970 or after the year 5000")
            if last is not None and candle.open_s == last.open_s:
                if candle != last:
                    raise BadInput(f"{place}: a second candle of the same minute, with other values")
                continue
            if last is not None and candle.open_s < last.open_s:
                raise BadInput(f"{place}: is older than the candle before it; rows and files must rise in time")
            last = candle
            yield candle, place


def _file(path: Path, symbol: str, source: str, only: str) -> Iterator[Row]:
    with _readable(path), _opened(path) as text:
        first = _first_letter(text)
        if not first:
            raise BadInput(f"{path}: is empty; a CSV, a prices.jsonl or an array of Upbit's is wanted")
        if first == "[":
            yield from _upbit(path, text.read())
        elif first == "{":
            yield from _jsonl(path, text, only)
        else:
            yield from _csv(path, text, symbol, source)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        # A file that is no gzip, or is cut or altered, comes without the system's words.
        raise BadInput(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: is not UTF-8 text: {error}") from error


def _opened(path: Path) -> io.TextIOWrapper:
    binary = gzip.open(path) if path.suffix == ".gz" else open(path, "rb")  # noqa: SIM115 - the wrapper closes it
    return io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")


def _first_letter(text: io.TextIOWrapper) -> str:
    while letter := text.read(1):
        if not letter.isspace():
            break
    text.seek(0)
    return letter


def _csv(path: Path, text: io.TextIOWrapper, symbol: str, source: str) -> Iterator[Row]:
    reader = csv.reader(text, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader)]
        if header != COLUMNS:
            raise BadInput(f"{path} line 1: the header must be {','.join(COLUMNS)}")
        for cells in reader:
            place = f"{path} line {reader.line_num}"
            if not cells:
                continue
            if len(cells) != len(COLUMNS):
                raise BadInput(f"{place}: has {len(cells)} cells, not {len(COLUMNS)}")
            try:
                values = {name: _number(name, cell) for name, cell in zip(COLUMNS[1:], cells[1:], strict=True)}
                yield checked(symbol, source, _moment_s(cells[0].strip()), values), place
            except ValueError as error:
                raise BadInput(f"{place}: {error}") from error
    except csv.Error as error:
        raise BadInput(f"{path} line {reader.line_num}: {error}") from error


def _number(name: str, cell: str) -> float:
    try:
        # float would read 1_0 as ten.
        return float(cell.replace("_", "?"))
    except ValueError as error:
        raise ValueError(f"{name} is {cell!r:.40}, not a number") from error


def _moment_s(cell: str) -> float:
    try:
        if cell.isascii() and cell.isdecimal():
            moment_s = int(cell) if int(cell) < EPOCH_S_MAX else int(cell) / 1000
            if moment_s >= EPOCH_S_MAX:
                raise ValueError("lies after the year 5000")
            return moment_s
        return seconds(cell)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"time is {cell!r:.40}, not ISO-8601, epoch seconds or epoch milliseconds") from error


def _jsonl(path: Path, text: io.TextIOWrapper, only: str) -> Iterator[Row]:
    for number, line in enumerate(text, 1):
        # One that names no symbol at all is told as what it is.
        if not line.strip() or (only and only not in line and _SYMBOL.search(line)):
            continue
        place = f"{path} line {number}"
        try:
            is_checked(line.rstrip("\n").encode())
            record = json.loads(line, parse_float=Decimal, parse_constant=_no_number)
            if not isinstance(record, dict):
                raise ValueError(f"is {line.strip()!r:.40}, not a record")
            yield candle_of(record), place
        except (*_NO_VALUE, StoreError) as error:
            if not line.endswith("\n"):
                # What stands behind the last newline of a stream is no record yet.
                say(f"{place}: is not written to its end, and is left out")
                return
            raise BadInput(f"{place}: {error}") from error


def _upbit(path: Path, text: str) -> Iterator[Row]:
    found: list[Row] = []
    for row, place in _elements(path, text):
        if len(found) == ROWS_MAX:
            raise BadInput(f"{place}: more than {ROWS_MAX} rows; write them as CSV, which needs no memory")
        try:
            found.append((upbit_candle_of(row), place))
        except ValueError as error:
            raise BadInput(f"{place}: {error}") from error
    if found and found[0][0].open_s > found[-1][0].open_s:
        found.reverse()
    yield from found


def _elements(path: Path, text: str) -> Iterator[tuple[object, str]]:
    """Yield each element of a JSON array with its place: json.loads would lose the line a row stands in."""
    decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number)
    at, line, counted = text.index("[") + 1, 1, 0
    while True:
        at = _skip(text, at)
        line, counted = line + text.count("\n", counted, at), at
        place = f"{path} line {line}"
        if text[at : at + 1] == "]":
            if text[at + 1 :].strip():
                raise BadInput(f"{place}: there is more after the array's end")
            return
        try:
            element, at = decoder.raw_decode(text, at)
        except _NO_VALUE as error:
            raise BadInput(f"{place}: is not JSON: {error}") from error
        yield element, place
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at += 1
        elif text[at : at + 1] != "]":
            raise BadInput(
                f"{path} line {line + text.count(chr(10), counted, at)}: the array is cut off or broken here"
            )


def _skip(text: str, at: int) -> int:
    while text[at : at + 1].isspace():
        at += 1
    return at


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
