"""One follower of all streams, however many visitors look; each gets every record from where it was, once."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from agent.console import say
from desk.dashboard.position import places_of, position_of
from desk.dashboard.records import STREAMS, Records
from store import Follower, PositionLost, Record, StoreError
from store.line import show

POLL_S = 0.25
QUIET_S = 15.0
_BATCH = 250
_WAITING_MAX = 1000
_CATCH_UP_MAX = 20_000
_MEETING_ROUNDS = 8
_ROOM_LOOKS = 40

Answer = TypeVar("Answer")


class Busy(Exception):
    """There are as many visitors as there may be: who comes now comes again later."""


class Message(NamedTuple):
    """One record on its way, or the first word: the position after it, and the JSON that tells both."""

    position: str
    text: str


class Followers:
    """A follower of each stream, all read by whoever holds them.

    Arguments:
        places: where each begins; None: after all there is.
    Raises: PositionLost when a place is gone.
    """

    def __init__(self, records: Records, places: dict[str, str] | None = None) -> None:
        self._followers: dict[str, Follower] = {}
        try:
            for stream in STREAMS:
                place = places[stream] if places else "end"
                self._followers[stream] = Follower(
                    records.path(stream), place, on_damage=records.tell, wait=lambda _: True
                )
        except BaseException:
            self.close()
            raise
        self.begin = self.places()
        """Where each stream was read from."""

    def places(self) -> dict[str, str]:
        """Return where each stream was read to."""
        return {stream: follower.position for stream, follower in self._followers.items()}

    def drain(self, count_max: int = _BATCH) -> list[Message]:
        """Return what is there by now, at most about so many."""
        found: list[Message] = []
        places = self.places()
        for stream, follower in self._followers.items():
            for record in follower:
                places[stream] = follower.position
                found.append(_message(position_of(places), stream, record))
                if len(found) >= count_max:
                    return found
        return found

    def is_at(self, other: "Followers") -> bool:
        """Tell whether this one, which has read all there is, is where the other one is."""
        places = self.places()
        return all(
            place == places[stream] or (place == other.begin[stream] and _is_before(places[stream], place))
            for stream, place in other.places().items()
        )

    def close(self) -> None:
        """Let go of all files."""
        for follower in self._followers.values():
            follower.close()


def _is_before(place: str, end: str) -> bool:
    """Tell whether a place lies in the same file as the end of it from which another began: only blanks between."""
    (file, _, offset), (end_file, _, end_offset) = place.rpartition("/"), end.rpartition("/")
    return file == end_file and int(offset or 0) <= int(end_offset or 0)


def _message(position: str, stream: str, record: Record) -> Message:
    text = show(record)[:-1].decode()
    return Message(position, f'{{"id":"{position}","stream":"{stream}","record":{text}}}')


def _hello(position: str, *, is_lost: bool = False) -> Message:
    lost = ',"lost":true' if is_lost else ""
    return Message(position, f'{{"id":"{position}","hello":true{lost}}}')


class Visitor:
    """Who looks, and what waits to be sent there; one who takes too long gets no more."""

    def __init__(self) -> None:
        self.waiting: deque[Message] = deque()
        self.is_over = False
        self._woken = asyncio.Event()

    def give(self, messages: Iterable[Message]) -> None:
        """Put messages into the line."""
        self.waiting.extend(messages)
        if len(self.waiting) > _WAITING_MAX:
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
                await asyncio.wait_for(self._woken.wait(), QUIET_S)
        return self.waiting.popleft() if self.waiting else None


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
                yield _hello(after)
                async for missed in self._catch_up(own, visitor):
                    yield missed
            if visitor not in self._joined and not visitor.is_over:
                begin = await self._run(self._join(visitor))
                yield _hello(begin, is_lost=after is not None)
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

    async def _catch_up(self, own: "Followers", visitor: Visitor) -> AsyncIterator[Message]:
        """Yield what the visitor missed, until it is where the others are; give up where that is too much."""
        count = 0
        while count < _CATCH_UP_MAX and visitor not in self._joined:
            batch = await self._read(own.drain)
            if len(batch) < _BATCH:
                batch += await self._run(self._meet(own, visitor))
            count += len(batch)
            for message in batch:
                yield message

    async def _join(self, visitor: Visitor) -> str:
        """Let a visitor have all that comes from now on; return the position that is now."""
        async with self._order:
            followers = await self._opened()
            self._take_in(visitor)
            return position_of(followers.places())

    async def _meet(self, own: "Followers", visitor: Visitor) -> list[Message]:
        """Bring a visitor's own followers and the common ones to the same place, and let the visitor join there."""
        async with self._order:
            followers = await self._opened()
            others, mine, is_met = await self._read(lambda: _met(followers, own))
            self._hand_out(others)
            if is_met:
                self._take_in(visitor)
            return mine

    async def _opened(self) -> "Followers":
        if self._followers is None:
            self._followers = await self._read(lambda: Followers(self._records))
        return self._followers

    def _take_in(self, visitor: Visitor) -> None:
        if visitor.is_over:
            return
        self._joined.add(visitor)
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
            await (asyncio.sleep(POLL_S) if len(messages) < _BATCH else self._room())

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
            if all(len(visitor.waiting) < _BATCH for visitor in self._joined):
                return

    async def _read(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._reader, work)

    async def _run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Do to its end what others depend on, whether or not the visitor who asked for it is still there."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)


def _met(common: Followers, own: Followers) -> tuple[list[Message], list[Message], bool]:
    """Read both on until they are at the same place; return what each of them read, and whether they met."""
    others: list[Message] = []
    mine: list[Message] = []
    for _ in range(_MEETING_ROUNDS):
        others += common.drain()
        mine += own.drain()
        if own.is_at(common):
            return others, mine, True
    return others, mine, False
