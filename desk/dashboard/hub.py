"""One follower of all streams, however many visitors look; each gets every record from where it was, once."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from agent.console import say
from desk.dashboard.followers import BATCH, Followers, Message, hello, met
from desk.dashboard.position import places_of, position_of
from desk.dashboard.records import Records
from desk.dashboard.visitor import Visitor
from store import PositionLost, StoreError

POLL_S = 0.25
_CATCH_UP_MAX = 20_000
_ROOM_LOOKS = 40

Answer = TypeVar("Answer")


class Busy(Exception):
    """There are as many visitors as there may be: who comes now comes again later."""


class Hub:
    """Reads while somebody looks, and hands each record to all who do.

    Arguments:
        visitors_max: how many may look at once.
    """

    def __init__(self, records: Records, visitors_max: int = 200) -> None:
        self._records = records
        self._visitors_max = visitors_max
        self._all: set[Visitor] = set()
        self._joined: set[Visitor] = set()
        self._followers: Followers | None = None
        # One thread reads all followers, so that no two ever read the same one; the lock keeps what was read in order.
        self._reader = ThreadPoolExecutor(1, "follow")
        self._order = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._polling: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def visitors(self) -> int:
        """How many look right now."""
        return len(self._all)

    @property
    def is_full(self) -> bool:
        """Whether nobody else may look now."""
        return self._is_closed or len(self._all) >= self._visitors_max

    async def messages(self, after: str | None) -> AsyncGenerator[Message | None, None]:
        """Yield a first word, then each record; None where there was none for a while.

        It ends when the visitor is too slow, or the hub closes.

        Arguments:
            after: the position of the last record that the visitor has; None: from now on.
        Raises: ValueError when `after` is no position; Busy.
        """
        places = places_of(after) if after else None
        if self.is_full:
            raise Busy
        visitor = Visitor()
        self._all.add(visitor)
        own: Followers | None = None
        try:
            if places and after:
                with suppress(PositionLost):
                    own = await self._read(lambda: Followers(self._records, places))
            if own and after:
                yield hello(after)
                async for missed in self._catch_up(own, visitor):
                    yield missed
            if visitor not in self._joined and not visitor.is_over:
                begin = await self._run(self._join(visitor))
                yield hello(begin, is_lost=after is not None)
            while not visitor.is_over:
                message = await visitor.take()
                if not visitor.is_over:
                    yield message
        finally:
            visitor.end()
            self._all.discard(visitor)
            self._joined.discard(visitor)
            if own:
                self._reader.submit(own.close)

    def close(self) -> None:
        """Let all visitors go; they come again, to the next process."""
        self._is_closed = True
        for visitor in self._all:
            visitor.end()
        if self._polling:
            self._polling.cancel()

    async def _catch_up(self, own: Followers, visitor: Visitor) -> AsyncIterator[Message]:
        """Yield what the visitor missed, until it is where the others are; give up where that is too much."""
        count = 0
        while count < _CATCH_UP_MAX and visitor not in self._joined:
            batch = await self._read(own.drain)
            if len(batch) < BATCH:
                batch += await self._run(self._meet(own, visitor))
            count += len(batch)
            for message in batch:
                yield message
            if not batch and visitor not in self._joined:
                await asyncio.sleep(POLL_S)

    async def _join(self, visitor: Visitor) -> str:
        """Let a visitor have all that comes from now on; return the position that is now."""
        async with self._order:
            followers = await self._opened()
            self._take_in(visitor)
            return position_of(followers.places())

    async def _meet(self, own: Followers, visitor: Visitor) -> list[Message]:
        """Bring a visitor's own followers and the common ones to the same place, and let the visitor join there."""
        async with self._order:
            followers = await self._opened()
            others, mine, is_met = await self._read(lambda: met(followers, own))
            self._hand_out(others)
            if is_met:
                self._take_in(visitor)
            return mine

    async def _opened(self) -> Followers:
        if self._followers is None:
            self._followers = await self._read(lambda: Followers(self._records))
        return self._followers

    def _take_in(self, visitor: Visitor) -> None:
        if not visitor.is_over:
            self._joined.add(visitor)
        # Also for one who has left meanwhile: where nobody is, it closes the files and ends.
        if self._polling is None:
            self._polling = asyncio.create_task(self._poll())

    def _hand_out(self, messages: list[Message]) -> None:
        for visitor in list(self._joined) if messages else ():
            visitor.give(messages)
            if visitor.is_over:
                self._joined.discard(visitor)

    async def _poll(self) -> None:
        """Look for new records as long as somebody is there."""
        while True:
            async with self._order:
                messages = await self._new_ones()
                if not self._joined:
                    # Whoever joins does so in this order too, so nobody is left without followers.
                    followers, self._followers, self._polling = self._followers, None, None
                    if followers:
                        self._reader.submit(followers.close)
                    return
            await (asyncio.sleep(POLL_S) if len(messages) < BATCH else self._room())

    async def _new_ones(self) -> list[Message]:
        if not self._joined:
            return []
        try:
            messages = await self._read((await self._opened()).drain)
        except (OSError, StoreError) as error:
            say(f"the records cannot be followed: {error}")
            for visitor in list(self._joined):
                visitor.end()
                self._joined.discard(visitor)
            return []
        self._hand_out(messages)
        return messages

    async def _room(self) -> None:
        """Let visitors take what waits for them, before more is read."""
        for _ in range(_ROOM_LOOKS):
            await asyncio.sleep(POLL_S / 10)
            if all(len(visitor.waiting) < BATCH for visitor in self._joined):
                return

    async def _read(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._reader, work)

    async def _run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Do to its end what others depend on, whether or not the visitor who asked for it is still there."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)
