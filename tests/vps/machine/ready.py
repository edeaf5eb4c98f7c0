"""The machine with moss installed, running and attested, as a snapshot from which each test wakes it."""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tests.scripts import TOP, wait_for
from tests.vps.machine.disk import Base, carried, overlay
from tests.vps.machine.emulator import Machine
from tests.vps.machine.world import EXCHANGE_URL, FEED_URL, SYMBOLS, World

SNAPSHOT = "ready"
# Shortly before a minute ends, so that waiting for the market is a small part of what is measured.
WAKE_SECOND = 38
INSTALL = "SUDO_USER=ada bash /src/now/systemd/install.sh"
INSTALL_S_MAX = 900
# Below this pip alone takes more than there is, and systemd wants more room in /run for a reload than that has.
SMALL_MIB, SWAP = 200, "--swap 256M"
ROOM = "mount -o remount,size=32M /run && echo 'tmpfs /run tmpfs size=32M,mode=755,nosuid,nodev 0 0' >>/etc/fstab"
CONFIG = f"""
[market]
source = "upbit"
symbols = {json.dumps(SYMBOLS)}
upbit_url = "{EXCHANGE_URL}"
[schedule]
session_open = ""
session_close = ""
[news]
feeds = [{{ name = "sample", url = "{FEED_URL}" }}]
"""
ATTESTED = """[Service]
ExecStart=
ExecStart=/opt/moss/current/venv/bin/python -P /src/inside/attested.py {script} run
Environment=PYTHONPATH=/opt/moss/current
StandardOutput=file:/dev/virtio-ports/{port}
DeviceAllow=/dev/virtio-ports/{port} rw
StandardError=journal
"""
UNITS = {"bot": ("moss-bot", "bot"), "sentiment": ("moss-sentiment", "scorer")}


class Ready(NamedTuple):
    """A machine to wake: its disk with the snapshot, what it told up to then, and facts of its installation."""

    base: Base
    folder: Path
    memory_mib: int

    @property
    def disk(self) -> Path:
        return self.folder / "disk.qcow2"

    @property
    def carried(self) -> Path:
        return self.folder / "carried.img"

    @property
    def facts(self) -> dict[str, str]:
        """Versions, and `free` before and after the installation."""
        return dict(json.loads((self.folder / "facts").read_text()))


def ready(base: Base, sources: Path, memory_mib: int) -> Ready:
    """Return a machine to wake; boot one and install moss on it, if there is none of these sources and this size.

    Cost: two to five minutes the first time, and as many bytes of disk as it has memory.
    """
    key = _key(sources, memory_mib)
    made = Ready(base, base.folder / f"ready-{memory_mib}-{key}", memory_mib)
    if not made.folder.exists():
        for old in base.folder.glob(f"ready-{memory_mib}-*"):
            shutil.rmtree(old)
        new = made._replace(folder=base.folder / f"new-{os.getpid()}")
        new.folder.mkdir()
        try:
            _make(new, sources)
            new.folder.rename(made.folder)
        finally:
            shutil.rmtree(new.folder, ignore_errors=True)
    return made


def _key(sources: Path, memory_mib: int) -> str:
    version = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, check=True).stdout
    digest = hashlib.sha256(version + str(memory_mib).encode())
    here = [path for path in Path(__file__).parent.glob("*.py") if path.stem in ("ready", "emulator", "world")]
    for path in [*here, *sorted(path for path in sources.rglob("*") if path.is_file())]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:10]


def _make(new: Ready, sources: Path) -> None:
    carried(sources, new.carried)
    overlay(new.base.image, new.disk)
    with World() as world, Machine(new.base, new.disk, new.carried, new.folder, world, new.memory_mib) as machine:
        # Tomorrow noon in Korea: later than every file of the image, and inside the market's hours.
        tomorrow = datetime.fromtimestamp(time.time() + 86_400, UTC).replace(hour=3, minute=0, second=0)
        world.show(tomorrow.timestamp())
        machine.switch_on()
        furnish(machine)
        write(machine, "/etc/moss/moss.toml", CONFIG)
        facts = {"free before": machine.ask("sync; echo 3 >/proc/sys/vm/drop_caches; sleep 5; free -k; df -k /")}
        begun_s = time.monotonic()
        install(machine)
        facts["install, s"] = f"{time.monotonic() - begun_s:.0f}"
        facts["free after"] = machine.ask("sync; echo 3 >/proc/sys/vm/drop_caches; sleep 5; free -k; df -k /")
        facts["versions"] = _versions(machine)
        (new.folder / "facts").write_text(json.dumps(facts))
        attest(machine)
        _begin_anew(machine, lambda: _has_told(machine, "prices.jsonl"))
        _begin_rotation_and_scoring(machine)
        # Then an evaluation falls due with the next minute's end, and the minutes around it have trades.
        now_s = int(world.now_s()) // 60 * 60 + 60
        wake_s = next(at_s for at_s in range(now_s, now_s + 3600, 60) if at_s % 300 == 240 and is_busy(world, at_s))
        machine.jump(wake_s - 60 + WAKE_SECOND)
        time.sleep(30)
        machine.wait_for_second(WAKE_SECOND)
        machine.keep(SNAPSHOT)


