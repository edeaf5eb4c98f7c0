"""Going on back through a stream for what holds certain texts: a file that holds none is looked through, not read."""

from collections.abc import Collection, Iterator
from itertools import islice

from store.errors import Damaged
from store.line import Damage, Record, json_text
from store.lines import backward, number_at, record_at
from store.read import PathLike, sources_back, tell
from store.search import first
from store.segments import Source

# A text that lies across two pieces is found in the second, which is looked at with so much of the first before it.
_OVERLAP_BYTES = 4096


def older(
    path: PathLike, than: Record, sought: Collection[str], also: Collection[str], since: str = ""
) -> Iterator[Record]:
    """Yield what is older than a record and holds some texts, the newest first.

    Arguments:
        than: a record of the stream; only those before it are yielded.
        sought: one of these is held, as `Store` writes a text, in whichever field. They may change while this is read
            from: without any, it ends.
        also: each of these is held too.
        since: no record with a `ts` before it is missed by anybody.
    Cost: reads what is newer, then inflates and looks through all that is older, which takes a tenth of the time that
        reading would; in bounded memory.
    """
    is_behind = False
    for source in sources_back(path, tell):
        if not is_behind or _may_hold(source, sought, also):
            for offset, line in islice(backward(source), 1, None):
                if is_behind and not (_has_all(line, also) and _has_any(line, sought)):
                    continue
                try:
                    record = record_at(source, offset, line)
                except Damaged as error:
                    if is_behind:
                        tell(Damage(source.path, number_at(source, offset), str(error)))
                    continue
                if is_behind and record is not None:
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
        rest = piece[-_OVERLAP_BYTES:]
    if source.broken:
        tell(Damage(source.path, 0, source.broken))
    return False


def _has_all(content: bytes, texts: Collection[str]) -> bool:
    return all(_quoted(text) in content for text in texts)


def _has_any(content: bytes, texts: Collection[str]) -> bool:
    return any(_quoted(text) in content for text in texts)


def _quoted(text: str) -> bytes:
    return json_text(text).encode()
