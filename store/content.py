"""What a data folder has to be backed up: each file, open, up to where it is whole."""

import io
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from store.lines import backward
from store.manifest import Entry, measure
from store.segments import Source, open_segment, snapshot
from store.streams import streams

CONFIG_NAME = "moss.toml"
BESIDE = ("labels.tsv",)
"""Files that people keep beside the streams."""


class File:
    """One file to back up, open, up to where it is whole."""

    def __init__(self, source: Source, end: int | None) -> None:
        self.source = source
        self.end = end
        found = os.fstat(source.descriptor)
        self.raw_bytes = found.st_size if end is None else end
        self.mtime_ns = found.st_mtime_ns

    def entry(self, name: str) -> Entry:
        """Read its content, and return what a manifest says of it."""
        size_bytes, sha256 = measure(self.source, self.end)
        stored = f"{name}.gz" if self.source.path.endswith(".gz") else name
        return Entry(name, stored, size_bytes, sha256, self.raw_bytes, self.mtime_ns, self.source.broken)

    def raw(self) -> io.BufferedReader:
        """Return the file as it lies, compressed or not, from its beginning."""
        os.lseek(self.source.descriptor, 0, os.SEEK_SET)
        return open(self.source.descriptor, "rb", closefd=False)


def files(folder: Path, config: str | os.PathLike[str] | None) -> Iterator[tuple[str, File]]:
    """Yield the name of each file to back up, and the file, open."""
    for path in streams(folder):
        older, live = snapshot(path)
        try:
            for name in older:
                with closing(open_segment(name)) as source:
                    is_plain = not source.path.endswith(".gz")
                    yield Path(name).name, File(source, source.size_bytes if is_plain else None)
            if live:
                yield Path(path).name, File(live, next(backward(live))[0])
        finally:
            if live:
                live.close()
    also = {name: str(folder / name) for name in BESIDE if (folder / name).exists()}
    if config is not None:
        also[CONFIG_NAME] = str(config)
    for name, path in also.items():
        with closing(Source(path, os.open(path, os.O_RDONLY | os.O_CLOEXEC))) as source:
            yield name, File(source, None)
