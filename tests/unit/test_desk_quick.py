"""Reading by the block gives what reading line by line as JSON gives, whatever lies between the usual lines."""

import json
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from agent.folder import DataFolder
from desk.dashboard.cells import Gaps
from desk.dashboard.digests import Digests
from desk.dashboard.records import Records
from desk.dashboard.series import Series
from store import Damage
from store.errors import Damaged
from store.line import decode, encode
from tests.desks import BEGIN_S, candle, fill_store, rotate
from tests.odd_lines import MOMENTS, NUMBERS, STREAMS, TEXTS, Kind, Line, lines_of, rewritten, usual


def fold_in(cells: Any, lines: Iterable[Line]) -> None:  # noqa: ANN401 - any of four
    """Read lines as any reader of the store would."""
    for line in lines:
        try:
            cells.add(decode(line))
        except (Damaged, KeyError, TypeError, ValueError, OverflowError):
            continue


def contents(cells: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any of four
    rows = {name: list(each) for name, each in getattr(cells, "rows", {}).items()}
    return rows, sorted(getattr(cells, "marks", ())), getattr(cells, "gaps", ()), getattr(cells, "sources", {})


def cut(lines: list[Line], chance: random.Random) -> Iterator[list[Line]]:
    """Yield the lines in blocks of any size."""
    while lines:
        size = chance.choice([1, 2, 30, 200])
        yield lines[:size]
        lines = lines[size:]


@pytest.mark.parametrize("cell_s", [60, 300, 900])
@pytest.mark.parametrize("kind", list(STREAMS))
@pytest.mark.parametrize("hurt_part", [0, 0.02, 0.5])
def test_blocks_give_what_lines_give(kind: Kind, cell_s: int, hurt_part: float, seed: int) -> None:
    chance = random.Random(seed)
    quick, plain = kind(cell_s), kind(cell_s)
    left, count = 0, 0
    for lines in cut(lines_of(kind, chance, 1500, hurt_part), chance):
        fold_in(plain, lines)
        block = b"\n".join(lines)
        count += len(lines)
        for offset, line in quick.take(block):
            assert block[offset : offset + len(line)] == line
            assert line in lines
            left += 1
            fold_in(quick, [line])
    assert contents(quick) == contents(plain)
    assert any(contents(plain)), "nothing was tried"
    # One odd line leaves its whole run, so with many of them little is read by the block.
    if not hurt_part and kind is not Gaps:
        assert left < count * 0.75, "nearly all was left to the plain reader"


@pytest.mark.parametrize("kind", list(STREAMS))
def test_every_odd_value_is_read_as_json_reads_it(kind: Kind) -> None:
    """Each of them in each field of one line among usual ones."""
    chance = random.Random(4)
    before, after = (encode(usual(kind, random.Random(at), 5 + at))[:-1] for at in (1, 2))
    odd = [*NUMBERS, *(json.dumps(text) for text in (*MOMENTS, *TEXTS))]
    for name, value in list(usual(kind, chance, 6).items())[2:]:
        line = encode(usual(kind, random.Random(4), 6))[:-1]
        field = f'"{name}":{json.dumps(value, ensure_ascii=False)}'.encode()
        for other in odd:
            changed = rewritten(line, field, b'"%b":%b' % (name.encode(), other.encode()))
            lines = b"\n".join([before, changed, after]).split(b"\n")
            quick, plain = kind(), kind()
            fold_in(plain, lines)
            for _, left in quick.take(b"\n".join(lines)):
                fold_in(quick, [left])
            assert contents(quick) == contents(plain), (name, other)


def test_lines_of_our_own_writers_are_of_the_usual_form(tmp_path: Path) -> None:
    """Else all would still be right, and as slow as without."""
    from tests.page import demo_store

    demo_store.fill(tmp_path, BEGIN_S, 1500)
    for kind, stream in STREAMS.items():
        content = (tmp_path / f"{stream}.jsonl").read_bytes()[:-1]
        if kind is not Gaps:
            assert list(kind().take(content)) == [], stream


def test_every_damaged_line_is_told_by_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [encode(candle(minute, 1000))[:-1] for minute in range(100)]
    for at in (0, 50, 99):
        lines[at] = lines[at].replace(b'"open":999', b'"open":998')
    (tmp_path / "prices.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    told: list[Damage] = []
    records = Records(DataFolder(tmp_path))
    monkeypatch.setattr(records, "tell", told.append)
    series = Series(records).drawn(BEGIN_S, BEGIN_S + 6000, 2000, None)
    assert len(series["time"]) == 97
    offsets = [sum(len(line) + 1 for line in lines[:at]) for at in (0, 50, 99)]
    # Cells of two widths were read; who tells says each once.
    assert [each.why.split(":")[0] for each in dict.fromkeys(told)] == [f"at byte {offset}" for offset in offsets]


def test_two_who_ask_at_once_have_each_file_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_store(tmp_path / "data", 3000)
    rotate(tmp_path / "data", "prices", 1_795_248_000, gzipped=True)
    reads: list[str] = []
    plain: Callable[..., None] = Digests._read

    def counted(self: Any, source: Any, digest: Any) -> None:  # noqa: ANN401 - passed on
        reads.append(source.path)
        plain(self, source, digest)

    monkeypatch.setattr(Digests, "_read", counted)
    series = Series(Records(DataFolder(tmp_path / "data")))
    answers: list[Any] = []
    asking = [
        Thread(target=lambda: answers.append(series.drawn(BEGIN_S, BEGIN_S + 600_000, 200, None))) for _ in range(4)
    ]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert answers == answers[:1] * 4
    assert sum(path.endswith(".gz") for path in reads) == 1
