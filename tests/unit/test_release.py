"""The archive of a release: what is in it, under which version, and that it is the same each time."""

import hashlib
import subprocess
import tarfile
from pathlib import Path

import pytest

from release import NoRelease, name_version, pack, version_of

DAY = "2026-11-21"
CHANGELOG = "# Changelog\n\n## Unreleased\n\n- Something new.\n\n## 0.1.0 (2026-01-01)\n\n- The first.\n"


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """Return a small clone with a version and a changelog."""
    top = tmp_path / "clone"
    (top / "agent").mkdir(parents=True)
    (top / "agent/__init__.py").write_text('"""A package."""\n\n__version__ = "0.1.0"\n')
    (top / "pyproject.toml").write_text('[project]\nname = "moss"\nversion = "0.1.0"\n')
    (top / "CHANGELOG.md").write_text(CHANGELOG)
    (top / "install.sh").write_text("#!/bin/sh\n")
    (top / "install.sh").chmod(0o755)
    (top / "not-known").write_text("left out\n")
    git = ["git", "-C", str(top), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q"], ["add", "agent", "pyproject.toml", "CHANGELOG.md", "install.sh"]):
        subprocess.run([*git, *command], check=True)
    return top


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    (folder / "one-1.0-py3-none-any.whl").write_bytes(b"wheel")
    return folder


def test_version_and_heading_are_written_when_a_release_is_named(top: Path) -> None:
    name_version(top, "1.2.0", DAY)
    assert version_of(top) == "1.2.0"
    assert '\nversion = "1.2.0"\n' in (top / "pyproject.toml").read_text()
    assert (top / "CHANGELOG.md").read_text().startswith(f"# Changelog\n\n## 1.2.0 ({DAY})\n\n- Something new.\n")


@pytest.mark.parametrize("version", ["1.2", "v1.2.0", "1.2.0-rc1", "1.2.0\n"])
def test_release_is_refused_when_its_name_is_no_version(top: Path, version: str) -> None:
    with pytest.raises(NoRelease, match="no version"):
        name_version(top, version, DAY)


def test_release_is_refused_when_the_changelog_tells_nothing_of_it(top: Path) -> None:
    with pytest.raises(NoRelease, match="is Unreleased, not"):
        version_of(top)
    (top / "CHANGELOG.md").write_text(CHANGELOG.replace("- Something new.\n", ""))
    with pytest.raises(NoRelease, match="tells nothing"):
        name_version(top, "1.2.0", DAY)
    assert '"0.1.0"' in (top / "agent/__init__.py").read_text()


def test_archive_holds_what_git_knows_and_the_wheels(top: Path, wheels: Path, tmp_path: Path) -> None:
    archive = pack(top, "1.2.0", wheels, tmp_path / "dist")
    with tarfile.open(archive) as tar:
        modes = {member.name: member.mode for member in tar}
    assert modes == {
        "moss-1.2.0/CHANGELOG.md": 0o644,
        "moss-1.2.0/agent/__init__.py": 0o644,
        "moss-1.2.0/install.sh": 0o755,
        "moss-1.2.0/pyproject.toml": 0o644,
        "moss-1.2.0/wheels/one-1.0-py3-none-any.whl": 0o644,
    }


def test_archive_has_the_same_bytes_and_checksum_when_it_is_made_again(top: Path, wheels: Path, tmp_path: Path) -> None:
    archive = pack(top, "1.2.0", wheels, tmp_path / "dist")
    first = archive.read_bytes()
    (top / "install.sh").touch()
    assert pack(top, "1.2.0", wheels, tmp_path / "dist").read_bytes() == first
    checked = subprocess.run(
        ["sha256sum", "--check", "--quiet", f"{archive.name}.sha256"], cwd=archive.parent, check=False
    )
    assert checked.returncode == 0
    assert hashlib.sha256(first).hexdigest() in archive.with_name(f"{archive.name}.sha256").read_text()


def test_release_is_refused_when_this_is_no_clone(wheels: Path, tmp_path: Path) -> None:
    with pytest.raises(NoRelease, match="no clone"):
        pack(tmp_path, "1.2.0", wheels, tmp_path / "dist")
