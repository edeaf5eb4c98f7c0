"""Rotation by hand, as fast as a test wants it, and by logrotate itself with the project's own configuration."""

import grp
import os
import pwd
import subprocess
from pathlib import Path

from store import Record, Store

ROOT = Path(__file__).parents[2]


def rotate(path: Path, epoch: int) -> Path:
    """Rename the live file to the segment of that epoch, as logrotate does."""
    segment = path.with_name(f"{path.name}-20261121-{epoch}")
    path.rename(segment)
    return segment


def compress(segment: Path) -> Path:
    """Compress a segment the way logrotate does: lockgz from standard input to output, then remove the plain one."""
    target = Path(f"{segment}.gz")
    with segment.open("rb") as plain, target.open("wb") as packed:
        subprocess.run([ROOT / "logrotate/lockgz"], stdin=plain, stdout=packed, check=True)
    segment.unlink()
    return target


def spread(path: Path, records: list[Record], files: int) -> None:
    """Store records in so many files of a stream: compressed segments, a plain one, the live one."""
    size = len(records) // files
    for at in range(files):
        is_live = at == files - 1
        with Store(path, durable=False) as store:
            store.append_many(records[at * size : None if is_live else (at + 1) * size])
        if not is_live:
            segment = rotate(path, 100 + at)
            if at < files - 2:
                compress(segment)


def logrotate_config(folder: Path) -> Path:
    """Write a copy of logrotate/moss for this folder, user and checkout; return its path."""
    text = (ROOT / "logrotate/moss").read_text()
    user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    for found, wanted in (
        ("/var/lib/moss", str(folder)),
        ("su moss moss", f"su {user} {group}"),
        ("/opt/moss/logrotate", str(ROOT / "logrotate")),
    ):
        assert text.count(found) == 1
        text = text.replace(found, wanted)
    config = folder / "logrotate.conf"
    config.write_text(text)
    config.chmod(0o644)
    return config


def logrotate(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run logrotate with that configuration."""
    config = logrotate_config(folder)
    command = ["logrotate", *options, "-s", str(folder / "logrotate.state"), str(config)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
