"""Carries one connection of the machine to a port of this one's loopback; the emulator starts one for each."""

import os
import select
import socket
import sys


def main(port: int) -> None:
    """Copy both ways until either side is done."""
    with socket.create_connection(("127.0.0.1", port)) as outside:
        ends = {0: outside.fileno(), outside.fileno(): 1}
        while True:
            for ready in select.select(list(ends), [], [])[0]:
                data = os.read(ready, 65536)
                if not data:
                    return
                while data:
                    data = data[os.write(ends[ready], data) :]


if __name__ == "__main__":
    main(int(sys.argv[1]))
