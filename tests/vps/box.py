"""One booted machine in namespaces: started, asked to run things, halted, and everything it used taken away again."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tests.scripts import wait_for

BOOT_S_MAX = 60
ENVIRONMENT = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8")
# systemd's own signal for a halt.
HALT = signal.SIGRTMIN + 4


class Box:
    """A machine whose changes vanish with it; use it in a `with` block.

    Its network is a loopback of its own. What it can not do is what its host can not: see docs/operations.md.

    Arguments:
        root: the folder of its system, left as it is.
        source: a folder that it sees as /src, to read only.
        name: its name, and that of the cgroups made for it.
        options: more options of systemd-nspawn.
    """

    def __init__(self, root: Path, source: Path, name: str, *options: str) -> None:
        self._name = name
        self._groups = [folder / name for folder in _hierarchies()]
        self._options = [
            *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--settings=no", "--link-journal=no"),
            *("--volatile=overlay", "--private-network", "--drop-capability=CAP_SYS_RESOURCE"),
            *("--console=read-only", f"--machine={name}", f"--directory={root}", f"--bind-ro={source}:/src", *options),
            # From version 256 on, systemd wants to be asked before it boots on cgroups of the first kind.
            *("--boot", "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"),
        ]

    def __enter__(self) -> "Box":
        for group in self._groups:
            group.mkdir()
        # nspawn litters the top of the hierarchies unless it is itself in a group of its own.
        enter = "".join(f"echo $$ >{group}/cgroup.procs; " for group in self._groups)
        self._nspawn = subprocess.Popen(
            ["/bin/sh", "-c", f'{enter} exec "$@"', "sh", *self._options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(lambda: self._init() > 0, BOOT_S_MAX)
            wait_for(self._is_up, BOOT_S_MAX)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *trouble: object) -> None:
        with suppress(ProcessLookupError):
            if init := self._init():
                os.kill(init, HALT)
        try:
            self._nspawn.wait(30)
        except subprocess.TimeoutExpired:
            self._nspawn.kill()
            self._nspawn.wait()
        for group in self._groups:
            _remove(group)

    def run(self, *command: str, limit_s: float = 60, user: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command inside, as root or as the user, and return what it said; a failing one raises nothing."""
        enter = [
            "nsenter",
            f"--target={self._init()}",
            "--mount",
            "--uts",
            "--ipc",
            "--net",
            "--pid",
            "--cgroup",
            "--root",
        ]
        as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        return subprocess.run(
            [*enter, "env", "--chdir=/", "-i", *ENVIRONMENT, *as_user, *command],
            capture_output=True,
            text=True,
            check=False,
            timeout=limit_s,
        )

    def ask(self, command: str, limit_s: float = 60) -> str:
        """Run a line of shell inside, as root, and return what it said; it must not fail."""
        done = self.run("sh", "-ec", command, limit_s=limit_s)
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def path(self, inside: str) -> Path:
        """Return where a file of the machine is seen from outside."""
        return Path(f"/proc/{self._init()}/root{inside}")

    def _init(self) -> int:
        try:
            children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text()
        except FileNotFoundError:
            return 0
        return int(children.split()[0]) if children.strip() else 0

    def _is_up(self) -> bool:
        return self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded")


def _hierarchies() -> list[Path]:
    top = Path("/sys/fs/cgroup")
    return [folder for folder in (top / "systemd", top / "unified") if folder.is_dir()] or [top]


def _remove(group: Path) -> None:
    end_s = time.monotonic() + 5
    while group.exists():
        for folder in sorted(group.rglob("*"), key=lambda path: len(path.parts), reverse=True):
            if folder.is_dir():
                with suppress(OSError):
                    folder.rmdir()
        try:
            group.rmdir()
        except OSError:
            assert time.monotonic() < end_s, f"{group} can not be removed"
            time.sleep(0.1)
