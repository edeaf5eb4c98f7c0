"""Records reach a visitor exactly once while files are rotated, the desk is killed, and the visitor drops out."""

import json
import random
import signal
import subprocess
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from store import Store
from tests.desks import RunningDesk, candle, rotate, running

connect: Any = pytest.importorskip("websockets.sync.client", reason="needs the desk's packages").connect
RECORDS = 1500
ROTATIONS = 8


class Watcher:
    """Keeps looking, from its last position on, through whatever happens; notes what it got.

    Arguments:
        keeps: whether it remembers its position when it comes again; one that does not is the control.
    """

    def __init__(self, *, keeps: bool = True) -> None:
        self.got: list[int] = []
        self._keeps = keeps
        self._position = ""

    def arrive(self, desk: RunningDesk) -> None:
        """Take the position that is now."""
        with connect(f"ws://127.0.0.1:{desk.port}/ws", proxy=None, close_timeout=0.1) as open_socket:
            self._position = json.loads(open_socket.recv(60))["id"]

    def look(self, desk: RunningDesk, until: int, patience_s: float = 10) -> None:
        """Take messages up to a record, or until the desk or the connection ends."""
        after = f"?after={self._position}" if self._position and self._keeps else ""
        try:
            with connect(f"ws://127.0.0.1:{desk.port}/ws{after}", proxy=None, close_timeout=0.1) as open_socket:
                while not self.got or self.got[-1] < until:
                    message = json.loads(open_socket.recv(patience_s))
                    self._position = message["id"]
                    if "record" in message:
                        self.got.append(message["record"]["close"])
        except (OSError, EOFError, TimeoutError):
            return
        except Exception as error:
            if type(error).__module__.split(".")[0] != "websockets":
                raise


def write(data: Path, chance: random.Random) -> None:
    """Append numbered candles and rotate in between, as logrotate would, compressing some."""
    at = sorted(chance.sample(range(50, RECORDS - 50), ROTATIONS))
    with Store(data / "prices.jsonl", durable=False) as store:
        for number in range(1, RECORDS + 1):
            store.append(candle(number, number))
            if number in at:
                rotate(data, "prices", 1_795_248_000 + number, gzipped=False)
                if at.index(number):
                    gzip_segment(data, 1_795_248_000 + at[at.index(number) - 1])
            if chance.random() < 0.2:
                time.sleep(0.005)


def gzip_segment(data: Path, epoch: int) -> None:
    """Compress the segment before, as delaycompress does."""
    subprocess.run(["gzip", str(data / f"prices.jsonl-20261121-{epoch}")], check=True)


def test_watchers_get_every_record_once_through_rotations_kills_and_dropouts(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    data = tmp_path / "data"
    data.mkdir()
    (data / "prices.jsonl").touch()
    steady, forgetful = Watcher(), Watcher(keeps=False)
    writer = threading.Thread(target=write, args=(data, chance))
    with ExitStack() as first:
        desk = first.enter_context(running(data))
        for watcher in (steady, forgetful):
            watcher.arrive(desk)
        writer.start()
        # Both drop out now and then; one comes back to where it was, the other to wherever the records are.
        for _ in range(5):
            until = (steady.got[-1] if steady.got else 0) + 80
            steady.look(desk, until)
            forgetful.look(desk, min(until, RECORDS))
        desk.process.send_signal(signal.SIGKILL)
        desk.process.wait()
        time.sleep(0.2)
    with running(data) as desk:
        writer.join()
        steady.look(desk, RECORDS, patience_s=60)
        forgetful.look(desk, RECORDS, patience_s=1)
    assert steady.got == list(range(1, RECORDS + 1))
    assert forgetful.got != steady.got, "nothing was tried: even one who forgets its position missed nothing"
