"""The data folder: where it is, who may write it, and the one lock that keeps two of a script apart."""

import argparse
import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from agent.clock import Clock, SystemClock
from agent.config import SYSTEM_FILE
from agent.errors import Busy, FolderError
from agent.settings import Config
from store import Store

SYSTEM_FOLDER = Path("/var/lib/moss")


class DataFolder:
    """One folder of streams, each a file NAME.jsonl.

    Arguments:
        path: the folder; it need not exist before `prepare`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def stream(self, name: str) -> Path:
        """Return the path of a stream such as "prices"."""
        return self.path / f"{name}.jsonl"

    def open(self, name: str, config: Config) -> Store:
        """Open a stream for appending, as the config's [store] says."""
        return Store(self.stream(name), durable=config.store.durable, checksum=config.store.checksum)

    def prepare(self) -> None:
        """Make the folder if it is missing, and see that this user may write it.

        Raises: FolderError saying what to do.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            owner = self.path.stat().st_uid
        except OSError as error:
            raise FolderError(f"{self.path}: cannot be made a data folder: {error.strerror}") from error
        me = os.geteuid()
        if owner != me:
            todo = "run as its owner or name another with --data"
            raise FolderError(f"{self.path}: belongs to user {owner}, this is {me}; {todo}")
        if not os.access(self.path, os.W_OK | os.X_OK, effective_ids=True):
            raise FolderError(f"{self.path}: cannot be written; check its permissions and that the disk is writable")

    @contextlib.contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Keep every other process of the same script out of this folder while the block lasts.

        Arguments:
            name: "bot" or "sentiment"; the lock is the file NAME.lock, and falls with the process however it ends.
        Raises: Busy, naming the process that holds it; FolderError where the file cannot be made.
        """
        path = self.path / f"{name}.lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise FolderError(f"{path}: cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 100, 0).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise Busy(f"{self.path}: {name} already runs here, as process {holder}; wait, or end that one") from error
        try:
            # The number is only told to people. On a full disk there is none to tell, and the lock holds all the same.
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(descriptor)


def add_places(parser: argparse.ArgumentParser, default: str | None) -> None:
    """Add the two options that every command has: which configuration, which data folder."""
    parser.add_argument("--config", metavar="FILE", default=default, help="the configuration to follow")
    parser.add_argument("--data", metavar="DIR", default=default, help="the data folder")


def find_data(argument: str | None, environ: Mapping[str, str] = os.environ) -> DataFolder:
    """Return the data folder that applies here.

    Arguments:
        argument: the folder named by `--data`; then come MOSS_DATA, $STATE_DIRECTORY, /var/lib/moss where moss is
            installed, ./data.
    """
    named = argument or environ.get("MOSS_DATA") or environ.get("STATE_DIRECTORY", "").split(":")[0]
    if named:
        return DataFolder(Path(named))
    return DataFolder(SYSTEM_FOLDER if SYSTEM_FILE.exists() else Path("data"))


def process_clock(config: Config, folder: DataFolder, wait: Callable[[float], object]) -> Clock:
    """Return the clock this process lives by: the machine's, or the demo market's own, which may run faster.

    Arguments:
        wait: what sleeps, in real seconds, and returns early when a stop is asked for.
    """
    if config.market.source != "demo" or config.market.demo_speed == 1:
        return SystemClock(wait)
    from agent.fast_clock import going_on  # nobody else needs it

    return going_on(folder.stream("prices"), float(config.market.demo_speed), wait)
