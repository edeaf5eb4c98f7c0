"""The desk as a process of its own, and a data folder for it to show."""

import http.client
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agent.clock import timestamp
from store import Record, Store
from tests.scripts import TOP, environment

BEGIN_S = 1_795_219_200  # 2026-11-21T00:00Z
HOSTILE = '</script><img src=x onerror=alert(1)>\x1b[31m"&\u202e\u2028'


class Reply(NamedTuple):
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever came
        return json.loads(self.body)


class RunningDesk:
    """A desk that listens on a port of this machine."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process = process
        self.port = port

    def get(self, path: str, method: str = "GET", **headers: str) -> Reply:
        """Ask once, on a connection of its own; a header's name is written with underscores."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()


@contextmanager
def running(data: Path, *options: str, **environ: str) -> Iterator[RunningDesk]:
    """Start a desk on a free port, and end it."""
    pytest.importorskip("uvicorn", reason="needs the desk's packages: desk/dashboard/requirements.lock")
    command = [sys.executable, "-m", "desk", "serve", "--data", str(data), "--port", "0", *options]
    process = subprocess.Popen(
        command, cwd=TOP, env=environment(**environ), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        yield RunningDesk(process, port_of(process))
    finally:
        process.terminate()
        process.communicate(timeout=60)


def port_of(process: "subprocess.Popen[str]") -> int:
    """Read what the desk says until it names its port."""
    assert process.stderr
    said = ""
    for line in process.stderr:
        said += line
        if found := re.search(r" is at http://.*:(\d+)", line):
            return int(found[1])
    raise AssertionError(f"the desk did not start: {said}")


def rss_kib(pid: int, field: str = "VmRSS") -> int:
    """Return a process's memory as the kernel counts it."""
    found = re.search(rf"{field}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1])


def candle(minute: int, close: float, symbol: str = "KRW-BTC", **other: float) -> Record:
    """Return a candle as the bot stores it, five seconds after its end."""
    begin_s = BEGIN_S + 60 * minute
    values = {"open": close - 1, "high": close + 2, "low": close - 2, "close": close, "volume": 0.5, **other}
    head = {"ts": timestamp(begin_s + 65), "kind": "candle", "symbol": symbol, "source": "demo"}
    return {**head, "open_ts": timestamp(begin_s), "unit_s": 60, **values}


def fill_store(data: Path, minutes: int = 300) -> None:
    """Write a small store that has something of everything."""
    data.mkdir(exist_ok=True)
    streams: dict[str, list[Record]] = {name: [] for name in ("prices", "signals", "ledger", "sentiment", "events")}
    first = timestamp(BEGIN_S)
    config = {"market": {"source": "demo", "symbols": ["KRW-BTC"]}}
    streams["events"].append(
        {"ts": first, "kind": "start", "version": "0", "schema": 1, "boot_id": "x", "config": config}
    )
    streams["ledger"].append(
        {"ts": first, "kind": "deposit", "amount": "1000", "cash": "1000", "positions": {}, "equity": "1000"}
    )
    for minute in range(minutes):
        streams["prices"].append(candle(minute, 1000 + minute % 50))
        if minute % 5 == 4:
            streams["signals"].append(signal(minute, ("HOLD", "BUY", "SELL")[minute // 5 % 3]))
        if minute % 7 == 0:
            streams["sentiment"].append(score(minute, HOSTILE if minute == 0 else f"제목 {minute}"))
    streams["ledger"] += [fill("BUY", 9, "899.95", "0.1"), fill("SELL", 14, "1000.9", "0")]
    gap = {
        "symbol": "KRW-BTC",
        "source": "demo",
        "from_ts": timestamp(BEGIN_S + 600),
        "until_ts": timestamp(BEGIN_S + 900),
    }
    streams["events"].append({"ts": timestamp(BEGIN_S + 1000), "kind": "gap", **gap})
    for name, records in streams.items():
        with Store(data / f"{name}.jsonl", durable=False) as store:
            store.append_many(records)


def signal(minute: int, word: str) -> Record:
    """Return a decision on a minute's candle."""
    begin_s = BEGIN_S + 60 * minute
    head = {"ts": timestamp(begin_s + 66), "kind": "signal", "symbol": "KRW-BTC", "source": "demo"}
    averages = {"sma_fast": 1000 + minute, "sma_slow": 999 + minute}
    return {
        **head,
        "candle_ts": timestamp(begin_s),
        "price": 1000,
        "signal": word,
        "strategy": "sma_cross",
        "rule": "00000000",
        **averages,
        "reason": "because",
    }


def score(minute: int, title: str, source: str = "yonhap") -> Record:
    """Return a headline's score."""
    story = f"{minute:012x}"
    return {
        "ts": timestamp(BEGIN_S + 60 * minute + 1),
        "kind": "score",
        "text_id": f"{story}-00000000",
        "story": story,
        "score": 0.5,
        "p_neg": 0.1,
        "p_neu": 0.3,
        "p_pos": 0.6,
        "lang": "ko",
        "source": source,
        "published_ts": None,
        "model": "00000000",
        "title": title,
    }


def fill(side: str, minute: int, cash: str, quantity: str) -> Record:
    """Return a paper trade of a tenth, and the account after it."""
    candle_s = BEGIN_S + 60 * minute
    return {
        "ts": timestamp(candle_s + 67),
        "kind": "fill",
        "symbol": "KRW-BTC",
        "side": side,
        "price": "1000" if side == "BUY" else "1010",
        "quantity": "0.1",
        "fee": "0.05",
        "candle_ts": timestamp(candle_s),
        "cash": cash,
        "positions": {"KRW-BTC": quantity} if quantity != "0" else {},
        "equity": "1000",
    }


def rotate(data: Path, stream: str, epoch: int, *, gzipped: bool = False) -> None:
    """Do what logrotate does to a stream's live file."""
    live = data / f"{stream}.jsonl"
    segment = data / f"{stream}.jsonl-20261121-{epoch}"
    live.rename(segment)
    if gzipped:
        subprocess.run(["gzip", str(segment)], check=True)
