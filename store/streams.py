"""The streams of a data folder."""

import os
import re
from pathlib import Path

_NAME = re.compile(r"(.+\.jsonl)(?:-\d{8}-\d+(?:\.gz)?)?")


def streams(folder: str | os.PathLike[str]) -> list[str]:
    """Return the paths of the streams in a folder, those with only rotated segments too."""
    names = {match[1] for entry in os.scandir(folder) if (match := _NAME.fullmatch(entry.name)) and entry.is_file()}
    return [str(Path(folder) / name) for name in sorted(names)]


def is_segment(name: str) -> bool:
    """Tell whether a file's name is that of a rotated segment."""
    match = _NAME.fullmatch(name)
    return bool(match and match[1] != name)
