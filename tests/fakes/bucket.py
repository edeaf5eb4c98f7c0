"""A bucket as object stores have it: PUT stores an object, GET hands it out, and trouble on demand."""

import time
from collections.abc import Callable
from pathlib import Path

from tests.fakes.server import LocalServer, Reply, Request

KEY = "k3y-that-nobody-may-see"


class Bucket:
    """Objects by their path, on 127.0.0.1 while its `with` block lasts; `trouble`, where set, answers instead.

    What looks through the objects takes a copy: a request whose client is gone may still store one meanwhile.
    """

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.trouble: Callable[[Request], Reply | None] | None = None
        self.server = LocalServer(self._answer)

    @property
    def url(self) -> str:
        """The address to send to, with a secret in its path and another one in its query."""
        return f"{self.server.url}/p/{KEY}/b/moss?sig={KEY}"

    @property
    def puts(self) -> list[str]:
        """The names that were sent, in order, each as often as it was."""
        return [self._name(request) for request in self.server.requests if request.method == "PUT"]

    @property
    def boxes(self) -> list[str]:
        """The folders that all of it is in, in the order they were begun in."""
        return list(dict.fromkeys(name.partition("/")[0] for name in list(self.objects)))

    @property
    def box(self) -> str:
        """The one folder that all of it is in."""
        (box,) = self.boxes
        return box

    def download(self, folder: Path, box: str = "") -> Path:
        """Write all objects of a box, the only one if none is named, into a folder, as rclone does."""
        folder.mkdir()
        box = box or self.box
        for name, content in list(self.objects.items()):
            if name.startswith(f"{box}/"):
                (folder / name.partition("/")[2]).write_bytes(content)
        return folder

    def __enter__(self) -> "Bucket":
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__(None, None, None)

    def _name(self, request: Request) -> str:
        return request.path.removeprefix(f"/p/{KEY}/b/moss/")

    def _answer(self, request: Request) -> Reply:
        if self.trouble and (reply := self.trouble(request)):
            return reply
        if request.query.get("sig") != KEY or not request.path.startswith(f"/p/{KEY}/b/moss/"):
            return Reply(403)
        name = self._name(request)
        if request.method == "PUT":
            self.objects[name] = request.body
            return Reply(201)
        return Reply(200, self.objects[name]) if name in self.objects else Reply(404)


def slow(_request: Request) -> Reply:
    """Answer after a while."""
    time.sleep(3)
    return Reply(200)
