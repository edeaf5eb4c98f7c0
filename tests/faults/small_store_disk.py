"""A disk so small that a test fills it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size_bytes: int = 2 << 20) -> Iterator[Path]:
    """Mount a disk in that folder while the block lasts; the test is skipped where that is not allowed."""
    disk = folder / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("needs root to mount a small disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "moss-store", str(disk)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Take all the room that is left; return the file that has it."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size_bytes in (1 << 16, 4096, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size_bytes))
    return ballast
