"""What is older than a record and holds two texts, against everything read and asked."""

import gzip
import random
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

import pytest

from store import Record, Store, newest, sieve
from store.line import encode
from store.lines import number_at
from store.segments import Source, open_segment
from store.sieve import older
from tests.fakes.decoder import watched
from tests.faults.store_rotation import spread

SYMBOLS = ("KRW-BTC", "KRW-ETH", 'odd "name" é', "KRW-XRP")


def record(n: int, symbol: str, source: str = "upbit") -> Record:
    return {"ts": f"2026-11-21T{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}.000Z", "kind": "test", "n": n} | {
        "symbol": symbol,
        "source": source,
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "prices.jsonl"


def test_older_is_what_reading_everything_gives(path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(sieve, "_OVERLAP_BYTES", chance.choice((64, 200, 4096)))
    at_hand = [chance.choices(SYMBOLS, (9, 5, 1, chance.random() / 20))[0] for _ in range(3000)]
    spread(path, [record(n, symbol, chance.choice(("upbit", "demo"))) for n, symbol in enumerate(at_hand)], 5)
    back = list(newest(path))
    for _ in range(10):
        place = chance.randrange(len(back))
        sought, also = set(chance.sample(SYMBOLS, chance.randrange(1, 4))), chance.choice(("upbit", "demo", "none"))
        found = list(older(path, back[place], sought, {also}))
        assert found == [each for each in back[place + 1 :] if each["symbol"] in sought and each["source"] == also]


def test_text_over_the_end_of_a_piece_is_found(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long line first, which puts the end of the first piece into each letter of the next one's symbol by turns."""
    rare = [record(0, "KRW-XRP"), record(1, "KRW-BTC")]
    missed = []
    for overlap_bytes in (1, sieve._OVERLAP_BYTES):
        monkeypatch.setattr(sieve, "_OVERLAP_BYTES", overlap_bytes)
        for size in range(65_300, 65_536):
            with Store(path, durable=False) as store:
                store.append_many([{"ts": "2026-11-21T00:00:00.000Z", "kind": "long", "text": "x" * size}, *rare])
            with closing(open_segment(str(path))) as source:
                if not sieve._may_hold(source, {"KRW-XRP"}, {"upbit"}):
                    missed.append(overlap_bytes)
            path.unlink()
    # The control: with one byte of the piece before, it is missed wherever the end falls between its letters.
    assert missed == [1] * 7


def test_text_over_many_pieces_is_found(path: Path) -> None:
    """A compressed file of members of a few bytes each, which are inflated one by one."""
    records = [record(n, "KRW-XRP" if n == 5 else "KRW-BTC") for n in range(10)]
    content = b"".join(map(encode, records))
    segment = path.with_name(f"{path.name}-20261121-100.gz")
    for size in (1, 2, 7):
        segment.write_bytes(b"".join(gzip.compress(content[at : at + size]) for at in range(0, len(content), size)))
        with Store(path, durable=False) as store:
            store.append(record(10, "KRW-BTC"))
        assert list(older(path, record(10, "KRW-BTC"), {"KRW-XRP"}, {"upbit"})) == [records[5]]
        path.unlink()


def test_file_without_the_texts_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [record(n, "KRW-ETH" if 450 <= n < 460 else "KRW-BTC") for n in range(1000)]
    spread(path, records, 5)
    read = watched(monkeypatch)
    assert len(list(older(path, records[-1], {"KRW-ETH"}, {"upbit"}))) == 10
    assert len(read) <= 10 + 10
    read.clear()
    # The control: without the sieve all of it is read.
    assert len([each for each in newest(path) if each["symbol"] == "KRW-ETH"]) == 10
    assert len(read) == 1000


def test_way_back_ends_where_nothing_is_sought_any_more(path: Path) -> None:
    records = [record(n, SYMBOLS[n % 2]) for n in range(1000)]
    spread(path, records, 5)
    sought = {"KRW-BTC", "KRW-ETH"}
    found = []
    for each in older(path, records[900], sought, {"upbit"}):
        found.append(each["n"])
        sought.discard(each["symbol"])
    assert found == [899, 898]


def test_no_file_is_looked_through_that_lies_before_since(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [record(n, "KRW-BTC") for n in range(1000)]
    spread(path, records, 5)
    seen: list[str] = []
    may_hold = sieve._may_hold

    def noting(source: Source, sought: Collection[str], also: Collection[str]) -> bool:
        seen.append(source.path)
        return may_hold(source, sought, also)

    monkeypatch.setattr(sieve, "_may_hold", noting)
    assert list(older(path, records[-1], {"KRW-ETH"}, {"upbit"}, records[500]["ts"])) == []
    # The live file holds the record from which on it is older, and is read.
    assert [Path(each).name for each in seen] == ["prices.jsonl-20261121-103", "prices.jsonl-20261121-102.gz"]


def test_damage_is_told_once_and_passed_over(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [record(n, "KRW-ETH" if n < 8 else "KRW-BTC") for n in range(10)]
    with Store(path, durable=False) as store:
        store.append_many(records)
    content = path.read_bytes()
    for hit in (2, 4, 5):
        content = content.replace(b'"n":%d' % hit, b'"n":7')
    path.write_bytes(content.replace(b'"n":9', b'"n":8'))
    counted: list[int] = []

    def noting(source: Source, offset: int) -> int:
        counted.append(offset)
        return number_at(source, offset)

    monkeypatch.setattr("store.read.number_at", noting)
    assert [each["n"] for each in older(path, records[8], {"KRW-ETH"}, {"upbit"})] == [7, 6, 3, 1, 0]
    told = [f"store: {str(path)!r}, line {n}: does not match its checksum; passed over" for n in (6, 5, 3)]
    assert capsys.readouterr().err.splitlines() == told
    # To count a file's lines takes as long as to look through it: once, however many are damaged.
    assert len(counted) == 1


@pytest.mark.parametrize("has_text", [True, False])
def test_compressed_file_that_ends_early_is_told_and_read_as_far_as_it_goes(
    path: Path,
    capsys: pytest.CaptureFixture[str],
    has_text: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    records = [record(n, "KRW-ETH" if n < 5 and has_text else "KRW-BTC") for n in range(5_000)]
    spread(path, records, 5)
    segment = path.with_name(f"{path.name}-20261121-100.gz")
    segment.write_bytes(segment.read_bytes()[:-100])
    assert [each["n"] for each in older(path, records[-1], {"KRW-ETH"}, {"upbit"})] == [4, 3, 2, 1, 0][: 5 * has_text]
    assert "in the middle" in capsys.readouterr().err
