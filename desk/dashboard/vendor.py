"""`python -m desk.dashboard.vendor`: put the chart library, uPlot, where the page finds it.

No code of others is kept in this repository. uPlot (MIT) is published on npm, which a server need not have; pip, which
it has, gets the same two files out of the wheel of a package that carries them, checked by its hash, and each file is
checked to be the one of uPlot's own release. Behind a mirror or without a network: set pip up as for everything else,
or name a file, the wheel of vendor.txt or what `npm pack uplot@1.6.31` gives.
"""

import argparse
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "vendor"
WANTED = HERE / "vendor.txt"
# The two files of uPlot 1.6.31, by the SHA-256 of what its release on npm holds.
FILES = {
    "uPlot.iife.min.js": "2d27e8ad3d228164525ce213f9dc716f39b4e3aee0cc773fb3491c96cf4921a2",
    "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
}


class NotVendored(Exception):
    """The library could not be put in place; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Put the files in place unless they are there; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m desk.dashboard.vendor", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="the wheel, or npm's .tgz, where there is no network")
    options = parser.parse_args(arguments)
    try:
        put(FOLDER, options.file)
    except (NotVendored, OSError) as error:
        sys.stderr.write(f"python -m desk.dashboard.vendor: {error}\n")
        return 1
    return 0


def put(folder: Path, file: Path | None = None) -> None:
    """Put both files into a folder, each whole or not at all; nothing is asked of anybody where they are there.

    Arguments:
        file: a wheel or npm's archive to take them from; None lets pip get the wheel.
    Raises: NotVendored, OSError.
    """
    if all(_digest(folder / name) == digest for name, digest in FILES.items()):
        return
    with tempfile.TemporaryDirectory() as scratch:
        found = dict(_checked(file or _wheel(Path(scratch))))
    missing = ", ".join(sorted(set(FILES) - set(found)))
    if missing:
        raise NotVendored(f"{file or 'the wheel'} does not hold {missing} of uPlot 1.6.31")
    folder.mkdir(exist_ok=True)
    for name, content in found.items():
        part = folder / f"{name}.part"
        part.write_bytes(content)
        part.chmod(0o644)
        part.replace(folder / name)


def _wheel(scratch: Path) -> Path:
    """Let pip bring the wheel; it refuses one of another hash."""
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps", "--require-hashes"]
    command = [sys.executable, "-m", "pip", "download", *options, "--only-binary", ":all:"]
    got = subprocess.run([*command, "--dest", str(scratch), "-r", str(WANTED)], check=False)  # noqa: S603 - own words
    wheels = list(scratch.glob("*.whl"))
    if got.returncode or not wheels:
        raise NotVendored(f"pip could not get what {WANTED.name} names; see above, or name a file: --help")
    return wheels[0]


def _checked(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files that are the release's own, by their content, whatever they are called in there."""
    names = {digest: name for name, digest in FILES.items()}
    for content in _contents(archive):
        name = names.get(sha256(content).hexdigest())
        if name:
            yield name, content


def _contents(archive: Path) -> Iterator[bytes]:
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as wheel:
                yield from (wheel.read(name) for name in wheel.namelist() if name.endswith((".js", ".css")))
            return
        with tarfile.open(archive) as packed:
            members = (packed.extractfile(each) for each in packed if each.name.endswith((".js", ".css")))
            yield from (each.read() for each in members if each)
    except (tarfile.TarError, zipfile.BadZipFile) as error:
        raise NotVendored(f"{archive}: is neither a wheel nor npm's archive: {error}") from error


def _digest(path: Path) -> str:
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
