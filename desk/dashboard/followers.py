"""A follower of each stream, and the messages that their records become."""

from typing import NamedTuple

from desk.dashboard.position import position_of
from desk.dashboard.records import STREAMS, Records, text_of
from store import Follower

BATCH = 250
_MEETING_ROUNDS = 8


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

    def drain(self, count_max: int = BATCH) -> list[Message]:
        """Return what is there by now, at most about so many."""
        found: list[Message] = []
        places = self.places()
        for stream, follower in self._followers.items():
            for record in follower:
                places[stream] = follower.position
                text = text_of(record)
                if text:
                    found.append(_message(position_of(places), stream, text))
                if len(found) >= count_max:
                    return found
        return found

    def is_at(self, other: "Followers") -> bool:
        """Tell whether this one, which has read all there is, is where the other one is."""
        places = self.places()
        return all(
            place == places[stream]
            or (
                place == other.begin[stream]
                and not self._followers[stream].is_held_up
                and _is_before(places[stream], place)
            )
            for stream, place in other.places().items()
        )

    def close(self) -> None:
        """Let go of all files."""
        for follower in self._followers.values():
            follower.close()


def _is_before(place: str, end: str) -> bool:
    """Tell whether a place lies in the same file as the end of it from which another began: only blanks between."""
    own, other = place.split("/"), end.split("/")
    return own[:2] == other[:2] and int(own[2]) <= int(other[2])


def _message(position: str, stream: str, text: str) -> Message:
    return Message(position, f'{{"id":"{position}","stream":"{stream}","record":{text}}}')


def hello(position: str, *, is_lost: bool = False) -> Message:
    """Return the first word to a visitor; lost: what it missed is more than can be made up for, it has to ask anew."""
    lost = ',"lost":true' if is_lost else ""
    return Message(position, f'{{"id":"{position}","hello":true{lost}}}')


def met(common: Followers, own: Followers) -> tuple[list[Message], list[Message], bool]:
    """Read both on until they are at the same place; return what each of them read, and whether they met."""
    others: list[Message] = []
    mine: list[Message] = []
    for _ in range(_MEETING_ROUNDS):
        others += common.drain()
        mine += own.drain()
        if own.is_at(common):
            return others, mine, True
    return others, mine, False
