"""The machine itself: a QEMU process in software emulation, switched on, cut off, and gone at the end."""

import os
import subprocess
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tests.scripts import wait_for
from tests.vps.machine.agent import Agent, Done, Monitor, NoAnswer
from tests.vps.machine.disk import Base, overlay
from tests.vps.machine.world import World

BOOT_S_MAX = 240
PORTS = ("bot", "scorer", "writer")
KERNEL = "root=/dev/vda rw console=ttyS0 quiet panic=-1 net.ifnames=0 mitigations=off"
UP = "systemctl is-system-running"


class Machine:
    """One processor, some memory, a disk, a network that ends at the world; use it in a `with` block.

    What is written to a port of PORTS inside is in `folder` outside at once: no fault of the machine reaches it there.

    Arguments:
        base: what it boots from.
        disk: its disk, written to.
        carried: a second disk, read only.
        folder: where it writes what comes out of the ports, and the console.
        world: what it can reach; its clock is the hardware's at each start.
    """

    def __init__(
        self, base: Base, disk: Path, carried: Path, folder: Path, world: World, memory_mib: int = 1024
    ) -> None:
        self.disk, self.folder, self.world, self.memory_mib = disk, folder, world, memory_mib
        self._base, self._carried = base, carried
        # A socket's path is short by law.
        self._sockets = tempfile.TemporaryDirectory(prefix="moss-vm-")
        self.agent = Agent(Path(self._sockets.name) / "agent")
        self.monitor = Monitor(Path(self._sockets.name) / "monitor")
        self._qemu: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Machine":
        return self

    def __exit__(self, *trouble: object) -> None:
        self.cut()
        self._sockets.cleanup()

    def switch_on(self) -> None:
        """Boot from the disk, and wait until systemd says that the machine is up."""
        self.begin_to_boot()
        self.wait_until_up()

    def begin_to_boot(self) -> None:
        """Boot from the disk until the first command is taken; what starts with the machine is still starting."""
        self._launch()
        self._wait_for_agent()

    def wake(self, snapshot: str) -> None:
        """Go on where a snapshot was made; the world's clock goes on from then, too."""
        self._launch("-loadvm", snapshot)
        self._wait_for_agent()
        self.world.show(self.agent.now_s())

    def wait_until_up(self) -> None:
        self._wait_for_agent()

        def is_up() -> bool:
            with suppress(NoAnswer):
                return self.agent.run(UP).stdout in ("running", "degraded")
            return False

        wait_for(is_up, BOOT_S_MAX)

    def reboot(self) -> None:
        """Shut down in order and boot again, and wait until it is up."""
        before = self.ask("cat /proc/sys/kernel/random/boot_id")
        self.ask("systemctl --no-block reboot")

        def is_another() -> bool:
            if not self.agent.is_there():
                return False
            with suppress(NoAnswer):
                return self.ask("cat /proc/sys/kernel/random/boot_id", 5) != before
            return False

        wait_for(is_another, BOOT_S_MAX)
        self.wait_until_up()

    def cut(self) -> None:
        """Take the power away: what the machine had not brought to its disk is gone."""
        self.agent.close()
        self.monitor.close()
        if self._qemu:
            self._qemu.kill()
            self._qemu.wait()
        self._qemu = None

    def lose_disk(self) -> None:
        """Take the power away and the disk with it; the new one holds the distribution and nothing else."""
        self.cut()
        self.disk.unlink()
        overlay(self._base.image, self.disk)

    def keep(self, snapshot: str) -> None:
        """Make a snapshot of memory and disk, for `wake`."""
        self.agent.close()
        self.monitor.say(f"savevm {snapshot}")

    def plug(self, *, is_in: bool) -> None:
        """Put the network's cable in, or pull it out."""
        self.monitor.ask("set_link", name="eth0", up=is_in)

    def run(self, command: str, limit_s: float = 60) -> Done:
        """Run a line of shell inside, as root; a failing one raises nothing."""
        return self.agent.run(command, limit_s)

    def ask(self, command: str, limit_s: float = 60) -> str:
        """Run a line of shell inside, as root, and return what it said; it must not fail."""
        done = self.run(command, limit_s)
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def jump(self, moment_s: float) -> None:
        """Let time pass without waiting for it, inside and in the world: as if the machine was asleep until then."""
        self.world.show(moment_s)
        self.agent.set_clock(moment_s)

    def wait_for_second(self, second: float) -> None:
        """Wait until the world's clock shows that second of a minute."""
        time.sleep((second - self.world.now_s()) % 60)

    def console(self) -> str:
        """Return what the machine said on its console."""
        return (self.folder / "console").read_text(errors="replace")

    def _wait_for_agent(self) -> None:
        def is_there() -> bool:
            assert self._qemu
            assert self._qemu.poll() is None, f"the emulator ended: {(self.folder / 'qemu').read_text()}"
            return self.agent.is_there()

        wait_for(is_there, BOOT_S_MAX)

    def _launch(self, *more: str) -> None:
        self.cut()
        clock = f"{datetime.fromtimestamp(round(self.world.now_s()), UTC):%Y-%m-%dT%H:%M:%S}"
        with (self.folder / "qemu").open("ab") as said:
            self._qemu = subprocess.Popen(
                # It ends with this process, whatever becomes of it.
                [
                    "setpriv",
                    "--pdeathsig=KILL",
                    "qemu-system-x86_64",
                    *self._options(clock),
                    *more,
                ],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env={"PATH": os.environ["PATH"]},
            )

    def _options(self, clock: str) -> list[str]:
        # A processor that has less to emulate is a quarter faster than one that has it all.
        options = ["-nodefaults", "-no-user-config", "-M", "pc", "-cpu", "Nehalem"]
        options += ["-smp", "1", "-m", str(self.memory_mib)]
        options += ["-accel", "tcg,thread=multi,tb-size=256", "-display", "none", "-rtc", f"base={clock},clock=vm"]
        options += ["-kernel", str(self._base.kernel), "-initrd", str(self._base.ramdisk), "-append", KERNEL]
        options += ["-drive", f"file={self.disk},if=virtio,format=qcow2,cache=none"]
        options += ["-drive", f"file={self._carried},if=virtio,format=raw,readonly=on"]
        options += ["-netdev", self.world.network(), "-device", "virtio-net-pci,netdev=net0,id=eth0,romfile="]
        options += ["-serial", f"file:{self.folder}/console", "-device", "virtio-serial-pci"]
        agent, monitor = (f"{self._sockets.name}/{name}" for name in ("agent", "monitor"))
        options += ["-chardev", f"socket,path={agent},server=on,wait=off,id=agent"]
        options += ["-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"]
        for name in PORTS:
            options += ["-chardev", f"file,path={self.folder}/{name},append=on,id={name}"]
            options += ["-device", f"virtserialport,chardev={name},name={name}"]
        return [*options, "-device", "virtio-rng-pci", "-qmp", f"unix:{monitor},server=on,wait=off"]
