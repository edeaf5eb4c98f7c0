"""A busy writer beside the bot: it appends to a stream of its own and tells a witness outside of each record kept."""

import os
import sys
import time
from pathlib import Path

from store import Store

PAUSE_S = 0.002


def main(path: Path, way: str) -> None:
    """Append for ever; `way` is "durable", or "careless" for one that does not wait for the disk."""
    store = Store(path, durable=way == "durable")
    run = time.time_ns()
    number = 0
    while True:
        number += 1
        store.append(
            {
                "ts": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime())}.000Z",
                "kind": "mark",
                "run": run,
                "number": number,
                "text": "x" * (number % 300),
            }
        )
        os.write(1, f"{path.name} {run} {number}\n".encode())
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
