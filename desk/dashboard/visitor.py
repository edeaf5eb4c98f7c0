"""Who looks on, and what waits to be sent there."""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress

from desk.dashboard.followers import Message

QUIET_S = 15.0
WAITING_MAX = 1000


class Visitor:
    """Who looks, and what waits to be sent there; one who takes too long gets no more."""

    def __init__(self) -> None:
        self.waiting: deque[Message] = deque()
        self.is_over = False
        self._woken = asyncio.Event()

    def give(self, messages: Iterable[Message]) -> None:
        """Put messages into the line."""
        self.waiting.extend(messages)
        if len(self.waiting) > WAITING_MAX:
            self.end()
        self._woken.set()

    def end(self) -> None:
        """Send nothing more: the visitor comes again with the last position it got."""
        self.waiting.clear()
        self.is_over = True
        self._woken.set()

    async def take(self) -> Message | None:
        """Return the next message, None where none came for a while."""
        if not self.waiting and not self.is_over:
            self._woken.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(QUIET_S):
                    await self._woken.wait()
        return self.waiting.popleft() if self.waiting else None
