"""One machine in the middle of its work, for one fault: what a test does to it, and what it measures."""

import base64
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.scripts import wait_for
from tests.vps.machine.agent import NoAnswer
from tests.vps.machine.emulator import Machine
from tests.vps.machine.notary import Notary
from tests.vps.machine.ready import SNAPSHOT, Ready
from tests.vps.machine.world import World

DATA = "/var/lib/moss"
LOOK_S = 2
WRITE = (
    "systemd-run --quiet --unit=writer --uid=moss --gid=moss --property=StandardOutput=file:/dev/virtio-ports/writer "
    "--property=RequiresMountsFor=/src --setenv=PYTHONPATH=/opt/moss/current --setenv=PYTHONDONTWRITEBYTECODE=1 "
    "/opt/moss/current/venv/bin/python -P /src/inside/writer.py {path} {way}"
)


class Row(NamedTuple):
    """A line of the table."""

    fault: str
    took_s: list[float]
    acknowledged: int
    lost: int
    doubled: int
    torn: int


class Scene:
    """What a fault is given: the machine, and the witness outside of it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.world = machine.world
        self.notary = Notary(machine.folder)
        self.took_s: list[float] = []

    def pid(self) -> str:
        """Return the number of the bot's process."""
        return self.machine.ask("systemctl show --property MainPID --value moss-bot")

    def journal(self, unit: str = "moss-bot") -> str:
        return self.machine.ask(f"journalctl --no-pager --quiet --output=cat --unit {unit}")

    def events(self) -> str:
        """Return the events of the store, also of a segment that was just rotated."""
        return self.machine.ask(f"cat {DATA}/events.jsonl*")

    def write_marks(self, path: str = f"{DATA}/marks.jsonl", way: str = "durable") -> None:
        """Let a busy writer append beside the bot."""
        self.machine.ask(WRITE.format(path=path, way=way))

    def measure(self, begun_s: float, limit_s: float = 300) -> float:
        """Wait until a new candle of each market is acknowledged, and none before it is missing; note how long it took.

        Arguments:
            begun_s: the monotonic moment from which it counts.
        """
        self.notary.look()
        before = dict(self.notary.newest_s)

        def is_whole() -> bool:
            self.notary.look()
            newest_s = self.world.newest_closed_s()
            return all(at_s > before[symbol] and at_s >= newest_s for symbol, at_s in self.notary.newest_s.items())

        wait_for(is_whole, limit_s)
        self.took_s.append(time.monotonic() - begun_s)
        return self.took_s[-1]

    def row(self, fault: str) -> Row:
        """End all writers, and hold what is stored against what was acknowledged; moss's own checks must agree."""
        units = "moss-bot moss-sentiment.service writer.service"
        self.machine.run(f"systemctl stop {units}; systemctl reset-failed", 120)
        audit = self.machine.run("moss bot audit", 600)
        verify = self.machine.run(f"moss store verify {DATA}", 300)
        archive = base64.b64decode(self.machine.ask(f"tar -C {DATA} -czf - . | base64 -w0", 300))
        account = self.notary.account(archive, self.world)
        sys.stdout.write(f"\n{fault}: {', '.join(f'{each:.1f} s' for each in self.took_s)}; {account[:4]}\n")
        sys.stdout.write(f"{audit.stdout}\n{verify.stdout}\n")
        assert not account.complaints, "\n".join(account.complaints)
        assert (audit.returncode, verify.returncode) == (0, 0), f"{audit.stdout}\n{verify.stdout}"
        return Row(fault, self.took_s, *account[:4])


def wait_inside(is_there: Callable[[], bool], limit_s: float) -> None:
    """Wait until something is there that a command inside tells; asked seldom, for each takes of its one processor."""

    def is_there_now() -> bool:
        time.sleep(LOOK_S)
        try:
            return is_there()
        except NoAnswer:
            # A machine that is short of memory answers nobody for a minute and more, and then does again.
            return False

    wait_for(is_there_now, limit_s)


@contextmanager
def woken(ready: Ready, folder: Path, *, copied: bool = False) -> Iterator[Scene]:
    """Wake the machine, and cut it off at the end of the block; the snapshot stays as it was.

    Arguments:
        folder: where what it tells goes.
        copied: on a disk of its own, for one that is switched off and on again.
    """
    for port in ("bot", "scorer"):
        shutil.copy(ready.folder / port, folder / port)
    disk = ready.disk
    if copied:
        disk = folder / "disk.qcow2"
        shutil.copy(ready.disk, disk)
    try:
        with World() as world, Machine(ready.base, disk, ready.carried, folder, world, ready.memory_mib) as machine:
            machine.wake(SNAPSHOT)
            scene = Scene(machine)
            scene.notary.look()
            yield scene
    finally:
        (folder / "disk.qcow2").unlink(missing_ok=True)


def table(rows: list[Row]) -> str:
    """Return the rows as text."""
    head = f"{'fault':44} {'s to the first new candle':>26} {'acknowledged':>12}"
    lines = [f"{head} {'lost':>5} {'doubled':>8} {'torn':>5}"]
    for row in rows:
        taken = sorted(row.took_s)
        took = f"{taken[0]:.1f}" if len(taken) == 1 else f"{taken[0]:.1f} to {taken[-1]:.1f}, {len(taken)} times"
        lines.append(f"{row.fault:44} {took:>26} {row.acknowledged:12} {row.lost:5} {row.doubled:8} {row.torn:5}")
    return "\n".join([*lines, ""])
