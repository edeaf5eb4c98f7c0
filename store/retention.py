"""Which old backups may go: those of which a later one has every record."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from store.manifest import NAME, BadBackup, Entry, Manifest, load, measure
from store.segments import open_segment
from store.streams import is_segment


def remove_old(found: list[Path], keep_d: int, now: datetime) -> Iterator[Path]:
    """Remove backups that are older than some days and have no record that no later one has; yield each.

    Arguments:
        found: all backups, oldest first.
        keep_d: how many days they stay; 0 keeps all.
    Cost: for each that is old enough, reads in the newest as much as its live files have; where that has not all of it,
        in the others too.
    """
    *older, newest = found
    manifest = load(newest)
    made = now
    staying: list[Path] = []
    for path in reversed(older) if keep_d else []:
        try:
            old = load(path)
        except BadBackup:
            # Nobody can tell what it holds.
            continue
        # One that says it was made later than those after it was made while the clock was ahead.
        made = min(made, datetime.fromisoformat(old.made))
        is_old = now - made > timedelta(days=keep_d)
        # Loaded anew each time: a manifest grows with the store, and all of them at once would not be small.
        if is_old and (_holds(newest, manifest, old) or any(_holds(each, load(each), old) for each in staying)):
            # Without its manifest it is no backup any more, should this be killed halfway.
            (path / NAME).unlink()
            shutil.rmtree(path)
            yield path
        else:
            staying.append(path)


def _holds(later: Path, manifest: Manifest, old: Manifest) -> bool:
    """Tell whether a later backup has all segments of an old one, and all that its live files had."""
    held = {(entry.name, entry.sha256) for entry in manifest.entries.values()}
    return all(
        (entry.name, entry.sha256) in held if is_segment(entry.name) else _goes_on(later, manifest, old, entry)
        for entry in old.entries.values()
        if is_segment(entry.name) or entry.name.endswith(".jsonl")
    )


def _goes_on(later: Path, manifest: Manifest, old: Manifest, live: Entry) -> bool:
    """Tell whether what was a live file is the beginning of the one that it has become since.

    It is not where the data were lost in between, and a writer began anew.
    """
    rotated = [
        entry
        for entry in manifest.entries.values()
        if entry.name.startswith(f"{live.name}-") and is_segment(entry.name) and entry.name not in old.entries
    ]
    rotated.sort(key=lambda entry: int(entry.name.rpartition("-")[2]))
    later_ones = [*rotated, *filter(None, [manifest.entries.get(live.name)])]
    # The first, unless a backfill brought older ones since.
    return not live.size_bytes or any(_begins_with(later / each.stored, each, live) for each in later_ones)


def _begins_with(path: Path, entry: Entry, live: Entry) -> bool:
    if entry.size_bytes < live.size_bytes:
        return False
    try:
        with closing(open_segment(str(path).removesuffix(".gz"))) as source:
            return measure(source, live.size_bytes) == (live.size_bytes, live.sha256)
    except OSError:
        return False
