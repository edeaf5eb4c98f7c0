"""Crash-safe JSONL: append-only streams, one file each, that logrotate may rotate; see docs/data_format.md."""

from typing import TYPE_CHECKING, Any

from store.append import Store
from store.errors import BadRecord, NotStored, StoreError
from store.line import Damage, Record
from store.read import newest, newest_holding, tail

if TYPE_CHECKING:
    from store.follower import Follower, follow
    from store.history import scan
    from store.position import PositionLost
    from store.verdict import Verdict, verify

__all__ = ["BadRecord", "Damage", "NotStored", "Record", "Store", "StoreError", "newest", "newest_holding", "tail"]
__all__ += ["Follower", "PositionLost", "Verdict", "follow", "scan", "verify"]

_WHERE = {"Follower": "follower", "follow": "follower", "PositionLost": "position"}
_WHERE |= {"scan": "history", "Verdict": "verdict", "verify": "verdict"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever that module holds
    """Import what only some readers use when it is asked for: it would cost each writer over 1 MiB."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
