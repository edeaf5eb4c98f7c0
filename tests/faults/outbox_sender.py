"""A process that tells what waits in a data folder, for a test that kills it: `outbox_sender DIR URL [first]`.

With `first` it notes a message as told before it sends it: the control, which loses what it was killed over.
"""

import sys
from pathlib import Path

from agent.channel import Channel
from agent.patience import Budget
from tests.fakes.post import Post

REST_S = 3.0
WORKS_MAX = 40


def main(folder: str, url: str, *how: str) -> None:
    """Work until nothing is left to tell."""
    if how:
        Channel._send = _send_noted_first  # type: ignore[method-assign]  # the fault itself
    post = Post(Path(folder), url)
    outbox = post.start()
    for _ in range(WORKS_MAX):
        post.work(later_s=REST_S)
        if not outbox._channels[0].backlog.parcels:
            return
    sys.exit(1)


def _send_noted_first(self: Channel, budget: Budget) -> None:
    message = self._sender.compose([parcel.record for parcel in self.backlog.parcels], {}, budget)
    self._note(message.told)
    self._sender.send(message, budget.call_s)
    self._patience.succeed(self._sender.pause_s)


if __name__ == "__main__":
    main(*sys.argv[1:])
