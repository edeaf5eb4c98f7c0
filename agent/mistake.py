"""What to say of a mistake in a configuration: the line it stands in, and the name that was meant."""

import difflib
from collections.abc import Mapping


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
            found = f" line {number}" if inside == section and not found else found
        elif inside == section and bare.split("=")[0].strip(" \"'") == key:
            return f" line {number}"
    return found
