"""The disk of a real machine: a distribution's own packages, made once, kept outside the project, named by recipe."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

PACKAGES = (
    # What a server has before moss comes to it.
    *("systemd", "systemd-sysv", "systemd-timesyncd", "dbus", "udev", "kmod", "cron", "logrotate", "python3"),
    *("python3-venv", "procps", "util-linux", "bsdutils", "iproute2", "sudo", "ca-certificates", "e2fsprogs"),
    *("openssh-server", "openssh-client", "libpam-systemd", "initramfs-tools", "linux-image-cloud-amd64"),
    # The way in for commands: it needs no network. It sets the clock with hwclock, in Debian 13 a package apart.
    *("qemu-guest-agent", "util-linux-extra"),
)
# What an upgrade of the distribution brings again: the machine has no mirror to get them from.
CARRIED = "libc6 systemd udev cron logrotate python3-minimal openssh-server libpam-systemd procps"
FILES = {
    "etc/initramfs-tools/conf.d/machine": "MODULES=list\nCOMPRESS=gzip\n",
    "usr/share/initramfs-tools/modules.d/machine": "virtio_pci\nvirtio_blk\next4\n",
    "etc/systemd/network/eth0.network": (
        "[Match]\nName=eth0\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\nLinkLocalAddressing=no\n"
    ),
    # Whatever happens to the machine, it must still take commands.
    "etc/systemd/system/qemu-guest-agent.service.d/first.conf": "[Service]\nOOMScoreAdjust=-1000\nCPUWeight=1000\n",
    "etc/hostname": "vps\n",
    "etc/fstab": "",
}
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")
DISK = "3G"
MINUTES_MAX = 10


class Base(NamedTuple):
    """What a machine boots from; none of it is ever written to."""

    folder: Path
    image: Path
    kernel: Path
    ramdisk: Path


def base(cache: Path, suite: str) -> Base:
    """Return the disk of a release; make it if it is not there yet.

    Cost: about two minutes and 600 MB the first time; the distribution's mirrors.
    Raises: subprocess.CalledProcessError where they can not be reached.
    """
    recipe = repr((PACKAGES, CARRIED, sorted(FILES.items()), LEFT_OUT, DISK))
    folder = cache / f"machine-{suite}-{hashlib.sha256(recipe.encode()).hexdigest()[:10]}"
    made = Base(folder, folder / "base.img", folder / "vmlinuz", folder / "initrd.img")
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        new = cache / f"new-{os.getpid()}"
        try:
            _make(new, suite)
            new.rename(folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    return made


def _make(new: Path, suite: str) -> None:
    new.mkdir()
    root, files = new / "root", new / "files"
    for name, text in FILES.items():
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_text(text, encoding="utf-8")
    _run(
        *("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", f"--include={','.join(PACKAGES)}"),
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT),
        f'--essential-hook=cp -R {files}/. "$1/"',
        '--customize-hook=chroot "$1" systemctl --quiet enable systemd-networkd systemd-timesyncd',
        f'--customize-hook=mkdir "$1/root/debs" && chroot "$1" sh -c "cd /root/debs && apt-get -q download {CARRIED}"',
        *(suite, str(root)),
    )
    (kernel,) = root.glob("boot/vmlinuz-*")
    (ramdisk,) = root.glob("boot/initrd.img-*")
    shutil.copy(kernel, new / "vmlinuz")
    shutil.copy(ramdisk, new / "initrd.img")
    _run("mke2fs", "-q", "-t", "ext4", "-d", str(root), str(new / "base.img"), DISK)
    _run("rm", "-r", "--one-file-system", str(root), str(files))


def carried(folder: Path, image: Path) -> None:
    """Make a disk, to be read only, that holds a folder."""
    size_kib = sum(path.stat().st_size // 1024 + 4 for path in folder.rglob("*"))
    _run("mke2fs", "-q", "-t", "ext2", "-d", str(folder), str(image), f"{size_kib * 5 // 4 + 4096}k")


def overlay(image: Path, disk: Path) -> None:
    """Make a disk that reads what is on the image and keeps what is written."""
    _run("qemu-img", "create", "-q", "-f", "qcow2", "-b", str(image), "-F", "raw", str(disk))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=60 * MINUTES_MAX, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
