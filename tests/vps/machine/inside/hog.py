"""Takes memory, writes to each page of it, and keeps it: so many MiB, or all there is."""

import sys
import time

CHUNK_BYTES = 1 << 20
mebibytes = int(sys.argv[1])
held: list[bytes] = []
while len(held) < mebibytes or not mebibytes:
    held.append(b"\xff" * CHUNK_BYTES)
sys.stdout.write("held\n")
sys.stdout.flush()
time.sleep(3600)
