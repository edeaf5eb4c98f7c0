"""What is done beside the loop, by a process of its own: the day summed up, backed up, and sent off the box.

backup: where [backup] folder says so, back the data folder up into it, verified, with the configuration, remove old
    backups, and old segments that the backup holds; store a `backup` event. Then store yesterday's `summary`.
offbox: send what is new to the address in the secret MOSS_BACKUP_URL; store a `backup` event.

It ends with 0 when all is done, 75 when the other side could not be reached or another such process is at work, 1 when
it failed, which an `error` event tells of, and 78 when the configuration is wrong.
"""

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile

from agent import config
from agent.clock import SystemClock, timestamp
from agent.console import leave_quietly, say
from agent.deadline import DeadlinePassed, deadline
from agent.display import show
from agent.errors import Busy, FolderError, MossError, Stopped, UsageError
from agent.folder import DataFolder, add_places, find_data, process_clock
from agent.secret import secret
from agent.settings import Config
from agent.stop import Stop
from store import NotStored, StoreError, newest

SECRET = "MOSS_BACKUP_URL"  # noqa: S105 - the name of one
# Below the time that the loop gives each.
DEADLINES_S = {"backup": 10_000.0, "offbox": 1_500.0}
_LOOK_S = 1.0
_NICENESS = 15


class Night:
    """One command on one data folder; `clock` is the one its records live by, which in a demo may run faster.

    Arguments:
        since_ts: a backup that was made since then is not made again, None: it is.
    """

    def __init__(
        self, settings: Config, folder: DataFolder, stop: Stop, deadline_s: float, since_ts: str | None
    ) -> None:
        self.config, self.folder, self.stop, self.since_ts = settings, folder, stop, since_ts
        self.clock = process_clock(settings, folder, stop.wait)
        self.real = SystemClock(stop.wait)
        self.begun_s = self.real.monotonic_s()
        self.end_s = self.begun_s + deadline_s

    def event(self, kind: str, **fields: object) -> None:
        """Store one event; raises NotStored."""
        with self.folder.open("events", self.config) as events:
            events.append({"ts": timestamp(self.clock.now_s()), "kind": kind, **fields})

    def done(self, what: str, **fields: object) -> None:
        """Store and show that something was done; raises NotStored."""
        seconds = round(self.real.monotonic_s() - self.begun_s, 1)
        self.event("backup", what=what, **fields, seconds=seconds)
        told = ", ".join(f"{name} {value}" for name, value in fields.items())
        show(f"{what}: {told}, in {seconds} s")

    def backup(self) -> None:
        """Back up, and remove what is too old."""
        from agent.keep import keep

        if not self.config.backup.folder:
            if self.config.store.keep_d:
                raise FolderError("[store] keep_d removes only what a backup holds, and [backup] folder names none")
            return
        if self._is_done("backup"):
            return
        with self._limited():
            kept = keep(self.config, self.folder, self.real.now_s())
        self.done("backup", **kept.fields)
        if kept.damaged:
            raise FolderError("; ".join(kept.damaged))

    def summary(self) -> None:
        """Store what yesterday was, once."""
        from agent.summary import sum_up

        with self._limited():
            summary = sum_up(self.config, self.folder, self.clock.now_s())
        if summary:
            self.event("summary", **summary)
            show(f"summary: {summary['day']} stored")

    def offbox(self) -> None:
        """Send what is new."""
        from agent.offbox import Offbox, checked
        from agent.upload import Uploader

        base = secret(SECRET)
        if not base:
            raise UsageError(f"{SECRET} is not set: it is the address to send to (docs/operations.md)")
        uploader = Uploader(self.real, self.stop)
        sent = Offbox(self.config, self.folder, self.real, uploader, checked(base), self.end_s).run()
        if sent.files:
            self.done("offbox", to=sent.to, files=sent.files, bytes=sent.bytes)

    def _is_done(self, what: str) -> bool:
        """Tell whether an earlier try did it: what it found damaged, say, is no better for being backed up again."""
        if self.since_ts is None:
            return False
        since = takewhile(lambda event: event["ts"] >= self.since_ts, newest(self.folder.stream("events")))
        return any(event["kind"] == "backup" and event.get("what") == what for event in since)

    @contextlib.contextmanager
    def _limited(self) -> Iterator[None]:
        with deadline(self.end_s - self.real.monotonic_s(), self.stop), self.stop.interruptible():
            yield

    def told(self, what: str, work: Callable[[], None]) -> int:
        """Do one thing, and store what it failed of; return the exit status that means."""
        try:
            work()
            return 0
        except (UsageError, Stopped, BrokenPipeError):
            raise
        except DeadlinePassed:
            error: MossError = FolderError("it was not done within its time")
        except MossError as trouble:
            error = trouble
        except (StoreError, OSError) as trouble:
            error = FolderError(str(trouble))
        say(f"night: {what}: {error}")
        self.event("error", **{"class": error.kind}, what=what, message=str(error))
        return error.exit_status


@contextlib.contextmanager
def alone(folder: DataFolder, stop: Stop, wait_s_max: float) -> Iterator[None]:
    """Hold the lock of such processes, waiting for one that is at work.

    Raises: Busy when that does not end in time.
    """
    end_s = time.monotonic() + wait_s_max
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(folder.hold("night"))
                break
            except Busy:
                if stop.asked or time.monotonic() > end_s:
                    raise
                stop.wait(_LOOK_S)
        yield


def _step_back() -> None:
    """Let all else go first; where that is not allowed (a systemd unit may forbid it), go on as it is."""
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m agent.night", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("backup", "offbox"), metavar="COMMAND", help="backup or offbox")
    add_places(parser, default=None)
    parser.add_argument("--deadline-s", type=float, metavar="S", help="how long it may take")
    parser.add_argument("--since", metavar="MOMENT", help="a backup made since then is enough, as a record's ts has it")
    options = parser.parse_args(arguments)
    try:
        folder = find_data(options.data)
        settings, _ = config.load_or_last(options.config, folder)
        folder.prepare()
        _step_back()
        stop = Stop()
        stop.install()
        deadline_s = options.deadline_s or DEADLINES_S[options.command]
        with alone(folder, stop, deadline_s / 4):
            night = Night(settings, folder, stop, deadline_s, options.since)
            if options.command == "offbox":
                return night.told("offbox", night.offbox)
            # Neither stands in the other's way.
            return max(night.told("backup", night.backup), night.told("summary", night.summary))
    except MossError as error:
        say(f"night: {error}")
        return error.exit_status
    except BrokenPipeError:
        return 0
    except (NotStored, OSError) as error:
        say(f"night: {error}")
        return 1
    finally:
        leave_quietly()


if __name__ == "__main__":
    sys.exit(main())
