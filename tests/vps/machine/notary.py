"""What the machine acknowledged, as it was told outside, held against what its store holds in the end."""

import gzip
import io
import json
import os
import tarfile
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from agent.clock import seconds
from tests.vps.machine.emulator import PORTS
from tests.vps.machine.world import SYMBOLS, World

# What may be in a stream once only.
KEYS = {
    "candle": ("symbol", "source", "open_ts"),
    "signal": ("symbol", "source", "candle_ts"),
    "fill": ("symbol", "candle_ts"),
    "score": ("text_id",),
    "mark": ("run", "number"),
}


class Account(NamedTuple):
    """How many records were acknowledged, and what became of them; the last says what is wrong, for people."""

    acknowledged: int
    lost: int
    doubled: int
    torn: int
    complaints: list[str]


class Notary:
    """Reads what comes out of the machine's ports; knows nothing of the project's own readers.

    Arguments:
        folder: where the ports end.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._position = 0
        self.newest_s = dict.fromkeys(SYMBOLS, 0)

    def look(self) -> None:
        """Take in which candles were acknowledged since the last look."""
        with (self._folder / "bot").open("rb") as file:
            file.seek(self._position)
            whole, end, _ = file.read().rpartition(b"\n")
        self._position += len(whole) + len(end)
        for line in whole.split(b"\n"):
            name, _, text = line.partition(b" ")
            if name == b"prices.jsonl":
                record = json.loads(text)
                opened_s = int(seconds(record["open_ts"]))
                self.newest_s[record["symbol"]] = max(self.newest_s[record["symbol"]], opened_s)

    def told_so_far(self) -> dict[str, int]:
        """Return how much each port has told until now, for `forget_after`."""
        return {port: (self._folder / port).stat().st_size for port in PORTS if (self._folder / port).exists()}

    def forget_after(self, told: dict[str, int]) -> None:
        """Hold nobody to what was told after that; only while the machine is off."""
        for port, size_bytes in told.items():
            os.truncate(self._folder / port, size_bytes)
        self._position = min(self._position, told["bot"])

    def account(self, archive: bytes, world: World) -> Account:
        """Hold a store, as a tar archive made when no writer was left, against all that was acknowledged."""
        lines = _lines(archive)
        told = [line for port in PORTS for line in _told(self._folder / port)]
        marks = {line.removeprefix(b"marks.jsonl ") for line in told if line.startswith(b"marks.jsonl ")}
        torn = [line for line in lines if not _is_whole(line)]
        records: list[dict[str, Any]] = [json.loads(line) for line in lines if _is_whole(line)]
        has_marks = {f"{each['run']} {each['number']}".encode() for each in records if each["kind"] == "mark"}
        acknowledged = Counter(line.partition(b" ")[2] for line in told if not line.startswith(b"marks.jsonl "))
        lost = [*(acknowledged - Counter(lines)).elements(), *sorted(marks - has_marks), *_holes(records, world)]
        doubled = _doubled(records)
        found = {"lost": lost, "doubled": doubled, "torn": torn}
        complaints = [f"{what}: {each[:100]!r}" for what, some in found.items() for each in some[:5]]
        return Account(acknowledged.total() + len(marks), len(lost), len(doubled), len(torn), complaints)


def _told(path: Path) -> list[bytes]:
    # The last line may have been cut off in the telling.
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []


def _lines(archive: bytes) -> list[bytes]:
    found: list[bytes] = []
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            name = Path(member.name).name
            if not (name.endswith(".jsonl") or ".jsonl-" in name):
                continue
            file = tar.extractfile(member)
            assert file
            data = gzip.decompress(file.read()) if name.endswith(".gz") else file.read()
            found += [line for line in data.split(b"\n") if line.strip()]
    return found


def _is_whole(line: bytes) -> bool:
    before, mark, after = line.rpartition(b',"_c":"')
    return bool(mark) and after == f'{zlib.crc32(before):08x}"}}'.encode()


def _doubled(records: Iterable[dict[str, Any]]) -> list[bytes]:
    keys = (
        (record["kind"], *(record[name] for name in KEYS[record["kind"]]))
        for record in records
        if record["kind"] in KEYS
    )
    return [repr(key).encode() for key, count in Counter(keys).items() for _ in range(count - 1)]


def _holes(records: Iterable[dict[str, Any]], world: World) -> list[bytes]:
    """Return each minute that the exchange has and the store has not, and each trade decided on and not made."""
    opened: dict[str, set[int]] = {symbol: set() for symbol in SYMBOLS}
    decided, settled = set(), set()
    for record in records:
        if record["kind"] == "candle":
            opened[record["symbol"]].add(int(seconds(record["open_ts"])))
        elif record["kind"] == "signal" and record["signal"] != "HOLD":
            decided.add((record["symbol"], record["candle_ts"]))
        elif record["kind"] in ("fill", "unfilled"):
            settled.add((record["symbol"], record["candle_ts"]))
    missing = [
        f"{symbol} {at_s}".encode()
        for symbol, times in opened.items()
        for at_s in sorted(world.closed(min(times), max(times)) - times)
    ]
    return [*missing, *(f"no trade: {key}".encode() for key in sorted(decided - settled))]