def is_busy(world: World, at_s: int) -> bool:
    """Whether the minutes around a moment all have a trade."""
    around = range(at_s - 300, at_s + 180, 60)
    return world.closed(around[0], around[-1]) == set(around)


def _versions(machine: Machine) -> str:
    inside = machine.ask(
        ". /etc/os-release; echo $PRETTY_NAME, Linux $(uname -r), $(systemctl --version | head -1 | cut -d' ' -f1,2), "
        "$(/opt/moss/current/venv/bin/python -V)"
    )
    emulator = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, check=True, text=True).stdout
    return f"{inside}; QEMU {emulator.split()[3]} in software on {platform.machine()}, {os.cpu_count()} cores shared"


def furnish(machine: Machine) -> None:
    """Give a bare machine what it carries as /src, and the user ada."""
    machine.ask("mkdir /src && echo '/dev/vdb /src ext2 ro,nofail 0 0' >>/etc/fstab && mount /src")
    machine.ask("useradd --create-home --shell /bin/bash ada && mkdir -p /etc/moss")
    if machine.memory_mib < SMALL_MIB:
        machine.ask(ROOM)


def install(machine: Machine, *more: str) -> None:
    """Install moss on a machine that is furnished, or install it anew; with swap where there is little memory."""
    swap = [SWAP] if machine.memory_mib < SMALL_MIB else []
    machine.ask(" ".join([INSTALL, *swap, *more]), INSTALL_S_MAX)


def attest(machine: Machine) -> None:
    """Let both scripts tell the witness outside of each record, from their next start on."""
    for script, (unit, port) in UNITS.items():
        machine.ask(f"mkdir -p /etc/systemd/system/{unit}.service.d")
        path = f"/etc/systemd/system/{unit}.service.d/attested.conf"
        write(machine, path, ATTESTED.format(script=script, port=port))
    machine.ask("systemctl daemon-reload")


def _begin_anew(machine: Machine, has_told: Callable[[], bool]) -> None:
    # The candles, too, are to be told: the store begins anew.
    begin_anew = "systemctl stop moss-bot && rm /var/lib/moss/* && systemctl start moss-bot"
    machine.ask(f"{begin_anew} || {{ journalctl --no-pager -u moss-bot -n 20; false; }}", 180)
    wait_for(has_told, 120)


def _has_told(machine: Machine, name: str) -> bool:
    return name in (machine.folder / "bot").read_text()


def _begin_rotation_and_scoring(machine: Machine) -> None:
    # The first time logrotate only takes note of the day; and an ordinary user may log in by ssh, from inside.
    machine.ask("systemctl start logrotate.service")
    machine.world.tell_news(f"Factory orders rise for month {number}" for number in range(12))
    machine.ask("systemctl start moss-sentiment.service", 120)
    machine.ask(
        'su ada -c \'mkdir -m 0700 ~/.ssh && ssh-keygen -q -t ed25519 -N "" -f ~/.ssh/id_ed25519 && '
        "cp ~/.ssh/id_ed25519.pub ~/.ssh/authorized_keys && ssh-keyscan -t ed25519 127.0.0.1 >~/.ssh/known_hosts'"
    )


def write(machine: Machine, path: str, text: str) -> None:
    """Write a file inside."""
    machine.ask(f"cat >{path} <<'END'\n{text.strip()}\nEND")


def lay(sources: Callable[[str], Path]) -> Path:
    """Lay out what the machine carries: this release, one that dies at once, and what runs beside them."""
    source, dies = sources("now"), sources("dies")
    (dies / "bot.py").write_text("raise SystemExit(1)\n", encoding="utf-8")
    inside = source.parent / "inside"
    if not inside.exists():
        shutil.copytree(TOP / "tests/vps/machine/inside", inside, ignore=shutil.ignore_patterns("__pycache__"))
    return source.parent
