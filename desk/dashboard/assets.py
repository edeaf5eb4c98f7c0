"""The page's own files, by their names and no other way."""

import re
from pathlib import Path

STATIC = Path(__file__).resolve().parent / "static"
VENDOR = Path(__file__).resolve().parent / "vendor"
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,80}", re.ASCII)


class Assets:
    """What lies in the folders when the desk starts; a name that is not among it leads nowhere.

    Arguments:
        folders: where files lie; of two with the same name the first folder's counts.
    """

    def __init__(self, *folders: Path) -> None:
        self._paths: dict[str, Path] = {}
        for folder in reversed(folders):
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if path.suffix in MEDIA_TYPES and _NAME.fullmatch(path.name) and path.is_file():
                    self._paths[path.name] = path

    def find(self, name: str) -> tuple[bytes, str] | None:
        """Return a file's content and media type, None where there is none of that name."""
        path = self._paths.get(name)
        if path is None:
            return None
        try:
            return path.read_bytes(), MEDIA_TYPES[path.suffix]
        except OSError:
            return None

    def stamp(self, name: str) -> object:
        """Return what changes when the file does."""
        try:
            found = self._paths[name].stat()
        except (KeyError, OSError):
            return None
        return found.st_mtime_ns, found.st_size
