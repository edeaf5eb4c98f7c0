"""The data folder: where it is, who may write it, and the one lock that keeps two of a script apart."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from agent.clock import MINUTE_S, Clock, SystemClock, seconds
from agent.config import SYSTEM_FILE
from agent.errors import Busy, FolderError
from agent.settings import Config
from store import Store, newest

if TYPE_CHECKING:
    import argparse

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
        if owner != os.geteuid():
            me = os.geteuid()
            raise FolderError(
                f"{self.path}: belongs to user {owner}, this is {me}; run as its owner or name another with --data"
            )
        if not os.access(self.path, os.W_OK | os.X_OK, effective_ids=True):
            raise FolderError(f"{self.path}: cannot be written; check its permissions and that the disk is writable")

    def readable(self) -> None:
        """See that there is something to read here.

        Raises: FolderError saying what to do.
        """
        if not self.path.is_dir():
            raise FolderError(f"{self.path}: there is no such data folder; start bot.py first, or name it with --data")
        if not os.access(self.path, os.R_OK | os.X_OK, effective_ids=True):
            raise FolderError(f"{self.path}: no permission to read it; join the group of its owner (moss on a VPS)")

    def touched_s(self) -> float:
        """Return when one of the bot's streams was last written to, seconds since 1970 UTC, 0 if never."""
        paths = [self.stream(name) for name in ("prices", "signals", "ledger", "events")]
        return max((path.stat().st_mtime for path in paths if path.exists()), default=0.0)

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


def add_places(parser: "argparse.ArgumentParser", default: str | None) -> None:
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
    machine = SystemClock(wait)
    if config.market.source != "demo" or config.market.demo_speed == 1:
        return machine
    from agent.fast_clock import FastClock  # nobody else needs it

    # A fast clock goes on where the stored candles end: otherwise a second start would fall back behind the first.
    start_s = machine.now_s() // MINUTE_S * MINUTE_S
    for record in newest(folder.stream("prices")):
        start_s = seconds(record["open_ts"]) + MINUTE_S
        break
    return FastClock(start_s, float(config.market.demo_speed), wait)
