"""What logrotate must and must not be told: the wrong word there loses records that were acknowledged."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.layout.source import TOP, Violation

CONFIG = TOP / "logrotate" / "moss"
PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"

FORBIDDEN = {
    "copytruncate": "loses what is written between the copy and the cut",
    "copy": "leaves the live file growing for ever",
    "renamecopy": "copies while writers append",
    "create": "a writer that opens with O_CREAT races it; say nocreate",
    "shred": "destroys segments",
    "maxage": "deletes segments; only the store prunes, after a verified backup",
    "olddir": "moves segments where no reader looks",
    "nodelaycompress": "compresses a segment that a writer may still be appending to",
    "nodateext": "numbered segments get renamed over each other when gzip fails",
    "dateyesterday": "names a segment after a day that it does not end in",
    "start": "is for numbered segments",
    "mail": "mails segments before it deletes them",
}
# A directive, the value it must have ("" for none), and what goes wrong otherwise.
REQUIRED = (
    ("rotate", "-1", "any other number deletes segments"),
    ("nocreate", "", "a default elsewhere may say create"),
    ("dateext", "", "segments are told apart by day and second"),
    ("dateformat", "-%Y%m%d-%s", "readers know the segments by this name"),
    ("compress", "", "segments would fill the disk"),
    ("delaycompress", "", "gzip would work on a segment that a writer may still be appending to"),
    ("compressext", ".gz", "readers know compressed segments by it"),
    ("missingok", "", "a stream that is not there yet is no error"),
    ("notifempty", "", "an empty segment is no segment"),
)


def violations(text: str, where: str = "logrotate/moss") -> Iterator[Violation]:
    """Yield what is wrong with a rotation config, by directive."""
    said = _directives(text)
    for number, word, _ in said:
        if word in FORBIDDEN:
            yield Violation(f"{where}:{number}", f"{word}: {FORBIDDEN[word]}")
    for word, value, why in REQUIRED:
        values = [(number, given) for number, name, given in said if name == word]
        if not values:
            yield Violation(where, f"{' '.join([word, value]).strip()} is missing: {why}")
        for number, given in values:
            if given != value:
                yield Violation(f"{where}:{number}", f"{word} {given}".strip() + f": must be {word} {value}: {why}")
    if "prerotate" not in (word for line in text.splitlines() for word in line.split()[:1]):
        yield Violation(
            where, "prerotate is missing: after a clock that was ahead, a segment would sort before older ones"
        )
    if not any(name == "compresscmd" and given.endswith("lockgz") for _, name, given in said):
        yield Violation(where, "compresscmd must be lockgz, which waits for a writer in flight")


def rejected(config: Path, folder: Path) -> str | None:
    """Have logrotate itself read the config.

    Arguments:
        config: the file.
        folder: where a copy may be made; logrotate ignores a config that a group may write, as a checkout's often is.
    Returns: what it objects to, "" for nothing, None where logrotate is not installed.
    """
    program = shutil.which("logrotate", path=PATH)
    if program is None:
        return None
    copy = folder / "moss"
    # Whether the user of `su` exists is a matter of the machine, not of the config.
    copy.write_text(re.sub(r"(?m)^\s*su\s.*$", "", config.read_text(encoding="utf-8")), encoding="utf-8")
    copy.chmod(0o644)
    command = [program, "--debug", "--state", str(folder / "state"), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False)
    # In debug mode it warns of that mode itself, whatever the config.
    said = [line for line in done.stderr.splitlines() if line.startswith(("error:", "warning:", "Ignoring"))]
    objections = [line for line in said if "debug mode" not in line]
    return "\n".join(objections) or ("" if done.returncode == 0 else f"logrotate ended with {done.returncode}")


def _directives(text: str) -> list[tuple[int, str, str]]:
    """Return line number, directive and value of each line; scripts inside are not directives."""
    found, in_script = [], False
    for number, line in enumerate(text.splitlines(), 1):
        word, _, value = line.partition("#")[0].strip().partition(" ")
        if word in ("prerotate", "postrotate", "firstaction", "lastaction", "preremove"):
            in_script = True
        elif word == "endscript":
            in_script = False
        elif word and not in_script and not line.rstrip().endswith("{") and word != "}":
            found.append((number, word, value.strip()))
    return found
