"""A place in all streams at once, as text that a visitor keeps and gives back."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping

from desk.dashboard.records import STREAMS

POSITION_MAX = 2000
_PLACE = re.compile(r"[^|=]{1,120}/[0-9a-f]{8}/[0-9]{1,15}(?:/(?:[0-9a-f]{8}|-))?")


def position_of(places: Mapping[str, str]) -> str:
    """Return the text for each stream's place; where a stream has none yet, it is left out."""
    parts = (f"{stream}={place}" for stream, place in places.items() if place != "start")
    return urlsafe_b64encode("|".join(parts).encode()).decode().rstrip("=") or "-"


def places_of(position: str) -> dict[str, str]:
    """Return each stream's place.

    Raises: ValueError when the text is no position.
    """
    if len(position) > POSITION_MAX:
        raise ValueError("too long")
    places = dict.fromkeys(STREAMS, "start")
    if position == "-":
        return places
    text = urlsafe_b64decode(position + "=" * (-len(position) % 4)).decode()
    for part in text.split("|"):
        stream, _, place = part.partition("=")
        if stream not in places or not _PLACE.fullmatch(place):
            raise ValueError("no place")
        places[stream] = place
    return places
