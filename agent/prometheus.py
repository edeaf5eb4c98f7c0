"""The hourly report as a text file that node_exporter's textfile collector hands on to Prometheus."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agent.clock import seconds
from agent.errors import MossError
from store import Record

# Labelled numbers of one report; a report that holds more is none of ours.
_SAMPLES_MAX = 1_000
_NO_SAMPLE = ("ts", "kind", "config")


class CannotExpose(MossError):
    """The file could not be written: its owner mends the folder that [report] prometheus names, or its permissions."""


def write(path: str | os.PathLike[str], report: Record) -> None:
    """Replace the file by what the report says, at once: whoever reads it sees the old one or the new one.

    Arguments:
        path: ends in .prom, in the collector's folder; others must be able to read it.
        report: a record of kind `report`.
    Raises: CannotExpose.
    """
    target = Path(path)
    # Not .prom: the collector reads every file of that name.
    part = target.with_name(f"{target.name}.part")
    try:
        part.write_text(text(report), encoding="utf-8")
        part.chmod(0o644)
        part.replace(target)
    except OSError as error:
        raise CannotExpose(f"{target}: cannot be written: {error.strerror}") from error


def text(report: Record) -> str:
    """Return the report's numbers in the text format of Prometheus, each a gauge.

    A number under a name is `moss_NAME`, numbers by name within it have that name as the label `of`; a list is told by
    its length. `moss_report_seconds` is when the report was made: watch that it does not grow old.
    """
    samples: dict[str, list[str]] = {"moss_report_seconds": [f" {seconds(report['ts'])!r}"]}
    for count, (name, label, value) in enumerate(_numbers(report)):
        if count >= _SAMPLES_MAX:
            break
        labels = "" if label is None else '{of="' + _escaped(label) + '"}'
        samples.setdefault(f"moss_{name}", []).append(f"{labels} {value!r}")
    lines = []
    for name, values in samples.items():
        lines += [f"# HELP {name} From the hourly report of moss.", f"# TYPE {name} gauge"]
        lines += [f"{name}{value}" for value in values]
    return "\n".join([*lines, ""])


def _numbers(report: Mapping[str, Any]) -> Iterator[tuple[str, str | None, int | float]]:
    for name, value in report.items():
        if name in _NO_SAMPLE:
            continue
        for inner, label, number in _within(value):
            yield re.sub("[^a-zA-Z0-9_]", "_", f"{name}{inner}"), label, number


def _within(value: object) -> Iterator[tuple[str, str | None, int | float]]:
    """Yield what hangs on the name, the label and the number of each number in there."""
    if isinstance(value, dict):
        for key, entry in value.items():
            if isinstance(entry, dict):
                for what, each in entry.items():
                    yield from ((f"_{what}", str(key), number) for number in _plain(each))
            else:
                yield from (("", str(key), number) for number in _plain(entry))
    else:
        yield from (("", None, number) for number in _plain(value))


def _plain(value: object) -> Iterator[int | float]:
    if isinstance(value, int | float):
        yield value + 0  # true is 1
    elif isinstance(value, list):
        yield len(value)


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
