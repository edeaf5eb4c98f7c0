"""Going on back through a stream for what holds certain texts: a file that holds none is looked through, not read."""

from collections.abc import Collection, Iterator
from functools import lru_cache

from store.line import Damage, Record, json_text
from store.read import PathLike, records_back, sources_back, tell
from store.search import first
from store.segments import Source

# A text that lies across two pieces is found in the second, which is looked at with so much of what was before it.
_OVERLAP_BYTES = 4096


def older(
    path: PathLike, than: Record, sought: Collection[str], also: Collection[str], since: str = ""
) -> Iterator[Record]:
    """Yield what is older than a record and holds some texts, the newest first.

    Arguments:
        than: a record of the stream, as it was read; only those before it are yielded.
        sought: one of these is held, as `Store` writes a text, in whichever field. They may change while this is read
            from: without any, it ends.
        also: each of these is held too.
        since: records with a `ts` before it are not wanted.
    Cost: reads what is newer, then inflates and looks through what is older; a file that holds the texts is read back,
        but only lines that do are decoded. Where no file does, that takes a tenth of reading it all.
    """
    is_behind = False

    def is_wanted(line: bytes) -> bool:
        return not is_behind or (_has_all(line, also) and _has_any(line, sought))

    def note(damage: Damage) -> None:
        # What is newer was read before, and its damage told.
        if is_behind:
            tell(damage)

    for source in sources_back(path, tell):
        if not is_behind or _may_hold(source, sought, also):
            for record in records_back(source, note, is_wanted):
                if is_behind:
                    yield record
                is_behind = is_behind or record == than
        if not sought or (since and first(source)[1] < since):
            return


def _may_hold(source: Source, sought: Collection[str], also: Collection[str]) -> bool:
    """Tell whether a file has all these texts somewhere; forward, which takes a third of the way back."""
    rest, missing, has_one = b"", set(also), False
    for piece in source.pieces():
        seen = rest + piece
        has_one = has_one or _has_any(seen, sought)
        missing = {text for text in missing if _quoted(text) not in seen}
        if has_one and not missing:
            return True
        rest = seen[-_OVERLAP_BYTES:]
    if source.broken:
        tell(Damage(source.path, 0, source.broken))
    return False


def _has_all(content: bytes, texts: Collection[str]) -> bool:
    return all(_quoted(text) in content for text in texts)


def _has_any(content: bytes, texts: Collection[str]) -> bool:
    return any(_quoted(text) in content for text in texts)


@lru_cache
def _quoted(text: str) -> bytes:
    return json_text(text).encode()
