"""A small Debian to boot: made once with mmdebstrap, kept outside the project, named after its recipe."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

PACKAGES = (
    "systemd,systemd-sysv,dbus,cron,logrotate,python3,python3-venv,procps,util-linux,bsdutils,iproute2,sudo,"
    "ca-certificates"
)
# The Python of each release that can be booted; BOX_SUITE chooses another than this machine's own.
PYTHONS = {"bookworm": "3.11", "trixie": "3.13", "noble": "3.12"}
MINUTES_MAX = 10


def suite() -> str:
    """Return the name of the release to boot; without a word this machine's own, or the oldest."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    own = dict(line.partition("=")[::2] for line in lines).get("VERSION_CODENAME", "")
    return os.environ.get("BOX_SUITE") or (own if own in PYTHONS else "bookworm")


def base(cache: Path, more: str = "") -> Path:
    """Return the folder of the image; make it if it is not there yet.

    Arguments:
        more: further packages, each after a comma.
    Cost: about half a minute and 350 MB the first time; the distribution's mirrors.
    Raises: subprocess.CalledProcessError where they can not be reached.
    """
    recipe = hashlib.sha256(f"{PACKAGES}{more}".encode()).hexdigest()[:10]
    root = cache / f"{suite()}-{recipe}"
    if not root.exists():
        cache.mkdir(parents=True, exist_ok=True)
        new = cache / f"new-{os.getpid()}"
        command = ["mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", f"--include={PACKAGES}{more}"]
        try:
            # Without a mirror named it takes the release's own, by way of this machine's apt.
            subprocess.run([*command, suite(), str(new)], check=True, timeout=60 * MINUTES_MAX)
            new.rename(root)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    return root
