"""The copy that is hurt: a unit of its own with the settings of moss-bot.service, on a small disk of its own."""

# ruff: noqa: S603 - systemctl, mount and journalctl, found on root's PATH; no argument comes from outside
import contextlib
import json
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

UNIT = "moss-drill.service"
UNIT_FILE = Path("/run/systemd/system") / UNIT
PLACE = Path("/run/moss-drill")
STREAMS = ("prices", "signals", "ledger", "events")
# What the copy must not share with the running bot: its data, its alerts, its secrets; and its patience, since 150 s
# until a hang is noticed would make the drill long.
LEFT_OUT = ("ExecStart=", "StateDirectory", "WorkingDirectory=", "LoadCredential=", "OnFailure=", "WatchdogSec=", "#")
CHANGED = """
[Service]
ExecStart={home}/venv/bin/python -P {home}/systemd/drill/victim.py run --config {place}/moss.toml --data {place}/data
Environment=PYTHONPATH={home}
WorkingDirectory={place}
ReadWritePaths={place}/data
WatchdogSec=10
"""


class Misfire(Exception):
    """A fault, or the whole drill, is not possible on this machine; the message says why."""


class Twin:
    """The copy, ready when its `with` block begins and gone without a trace when it ends.

    Arguments:
        config: what the copy is to do, as the text of a config file.
    Raises: Misfire where it can not be started.
    """

    def __init__(self, config: str) -> None:
        self.data = PLACE / "data"
        self._config = config
        self._seen: dict[str, list[bytes]] = {}

    def __enter__(self) -> "Twin":
        if PLACE.exists():
            clear = f"systemctl stop {UNIT}; umount {PLACE}/data; rm -r {PLACE}"
            raise Misfire(f"{PLACE} is there: does another drill run? Else: {clear}")
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        home = Path(__file__).resolve().parents[2]
        self.data.mkdir(parents=True)
        (PLACE / "moss.toml").write_text(f'{self._config}[schedule]\nsession_open = ""\nsession_close = ""\n')
        _run("mount", "-t", "tmpfs", "-o", "size=4m,mode=0750,nosuid,nodev,noexec", "moss-drill", str(self.data))
        shutil.chown(self.data, "moss", "moss")
        lines = _run("systemctl", "cat", "moss-bot.service").splitlines()
        kept = [line for line in lines if not line.startswith(LEFT_OUT)]
        UNIT_FILE.parent.mkdir(exist_ok=True)
        UNIT_FILE.write_text("\n".join(kept) + CHANGED.format(home=home, place=PLACE))
        _run("systemctl", "daemon-reload")
        _run("systemctl", "start", UNIT)
        wait_for(lambda: self.candles() > 0, 60, "the copy's first candles")

    def __exit__(self, *_: object) -> None:
        for command in (
            ("systemctl", "stop", UNIT),
            ("systemctl", "reset-failed", UNIT),
            ("rm", "-f", str(UNIT_FILE)),
            ("systemctl", "daemon-reload"),
            ("umount", str(self.data)),
            ("rm", "-r", "--one-file-system", str(PLACE)),
        ):
            subprocess.run(command, check=False, capture_output=True)

    def pid(self) -> int:
        """Return the number of the copy's process, 0 while there is none."""
        return int(_run("systemctl", "show", "--property", "MainPID", "--value", UNIT))

    def signal(self, number: signal.Signals) -> None:
        """Send the copy's process a signal."""
        _run("systemctl", "kill", "--kill-whom=main", f"--signal={number.name}", UNIT)

    def memory_bytes_max(self) -> int | None:
        """Return the memory limit that the kernel holds the copy to, None where it does not."""
        group = _run("systemctl", "show", "--property", "ControlGroup", "--value", UNIT)
        try:
            return int(Path(f"/sys/fs/cgroup{group}/memory.max").read_text())
        except (OSError, ValueError):
            return None

    def journal(self) -> str:
        """Return what the copy has said."""
        return _run("journalctl", "--no-pager", "--quiet", "--output=cat", "--unit", UNIT)

    def candles(self) -> int:
        """Return how many candles are stored."""
        return len(self._lines("prices"))

    def events(self, kind: str) -> int:
        """Return how many events of a kind are stored."""
        return sum(json.loads(line)["kind"] == kind for line in self._lines("events"))

    def watch(self) -> None:
        """Remember what is stored now: from here on it must stay."""
        self._seen = {name: self._lines(name) for name in STREAMS}

    def lost(self) -> int:
        """Return how many records are gone since `watch`, are there twice, or are no whole lines."""
        wrong = 0
        for name in STREAMS:
            lines = self._lines(name)
            count = Counter(lines)
            wrong += sum((Counter(self._seen[name]) - count).values())
            wrong += sum(each - 1 for each in count.values())
            wrong += sum(not _is_record(line) for line in lines)
        opened = Counter(json.loads(line)["open_ts"] for line in self._lines("prices") if _is_record(line))
        return wrong + sum(each - 1 for each in opened.values())

    def _lines(self, name: str) -> list[bytes]:
        """Return the whole lines of a stream; the last may still be being written, and blanks are what a tear left."""
        try:
            lines = (self.data / f"{name}.jsonl").read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []
        return [line for line in lines if line.strip()]


def wait_for(is_there: Callable[[], bool], limit_s: float, what: str) -> None:
    """Wait until something is there.

    Raises: TimeoutError naming it, after so long.
    """
    end_s = time.monotonic() + limit_s
    while not is_there():
        if time.monotonic() > end_s:
            raise TimeoutError(f"{what} did not come within {limit_s:.0f} s")
        time.sleep(0.1)


def _is_record(line: bytes) -> bool:
    with contextlib.suppress(ValueError):
        return isinstance(json.loads(line), dict)
    return False


def _run(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise Misfire(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout.strip()
