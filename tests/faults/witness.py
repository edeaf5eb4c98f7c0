"""An outside witness: what it once saw as a whole line of a stream must be there for ever, once, and whole."""

import gzip
import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

from agent.clock import seconds
from agent.market.demo import candle_at

STREAMS = ("prices", "signals", "ledger", "events")


class Stream:
    """One stream as it grows, over renames of its file; read without the project's own reader."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen: list[bytes] = []
        self._descriptor = -1
        self._inode = 0
        self._position = 0

    def look(self) -> None:
        """Take in what is new."""
        self._drain()
        try:
            inode = self.path.stat().st_ino
        except FileNotFoundError:
            return
        if inode != self._inode:
            # Renamed meanwhile: what was written up to then is still in the old file.
            self._drain()
            self.close()
            try:
                self._descriptor = os.open(self.path, os.O_RDONLY)
            except FileNotFoundError:
                # Renamed once more between the two looks: the next one finds it.
                return
            self._inode, self._position = os.fstat(self._descriptor).st_ino, 0
            self._drain()

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _drain(self) -> None:
        if self._descriptor < 0:
            return
        while chunk := os.pread(self._descriptor, 1 << 20, self._position):
            whole, end, _ = chunk.rpartition(b"\n")
            if not end:
                return
            # What a healed tear left behind is blanks before a line feed.
            self.seen += [line for line in whole.split(b"\n") if line.strip()]
            self._position += len(whole) + 1


class Witness:
    """Watches all streams of a data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.streams = {name: Stream(data / f"{name}.jsonl") for name in STREAMS}

    def look(self) -> None:
        for stream in self.streams.values():
            stream.look()

    def close(self) -> None:
        for stream in self.streams.values():
            stream.close()

    def seconds_to_new_candle(self, since_s: float, limit_s: float) -> float:
        """Wait for a candle that was not there yet, and return how long after the given monotonic moment it came."""
        before = len(self.streams["prices"].seen)
        while True:
            self.look()
            now_s = time.monotonic()
            if len(self.streams["prices"].seen) > before:
                return now_s - since_s
            assert now_s - since_s < limit_s, f"no candle within {limit_s} s"
            time.sleep(0.01)

    def complaints(self, symbols: tuple[str, ...]) -> list[str]:
        """Say what is lost, doubled or torn; call it when no writer is left."""
        self.look()
        found: list[str] = []
        for name, stream in self.streams.items():
            lines = self._lines(name)
            torn = [line for line in lines if not _is_whole(line)]
            now, seen = Counter(lines), Counter(stream.seen)
            found += [f"{name}: torn: {line[:60]!r}" for line in torn]
            found += [f"{name}: lost: {line[:60]!r}" for line in seen - now]
            found += [f"{name}: doubled: {line[:60]!r}" for line, count in now.items() if count > 1]
        return found or self._odd_series(symbols)

    def _odd_series(self, symbols: tuple[str, ...]) -> list[str]:
        prices, signals = self._records("prices"), self._records("signals")
        found = [
            f"doubled: {key}"
            for stream in (prices, signals)
            for key, count in Counter((r["symbol"], r.get("open_ts") or r["candle_ts"]) for r in stream).items()
            if count > 1
        ]
        for symbol in symbols:
            times = {int(seconds(r["open_ts"])) for r in prices if r["symbol"] == symbol}
            wanted = {at for at in range(min(times), max(times) + 60, 60) if candle_at(1, symbol, at)}
            found += [f"lost: {symbol} {at}" for at in sorted(wanted - times)]
        trades = Counter((r["symbol"], r["candle_ts"]) for r in signals if r["signal"] != "HOLD")
        settled = Counter(
            (r["symbol"], r["candle_ts"])
            for r in self._records("ledger") + self._records("events")
            if r["kind"] in ("fill", "unfilled")
        )
        return (
            found + [f"lost fill: {key}" for key in trades - settled] + [f"odd fill: {key}" for key in settled - trades]
        )

    def _files(self, name: str) -> list[Path]:
        return [*sorted(self.data.glob(f"{name}.jsonl-*")), self.data / f"{name}.jsonl"]

    def _lines(self, name: str) -> list[bytes]:
        texts = (_text(path) for path in self._files(name) if path.exists())
        return [line for text in texts for line in text.split(b"\n") if line.strip()]

    def _records(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._lines(name)]


def _text(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
