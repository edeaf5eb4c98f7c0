"""Makes the archive that a machine without a network is installed from: the project, and the wheels for each Python.

`make release VERSION=1.2.0` first gives the project that version and its changelog that heading. It commits nothing.
"""

# ruff: noqa: S603, S607 - pip, and git as it is found on PATH; no argument comes from outside
import gzip
import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parent
PYTHONS = ("3.11", "3.12", "3.13")
# What PyPI calls the machines: those of glibc 2.28 and later run all of them.
PLATFORMS = {
    "x86_64": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    "aarch64": ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"),
}
HEADING = "## Unreleased"
# What install.sh installs, with --desk too.
LOCKS = ("requirements.lock", "desk/dashboard/requirements.lock", "desk/dashboard/vendor.txt")


class NoRelease(Exception):
    """The archive can not be made; the message says why."""


def main(version: str) -> int:
    """Make the archive and its checksum in dist/; return 0, or 1 after saying what is in the way."""
    try:
        if version:
            name_version(TOP, version, time.strftime("%Y-%m-%d"))
        version = version_of(TOP)
        with tempfile.TemporaryDirectory() as scratch:
            for lock in LOCKS:
                fetch_wheels(TOP / lock, Path(scratch))
            made = pack(TOP, version, Path(scratch), TOP / "dist")
    except NoRelease as error:
        sys.stderr.write(f"release: {error}\n")
        return 1
    sys.stdout.write(f"{made}\n{made}.sha256\n")
    return 0


def name_version(top: Path, version: str, day: str) -> None:
    """Write a new version into the project, and give the changelog's newest entry its name and day.

    Raises: NoRelease when it is no version, or nothing is told of it.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise NoRelease(f"{version!r} is no version such as 1.2.0")
    changelog = top / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    entry = text.partition(f"{HEADING}\n")[2].partition("\n## ")[0]
    if not entry.strip():
        raise NoRelease(f"{changelog.name} tells nothing under {HEADING!r}")
    changelog.write_text(text.replace(f"{HEADING}\n", f"## {version} ({day})\n", 1), encoding="utf-8")
    for name, pattern in (
        ("agent/__init__.py", r'^__version__ = ".*"$'),
        ("pyproject.toml", r'^version = ".*"$'),
    ):
        path = top / name
        line = f'{pattern[1:].partition(" = ")[0]} = "{version}"'
        path.write_text(re.sub(pattern, line, path.read_text(encoding="utf-8"), count=1, flags=re.M), encoding="utf-8")


def version_of(top: Path) -> str:
    """Return the project's version; raises NoRelease where the changelog's newest entry is of another."""
    text = (top / "agent/__init__.py").read_text(encoding="utf-8")
    (version,) = re.findall(r'^__version__ = "(.*)"$', text, flags=re.M)
    headings = re.findall(r"^## (.*)$", (top / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.M)
    if not headings or headings[0].split()[0] != version:
        newest = headings[0] if headings else "missing"
        raise NoRelease(f"the newest entry of CHANGELOG.md is {newest}, not {version}: make release VERSION={version}")
    return str(version)


def fetch_wheels(lock: Path, folder: Path) -> None:
    """Fetch the wheels of the lock, checked by its hashes, for every machine and Python; raises NoRelease."""
    for platforms in PLATFORMS.values():
        for python in PYTHONS:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
            command += ["--require-hashes", "--only-binary", ":all:", "--dest", str(folder), "--requirement", str(lock)]
            command += ["--implementation", "cp", "--python-version", python]
            command += [f"--platform={platform}" for platform in platforms]
            if subprocess.run(command, check=False).returncode:
                raise NoRelease(f"the wheels for Python {python} on {platforms[0]} could not be had")


def pack(top: Path, version: str, wheels: Path, folder: Path) -> Path:
    """Make the archive of what git knows here, with the wheels, and its checksum beside it; the same bytes each time.

    Returns: the archive's path.
    Raises: NoRelease where this is no clone.
    """
    folder.mkdir(exist_ok=True)
    name = f"moss-{version}"
    archive = folder / f"{name}.tar.gz"
    files = dict(sorted({**dict(_sources(top)), **{f"wheels/{each.name}": each for each in wheels.iterdir()}}.items()))
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for inside, path in files.items():
            data = path.read_bytes()
            entry = tarfile.TarInfo(f"{name}/{inside}")
            entry.size, entry.mode = len(data), 0o755 if path.stat().st_mode & 0o100 else 0o644
            tar.addfile(entry, io.BytesIO(data))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    archive.with_name(f"{archive.name}.sha256").write_text(f"{digest}  {archive.name}\n", encoding="ascii")
    return archive


def _sources(top: Path) -> Iterator[tuple[str, Path]]:
    done = subprocess.run(["git", "-C", str(top), "ls-files", "-z"], capture_output=True, check=False)
    if done.returncode:
        raise NoRelease(f"{top} is no clone of the repository: {done.stderr.decode().strip()}")
    for name in done.stdout.decode().split("\0"):
        if name and (top / name).is_file():
            yield name, top / name


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:2] or [""])))
