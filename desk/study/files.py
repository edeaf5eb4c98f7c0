"""The files of each box as they lie, live ones included, in a form that an engine can read without stumbling."""

import os
import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from desk.study.progress import Progress
from store import verify
from store.forward import forward
from store.line import Damage
from store.read import opened
from store.segments import snapshot
from store.streams import streams

_CHECKSUM = re.compile(rb',"_c":"([^"]*)"\}$')


@dataclass(frozen=True, slots=True)
class Box:
    """One machine's data folder, and what to call it; the name is empty where there is only one."""

    name: str
    folder: Path


def boxes(folders: list[Path]) -> list[Box]:
    """Name each folder by its last part, or by all of its path where two end alike."""
    if len(folders) == 1:
        return [Box("", folders[0])]
    short = [folder.resolve().name for folder in folders]
    return [
        Box(name if short.count(name) == 1 else str(folder), folder)
        for name, folder in zip(short, folders, strict=True)
    ]


@dataclass(slots=True)
class Health:
    """What was found wrong in the files, over all that was read."""

    records: int = 0
    set_back: int = 0
    damaged: list[Damage] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Files:
    """One stream of one box: plain files, compressed ones, and the checksums of lines that are not what was written."""

    plain: list[str]
    packed: list[str]
    wrong: frozenset[str]


class Shelf:
    """Hands out the files of streams; what it opened stays open until it is closed, so rotation takes nothing away.

    Each stream is checked first: that finds what no engine sees, such as a digit that flipped in a price, at a fraction
    of what parsing costs.

    Arguments:
        boxes: the folders to read.
        scratch: where a compressed segment that breaks off goes, inflated as far as it can be.
        progress: told what is being checked.
    """

    def __init__(self, boxes: list[Box], scratch: Path, progress: Progress) -> None:
        self.boxes = boxes
        self.health = Health()
        self._scratch = scratch
        self._progress = progress
        self._open = ExitStack()
        self._wrong: dict[Path, tuple[frozenset[str], dict[str, str]]] = {}

    def close(self) -> None:
        """Close every file that was handed out."""
        self._open.close()

    def streams(self) -> list[str]:
        """Return the names of all streams that any box has."""
        found = {Path(path).name.removesuffix(".jsonl") for box in self.boxes for path in streams(box.folder)}
        return sorted(found)

    def files(self, box: Box, stream: str) -> Files:
        """Return the stream's files as they are now: plain segments before compressed ones of the same name."""
        path = box.folder / f"{stream}.jsonl"
        wrong, mended = self._checked(path)
        older, live = snapshot(os.fspath(path))
        plain: list[str] = []
        packed: list[str] = []
        for name in older:
            if Path(name).exists():
                plain.append(name)
            elif f"{name}.gz" in mended:
                plain.append(mended[f"{name}.gz"])
            else:
                packed.append(f"{name}.gz")
        if live:
            self._open.callback(live.close)
            # By its descriptor it stays the same file when it is renamed under our eyes.
            plain.append(f"/proc/self/fd/{live.descriptor}")
        return Files(plain, packed, wrong)

    def _checked(self, path: Path) -> tuple[frozenset[str], dict[str, str]]:
        """Return the checksums of damaged lines, and what stands in for segments that break off."""
        if path in self._wrong:
            return self._wrong[path]
        self._progress.say(f"checking {path}")
        verdict = verify(path)
        self.health.records += verdict.records
        self.health.set_back += len(verdict.set_back)
        self.health.damaged += verdict.damaged
        wrong: set[str] = set()
        mended: dict[str, str] = {}
        for name in dict.fromkeys(damage.file for damage in verdict.damaged):
            lines = {damage.line for damage in verdict.damaged if damage.file == name}
            segment = name.removesuffix(".gz")
            wrong |= _checksums(segment, lines)
            if name.endswith(".gz"):
                mended[name] = self._inflated(segment)
        self._wrong[path] = frozenset(wrong), mended
        return self._wrong[path]

    def _inflated(self, segment: str) -> str:
        target = self._scratch / f"{len(list(self._scratch.iterdir()))}.jsonl"
        with target.open("wb") as whole:
            for source in opened(segment, self.health.damaged.append):
                for piece in source.pieces():
                    whole.write(piece)
        return str(target)


def _checksums(segment: str, numbers: set[int]) -> set[str]:
    """Return what those lines bear as checksums: by these an engine that knows no line numbers leaves them out."""
    found: set[str] = set()
    for source in opened(segment, lambda _: None):
        for number, (_, line) in enumerate(forward(source), 1):
            match = _CHECKSUM.search(line) if number in numbers else None
            if match:
                found.add(match[1].decode(errors="replace"))
    return found
