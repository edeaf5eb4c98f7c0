"""The chart library is put in place whole, and only as it was published."""

import tarfile
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from desk.dashboard import vendor


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Return two files that stand in for the release's, whose hashes are the ones asked for."""
    files = {"uPlot.iife.min.js": b"var uPlot", "uPlot.min.css": b".uplot {}"}
    monkeypatch.setattr(vendor, "FILES", {name: sha256(content).hexdigest() for name, content in files.items()})
    return files


def wheel(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"package/vendor/{name.lower()}", content)
    return path


def npm_archive(path: Path, files: dict[str, bytes]) -> Path:
    source = path.with_suffix("")
    source.mkdir()
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            (source / name).write_bytes(content)
            archive.add(source / name, f"package/dist/{name}")
    return path


@pytest.mark.parametrize("pack", [wheel, npm_archive])
def test_library_comes_out_of_either_package(
    tmp_path: Path, library: dict[str, bytes], pack: Callable[[Path, dict[str, bytes]], Path]
) -> None:
    vendor.put(tmp_path / "vendor", pack(tmp_path / "package.tgz", {**library, "other.js": b"not asked for"}))
    assert {path.name: path.read_bytes() for path in (tmp_path / "vendor").iterdir()} == library


def test_library_that_was_changed_is_refused(tmp_path: Path, library: dict[str, bytes]) -> None:
    changed = {**library, "uPlot.iife.min.js": b"var uPlot; fetch('//evil')"}
    with pytest.raises(vendor.NotVendored, match=r"does not hold uPlot\.iife\.min\.js"):
        vendor.put(tmp_path / "vendor", wheel(tmp_path / "a.whl", changed))
    assert not (tmp_path / "vendor").exists()


def test_library_that_is_there_is_left_alone(tmp_path: Path, library: dict[str, bytes]) -> None:
    vendor.put(tmp_path / "vendor", wheel(tmp_path / "a.whl", library))
    vendor.put(tmp_path / "vendor", tmp_path / "not there")
    (tmp_path / "vendor" / "uPlot.min.css").write_bytes(b"broken")
    vendor.put(tmp_path / "vendor", tmp_path / "a.whl")
    assert (tmp_path / "vendor" / "uPlot.min.css").read_bytes() == library["uPlot.min.css"]


def test_file_that_is_no_package_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.tgz").write_bytes(b"no archive")
    with pytest.raises(vendor.NotVendored, match="neither a wheel nor npm's archive"):
        vendor.put(tmp_path / "vendor", tmp_path / "x.tgz")
    assert capsys.readouterr().out == ""
