"""Takes memory until files have next to none left, and reads the disk from end to end meanwhile, for ever.

The kernel seldom kills anybody for that: there is always some page of a file to drop, which is then read anew.
"""

import os
from pathlib import Path

CHUNK_BYTES = 1 << 20
PIECE_BYTES = 1 << 16
LEFT_MIB = 16
DISK_BYTES = 400 << 20


def left_mib() -> int:
    """Return how much memory is free or holds what is on the disk too."""
    found = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    kib = {name: int(text.split()[0]) for name, text in found.items()}
    return (kib["MemFree"] + kib["Cached"] + kib["Buffers"] - kib["Shmem"]) // 1024


held: list[bytes] = []
disk = os.open("/dev/vda", os.O_RDONLY)
at = 0
while True:
    while left_mib() > LEFT_MIB:
        held.append(b"\xff" * CHUNK_BYTES)
    for _ in range(64):
        os.pread(disk, PIECE_BYTES, at)
        at = (at + PIECE_BYTES) % DISK_BYTES
