"""What to say of a mistake in a configuration: the line it stands in, and the name that was meant."""

import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from agent.config import SECTIONS, UNKNOWN, Problem


def told(path: Path, text: str, problems: Sequence[Problem]) -> str:
    """Return what is wrong with a file, a line each: where it stands, and which known name an unknown one is near."""
    lines = []
    for section, key, what in problems:
        if what == UNKNOWN:
            known = _keys(section) if key else SECTIONS
            what = f"{what} {'key' if key else 'section'}{nearest(key or section, known)}"
        where = f"[{section}] {key}".rstrip()
        lines.append(f"{path}{line_of(text, section, key)}: {where}: {what}")
    return "\n".join(lines)


def nearest(name: str, known: Mapping[str, object]) -> str:
    """Return the end of a sentence about an unknown name: the known one it looks like, or all there are."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"


def line_of(text: str, section: str, key: str) -> str:
    """Return " line N" for where a key stands in the text, its section's line where it is not written out."""
    found, inside = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("["):
            inside = bare.strip("[] \t").split(".")[0].split("]")[0].strip()
            found = found or (f" line {number}" if inside == section else "")
            continue
        name = bare.split("=")[0].strip(" \"'")
        if (inside, name) in ((section, key), ("", f"{section}.{key}")):
            return f" line {number}"
        if (inside, name.split(".")[0]) == ("", section):
            found = f" line {number}"
    return found


def unusable(error: Exception) -> str:
    """Return why a file could not be read at all, as the end of a sentence."""
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror}"
    if isinstance(error, ValueError):
        return f"is not TOML: {error}"
    return f"cannot be used: {type(error).__name__}: {error}"


def shown(raw: object) -> str:
    """Return a value as a sentence about it begins, cut off where it is long."""
    try:
        return f"{raw!r:.60}"
    except (RecursionError, ValueError):
        # Python writes no number of thousands of digits, and no list of as many depths.
        return "what stands there"


def _keys(section: str) -> dict[str, object]:
    """Return the keys of a section, and those of the tables in its lists."""
    schema: Any = SECTIONS[section].default_factory
    parts = list(dataclasses.fields(schema))
    for part in dataclasses.fields(schema):
        parts += [
            each for kind in get_args(part.type) if dataclasses.is_dataclass(kind) for each in dataclasses.fields(kind)
        ]
    return {part.name: part for part in parts}
