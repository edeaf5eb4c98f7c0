"""Faults at random instants of a bot that runs under the shell loop of the plain crontab, and how soon it is back."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.faults.store_rotation import rotate
from tests.faults.witness import Witness
from tests.scripts import TOP, environment, wait_for, write_config

SYMBOLS = ("KRW-BTC", "KRW-ETH")
# A candle of each market every tenth of a second: seconds to the first new one are the bot's, not the market's.
CONFIG = f'[market]\nsource = "demo"\ndemo_speed = 600\nsymbols = ["{SYMBOLS[0]}", "{SYMBOLS[1]}"]\n'
PAUSE_S = 0.2
# A bot that hangs is to be met soon; where none is made to hang, none is to be taken for one by a busy machine.
HANGS_S, PATIENCE_S = 2.0, 60.0
BACK_S_MAX = 120.0
AGAIN_S = 10.0


class Watchdog(threading.Thread):
    """Stands in for systemd: aborts a bot whose word has not come for so long, then kills it."""

    def __init__(self, path: Path, pid: Callable[[], int], limit_s: float) -> None:
        super().__init__()
        self.bites = 0
        self._pid = pid
        self._limit_s = limit_s
        self._ended = threading.Event()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(0.1)

    def run(self) -> None:
        # As systemd does: a bot that is only starting, or stopping, is not watched.
        watched = False
        heard_s = time.monotonic()
        while not self._ended.is_set():
            with suppress(TimeoutError):
                word = self._socket.recv(4096)
                watched = b"STOPPING=1" not in word
                heard_s = time.monotonic()
            if watched and time.monotonic() - heard_s > self._limit_s:
                self.bites += 1
                watched = False
                for number in (signal.SIGABRT, signal.SIGCONT, signal.SIGKILL):
                    with suppress(ProcessLookupError):
                        os.kill(self._pid(), number)
                    time.sleep(0.05)

    def end(self) -> None:
        self._ended.set()
        self.join()
        self._socket.close()


class Chaos:
    """A bot in its loop, a witness beside it, and the faults; `taken_s` holds what was measured."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.data = folder / "data"
        self.witness = Witness(self.data)
        self.taken_s: dict[str, list[float]] = {}
        self._chance = chance
        self._epoch = 1_800_000_000
        self.log = folder / "log"
        self.faults = {"kill": self.kill, "raise": self.error, "memory": self.memory, "rotate": self.rotation}

    def pid(self) -> int:
        """Return the number of the bot that runs, as it tells itself; 0 where none does."""
        try:
            return int((self.data / "bot.lock").read_text())
        except (OSError, ValueError):
            return 0

    def hurt(self, fault: str) -> None:
        """Let one fault happen at a random instant, and wait until candles come again."""
        self.witness.seconds_to_new_candle(time.monotonic(), BACK_S_MAX)
        time.sleep(self._chance.uniform(0, 0.4))
        begun_s = self.faults[fault]()
        took_s = self.witness.seconds_to_new_candle(begun_s, BACK_S_MAX)
        self.taken_s.setdefault(fault, []).append(took_s)

    def kill(self) -> float:
        return self._end_by(signal.SIGKILL)

    def error(self) -> float:
        return self._end_by(signal.SIGUSR1)

    def memory(self) -> float:
        return self._end_by(signal.SIGUSR2)

    def hang(self) -> float:
        return self._end_by(signal.SIGSTOP)

    def rotation(self) -> float:
        """Rename every stream, as logrotate does; no fault, and no reason to lose anything."""
        begun_s = time.monotonic()
        self._epoch += 1
        for stream in self.witness.streams.values():
            if stream.path.exists():
                rotate(stream.path, self._epoch)
        return begun_s

    def full_disk(self) -> float:
        """Leave no room until the bot has met it, and measure from when there is room again."""
        said = self.log.read_text().count("not stored")
        ballast = self.data / "ballast"
        pid = self.pid()
        with ballast.open("wb", buffering=0) as file:
            for size_bytes in (1 << 16, 1 << 10, 1):
                with suppress(OSError):
                    while True:
                        file.write(bytes(size_bytes))
            wait_for(lambda: self.log.read_text().count("not stored") > said)
            time.sleep(self._chance.uniform(0, 0.5))
        assert self.pid() == pid, "a full disk is no reason to end"
        self.witness.look()
        ballast.unlink()
        return time.monotonic()

    def _end_by(self, number: signal.Signals) -> float:
        # None where one is just starting: 0 would be the test itself and all beside it.
        wait_for(lambda: bool(self.pid()))
        pid = self.pid()
        begun_s = again_s = time.monotonic()
        while Path(f"/proc/{pid}").exists():
            assert time.monotonic() < begun_s + BACK_S_MAX, f"signal {number} did not end it"
            if time.monotonic() >= again_s:
                # Again: an error that falls into a finalizer, or into the reading of a configuration, ends nothing.
                again_s += AGAIN_S
                # The watchdog may just have ended it, where a busy machine kept its word back.
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
            time.sleep(0.02)
        self.witness.look()
        return begun_s

    def table(self) -> str:
        """Return what was measured, a line for each fault."""
        lines = [f"{'fault':10} {'times':>5} {'first new candle after, s: least':>34} {'median':>7} {'most':>7}"]
        for name, taken in self.taken_s.items():
            middle = sorted(taken)[len(taken) // 2]
            lines.append(f"{name:10} {len(taken):5} {min(taken):34.2f} {middle:7.2f} {max(taken):7.2f}")
        return "\n".join([*lines, ""])


def crontab_line(config: Path, data: Path, script: str, log: Path) -> str:
    """Return the loop of the plain crontab, on this program, folder and Python, and with a shorter pause."""
    lines = (TOP / "crontab").read_text().splitlines()
    (line,) = (line.removeprefix("@reboot ") for line in lines if line.startswith("@reboot "))
    for found, wanted in (
        ("$MOSS", str(TOP)),
        (".venv/bin/python bot.py run", f"{sys.executable} {script} run --config {config} --data {data}"),
        ("sleep 5", f"sleep {PAUSE_S}"),
        ("logger -t moss-bot", f"cat >>{log}"),
    ):
        assert line.count(found) == 1, found
        line = line.replace(found, wanted)
    return line


@contextmanager
def chaos(
    folder: Path,
    chance: random.Random,
    script: str = "tests/faults/hurt_bot.py",
    group: Path | None = None,
    watchdog_s: float = PATIENCE_S,
) -> Iterator[Chaos]:
    """Start the loop; at the end of the block end the bot as systemd would, then its loop.

    Arguments:
        group: the cgroup that all of it is to be in.
        watchdog_s: how long its word may stay away.
    """
    torment = Chaos(folder, chance)
    torment.log.touch()
    watchdog = Watchdog(folder / "word", torment.pid, watchdog_s)
    watchdog.start()
    line = crontab_line(write_config(folder, CONFIG), torment.data, script, torment.log)
    line = f"echo $$ >{group}/cgroup.procs; {line}" if group else line
    extra = {"NOTIFY_SOCKET": str(folder / "word"), "PYTHONPATH": str(TOP)}
    loop = subprocess.Popen(["/bin/sh", "-c", line], env=environment(**extra), start_new_session=True)
    try:
        wait_for(lambda: bool(torment.pid()))
        yield torment
    finally:
        # The loop first, stopped: it must not start another bot behind our back.
        os.killpg(loop.pid, signal.SIGSTOP)
        pid = torment.pid()
        for number in (signal.SIGCONT, signal.SIGTERM):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        end_s = time.monotonic() + 60
        while _is_running(pid) and time.monotonic() < end_s:
            time.sleep(0.02)
        os.killpg(loop.pid, signal.SIGKILL)
        loop.wait()
        watchdog.end()
        torment.witness.look()
        torment.witness.close()


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
