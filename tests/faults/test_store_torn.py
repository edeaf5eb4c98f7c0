"""What a writer leaves that died in the middle of a line: healed by the next append, whatever was left."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from store import Damage, Record, Store, newest, scan, verify
from store.line import encode
from tests.faults.store_rotation import rotate
from tests.faults.store_writer import BlankingForward, Unhealed


def record(n: int, **fields: object) -> Record:
    return {"ts": f"2026-11-21T00:00:{n:02d}.000Z", "kind": "test", "n": n, **fields}


def read(path: Path) -> tuple[list[int], list[Damage]]:
    told: list[Damage] = []
    forward = [found["n"] for found in scan(path, on_damage=told.append)]
    backward = [found["n"] for found in newest(path, on_damage=told.append)]
    assert forward == backward[::-1]
    return forward, told


LINE = encode(record(1, title="비트코인 급등"))


@pytest.mark.parametrize("durable", [True, False])
def test_every_cut_of_a_line_is_healed(tmp_path: Path, *, durable: bool) -> None:
    for length in range(1, len(LINE)):
        path = tmp_path / f"{length}.jsonl"
        before = encode(record(0))
        path.write_bytes(before + LINE[:length])
        assert read(path) == ([0], [])
        with Store(path, durable=durable) as store:
            store.append(record(2))
        assert read(path) == ([0, 2], [])
        assert path.read_bytes() == before + b" " * (length - 1) + b"\n" + encode(record(2))
        assert Path(f"{path}.torn").read_bytes() == LINE[:length] + b"\n"
        verdict = verify(path)
        assert (verdict.ok, verdict.torn, verdict.records) == (True, 0, 2)


def test_every_cut_but_the_last_costs_an_acknowledged_record_without_healing(tmp_path: Path) -> None:
    lost = 0
    for length in range(1, len(LINE)):
        path = tmp_path / f"{length}.jsonl"
        path.write_bytes(encode(record(0)) + LINE[:length])
        with Unhealed(path) as store:
            store.append(record(2))
        lost += read(path)[0] != [0, 2]
    assert lost == len(LINE) - 1


def test_first_line_of_a_file_is_healed_too(tmp_path: Path) -> None:
    path = tmp_path / "prices.jsonl"
    path.write_bytes(LINE[:50])
    with Store(path) as store:
        store.append(record(2))
    assert read(path) == ([2], [])


def test_zeros_of_a_power_cut_are_healed_however_many(tmp_path: Path) -> None:
    path = tmp_path / "prices.jsonl"
    for zeros in (1, 4096, 3_000_000):
        path.write_bytes(encode(record(0)) + b"\0" * zeros)
        with Store(path) as store:
            store.append(record(2))
        assert read(path) == ([0, 2], [])


def test_torn_batch_keeps_its_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "prices.jsonl"
    path.write_bytes(encode(record(0)) + encode(record(1)) + LINE[:30])
    with Store(path) as store:
        store.append(record(2))
    assert read(path) == ([0, 1, 2], [])


def test_writer_heals_what_another_one_left_while_it_was_open(tmp_path: Path) -> None:
    path = tmp_path / "prices.jsonl"
    with Store(path) as store:
        store.append(record(0))
        with path.open("ab") as file:
            file.write(LINE[:40])
        store.append(record(2))
        store.append(record(3))
    assert read(path) == ([0, 2, 3], [])


def test_healing_needs_no_side_file(tmp_path: Path) -> None:
    path = tmp_path / "prices.jsonl"
    path.write_bytes(encode(record(0)) + LINE[:40])
    Path(f"{path}.torn").mkdir()
    with Store(path) as store:
        store.append(record(2))
    assert read(path) == ([0, 2], [])


def test_healed_file_stays_readable_for_jq(tmp_path: Path, program: Callable[..., str]) -> None:
    path = tmp_path / "prices.jsonl"
    path.write_bytes(encode(record(0)) + LINE[:40])
    with Store(path) as store:
        store.append(record(2))
    done = subprocess.run([program("jq"), "-c", "del(._c)", str(path)], capture_output=True, text=True, check=True)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [record(0), record(2)]


class Killed(BaseException):
    """What a test raises where a kill would end the process."""


@pytest.mark.parametrize("blanking", [Store, BlankingForward])
def test_taking_back_a_batch_may_be_killed_at_any_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blanking: type[Store]
) -> None:
    class Rotated(blanking):  # type: ignore[valid-type, misc]
        def _stays(self) -> bool:
            if not path.with_name(f"{path.name}-20261121-1").exists():
                rotate(path, 1)
            return super()._stays()  # type: ignore[no-any-return]

    overwrite = os.pwrite
    left = 0

    def killed_after_a_while(descriptor: int, data: bytes, offset: int) -> int:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        return overwrite(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", killed_after_a_while)
    damaged = 0
    for writes in range(9):
        path = tmp_path / f"{writes}.jsonl"
        left = 1_000_000
        with Store(path) as store:
            store.append(record(0))
        left = writes
        with pytest.raises(Killed), Rotated(path, durable=False) as store:
            store.append_many(record(n, x="x" * 3000) for n in range(1, 13))
        left = 1_000_000
        with Store(path) as store:
            store.append(record(13))
        told: list[Damage] = []
        found = [one["n"] for one in scan(path, on_damage=told.append)]
        assert found[0] == 0
        assert found[-1] == 13
        assert len(found) == len(set(found))
        damaged += len(told)
    assert (damaged > 0) == (blanking is BlankingForward)
