"""The command line of the store: what a person asks of the files."""

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from store.console import DONE, FAILED, INTERRUPTED, flush, let_go, name, say, show, write, write_text
from store.errors import StoreError
from store.follower import Follower
from store.history import scan
from store.keeping import FILE, add_to, count
from store.read import newest
from store.search import SLACK_S, bound
from store.segments import segments
from store.streams import streams
from store.verdict import Verdict, verify


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    try:
        options = _parser().parse_args(arguments)
        status: int = options.run(options)
        flush()
    except BrokenPipeError:
        return DONE  # whoever read the pipe has seen enough
    except PermissionError as error:
        say(f"{error.filename}: no permission: be in the group of that folder, or its owner (ls -l shows both)")
        return FAILED
    except (OSError, StoreError, ValueError) as error:
        say(str(error))
        return FAILED
    finally:
        let_go()
    return status


def _tail(options: argparse.Namespace) -> int:
    name(options.file)
    lines = [show(record) for record in islice(newest(options.file), options.n)]
    for line in reversed(lines):
        write(line)
    return DONE


def _scan(options: argparse.Namespace) -> int:
    name(options.file)
    for record in scan(options.file, options.since, options.until):
        write(show(record))
    return DONE


def _follow(options: argparse.Namespace) -> int:
    name(options.file)
    asked: list[int] = []

    def end(number: int, _: object) -> None:
        # Between a record's coming and its printing the position would be one too far; who asks twice cannot wait.
        asked.append(number)
        signal.signal(number, signal.default_int_handler)

    def wait(pause_s: float) -> object:
        if not asked:
            time.sleep(pause_s)
        return asked

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    follower = Follower(options.file, options.position, wait=wait)
    for record in follower:
        write(show(record))
        flush()
        if asked:
            break
    say(f"to go on from here: --from {follower.position}")
    return DONE


def _verify(options: argparse.Namespace) -> int:
    status = DONE
    for path, verdict in _verdicts(options.path):
        write_text(f"{Path(path).name}: {_summary(verdict)}")
        for damage in verdict.damaged + verdict.set_back:
            write_text(f"{damage.file}:{damage.line}: {damage.why}")
        if not verdict.ok:
            status = FAILED
    return status


def _summary(verdict: Verdict) -> str:
    state = "ok" if verdict.ok else f"{len(verdict.damaged)} DAMAGED"
    counts = f"{verdict.records} records in {verdict.segments} files, {verdict.bytes} bytes"
    span = f", from {verdict.first_ts} to {verdict.last_ts}" if verdict.first_ts else ""
    notes = [
        f", {count} {what}"
        for count, what in (
            (verdict.unchecked, "without checksum"),
            (verdict.torn, "torn at the end (the next append heals it)"),
            (len(verdict.set_back), "times the clock was set back"),
        )
        if count
    ]
    return f"{state}, {counts}{span}{''.join(notes)}"


def _stats(options: argparse.Namespace) -> int:
    for path, verdict in _verdicts(options.path):
        facts = {
            "stream": Path(path).name,
            "records": verdict.records,
            "segments": verdict.segments,
            "bytes": verdict.bytes,
            "disk_bytes": _disk_bytes(path),
            "damaged": len(verdict.damaged),
            "first_ts": verdict.first_ts,
            "last_ts": verdict.last_ts,
        }
        write_text(json.dumps(facts))
    return DONE


def _verdicts(path: str) -> Iterator[tuple[str, Verdict]]:
    if Path(path).is_dir():
        paths = streams(path)
        say(f"{Path(path).absolute()}: {len(paths)} streams")
    else:
        paths = [path]
        name(path)
    for stream in paths:
        yield stream, verify(stream)


def _disk_bytes(path: str) -> int:
    candidates = [path, *(name + ending for name in segments(path) for ending in ("", ".gz"))]
    return sum(Path(name).stat().st_size for name in candidates if Path(name).exists())


def _moment(text: str) -> str:
    try:
        bound(text, -SLACK_S)
        bound(text, SLACK_S)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no moment such as 2026-11-21T09:00+09:00") from error
    return text


def _parser() -> argparse.ArgumentParser:
    told = "`python -m store COMMAND --help` tells more of a command."
    parser = argparse.ArgumentParser(prog="python -m store", description=__doc__, epilog=told)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    tail = commands.add_parser("tail", help="the last records, oldest first")
    tail.add_argument("file", metavar="FILE", help=FILE)
    tail.add_argument("-n", type=count, default=10, metavar="N", help="how many (default 10)")
    tail.set_defaults(run=_tail)

    scan_ = commands.add_parser("scan", help="all records, or those of a time")
    scan_.add_argument("file", metavar="FILE", help=FILE)
    scan_.add_argument("--since", type=_moment, metavar="T", help="first moment wanted, ISO-8601, UTC without offset")
    scan_.add_argument("--until", type=_moment, metavar="T", help="first moment not wanted any more")
    scan_.set_defaults(run=_scan)

    follow = commands.add_parser("follow", help="all records from a position on, and then each as it comes")
    follow.add_argument("file", metavar="FILE", help=FILE)
    place = "start (the default), end, or the position that follow told when it was interrupted"
    follow.add_argument("--from", dest="position", default="start", metavar="POSITION", help=place)
    follow.set_defaults(run=_follow)

    for word, run, text in (
        ("verify", _verify, "check every line; exit status 1 if one is damaged"),
        ("stats", _stats, "how much there is, one JSON object a stream"),
    ):
        command = commands.add_parser(word, help=text)
        command.add_argument("path", metavar="FILE|DIR", help="one stream, or a data folder with all of its streams")
        command.set_defaults(run=run)
    add_to(commands)
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
