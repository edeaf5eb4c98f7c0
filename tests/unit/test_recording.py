"""Recorded candles: the three kinds of file, and what is wrong with a bad one, by file and line."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import BadInput
from agent.market.candle import checked, record_of
from agent.recording import rows
from store import Store
from tests.fakes.exchange import row

T0 = 1_582_185_600
FIGURES = {"open": 1, "high": 2, "low": 1, "close": 2, "volume": 0}
HEADER = "time,open,high,low,close,volume\n"


def read(*paths: Path) -> list[tuple[str, int, str]]:
    return [(c.symbol, c.open_s - T0, str(c.close)) for c, _ in rows(list(paths), "KRW-BTC", "upbit")]


def csv_of(folder: Path, *lines: str, header: str = HEADER, name: str = "candles.csv") -> Path:
    path = folder / name
    path.write_text(header + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "times",
    [
        ("2020-02-20T08:00:00Z", "2020-02-20T08:01:00Z"),
        ("2020-02-20T17:00:00+09:00", "2020-02-20T17:01:00+09:00"),
        ("2020-02-20 08:00", "2020-02-20 08:01"),
        (str(T0), str(T0 + 60)),
        (str(T0 * 1000), str((T0 + 60) * 1000)),
    ],
)
def test_rows_reads_csv_when_times_are_iso_or_epoch(tmp_path: Path, times: tuple[str, str]) -> None:
    path = csv_of(tmp_path, f"{times[0]},1,2,0.5,1.5,3", f"{times[1]},1,2,0.5,1.25,3")
    assert read(path) == [("KRW-BTC", 0, "1.5"), ("KRW-BTC", 60, "1.25")]


def test_rows_reads_csv_when_it_comes_from_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfTime,Open,High,Low,Close,Volume\r\n" + f'{T0},"1",2,1,2,0\r\n\r\n'.encode())
    assert read(path) == [("KRW-BTC", 0, "2.0")]


def test_rows_reads_a_store_file_plain_and_packed(tmp_path: Path) -> None:
    first = csv_of(tmp_path, f"{T0},1,2,1,2,0", f"{T0 + 60},1,2,1,1,0")
    lines = [json.dumps(record_of(candle, T0)) + "\n" for candle, _ in rows([first], "KRW-ETH", "demo")]
    plain, packed = tmp_path / "prices.jsonl", tmp_path / "prices.jsonl-20200220-1582185600.gz"
    plain.write_text("\n" + lines[1])
    packed.write_bytes(gzip.compress(lines[0].encode()))
    assert read(packed, plain) == [("KRW-ETH", 0, "2.0"), ("KRW-ETH", 60, "1.0")]


def test_rows_reads_a_csv_beside_a_store_file_of_other_symbols(tmp_path: Path) -> None:
    first = csv_of(tmp_path, f"{T0},1,2,1,2,0")
    plain, raw = tmp_path / "prices.jsonl", tmp_path / "raw.json"
    candles = [checked(name, "upbit", T0 + 60, FIGURES) for name in ("KRW-ETH", "KRW-XRP")]
    plain.write_text("".join(json.dumps(record_of(candle, T0)) + "\n" for candle in candles))
    raw.write_text(json.dumps([row("KRW-SOL", T0 + 60, 10.0)]))
    names = [name for name, _, _ in read(first, plain, raw)]
    assert (names[0], sorted(names[1:])) == ("KRW-BTC", ["KRW-ETH", "KRW-SOL", "KRW-XRP"])


@pytest.mark.parametrize("names", [["KRW-ETH"], ["KRW-ETH", "KRW-XRP"]])
def test_rows_leaves_out_and_says_what_a_writer_has_not_written_to_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], names: list[str]
) -> None:
    path = tmp_path / "prices.jsonl"
    lines = [json.dumps(record_of(checked(name, "upbit", T0, FIGURES), T0)) + "\n" for name in names]
    path.write_text("".join(lines) + lines[0][:90])
    assert [name for name, _, _ in read(path)] == names
    assert f"{path} line {len(names) + 1}: is not written to its end" in capsys.readouterr().err


def test_rows_names_a_line_without_a_symbol_when_there_are_several_symbols(tmp_path: Path) -> None:
    path = tmp_path / "prices.jsonl"
    lines = [json.dumps(record_of(checked(name, "upbit", T0, FIGURES), T0)) for name in ("KRW-ETH", "KRW-XRP")]
    path.write_text(f'{lines[0]}\n{lines[1][:60]}\n{lines[1]}\n{{"kind":"can\n')
    with pytest.raises(BadInput, match=r"line 2: |line 4: "):
        read(path)


@pytest.mark.parametrize("newest_first", [True, False])
def test_rows_reads_raw_arrays_in_either_order(tmp_path: Path, *, newest_first: bool) -> None:
    content = [row("KRW-BTC", T0 + 60 * minute, 10.0 + minute) for minute in range(3)]
    path = tmp_path / "raw.json"
    path.write_text(json.dumps(content[::-1] if newest_first else content, indent=1))
    assert read(path) == [("KRW-BTC", 0, "10.0"), ("KRW-BTC", 60, "11.0"), ("KRW-BTC", 120, "12.0")]


def test_rows_joins_the_recorded_files_to_one_series(recorded: Callable[[str], Path]) -> None:
    names = ["upbit_1m_20200220_170000-20200220_202000.json", "upbit_1m_20200220_202000-20200220_210000.json"]
    found = read(*(recorded(f"market/{name}") for name in names))
    assert [second for _, second, _ in found] == list(range(0, 14_400, 60))


def test_rows_counts_a_minute_once_when_it_comes_twice_with_the_same_values(tmp_path: Path) -> None:
    first = csv_of(tmp_path, f"{T0},1,2,1,2,0", f"{T0},1.0,2,1,2,0.0")
    second = csv_of(tmp_path, f"{T0},1,2,1,2,0", f"{T0 + 60},1,2,1,1,0", name="b.csv")
    assert read(first, second) == [("KRW-BTC", 0, "2.0"), ("KRW-BTC", 60, "1.0")]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["1582185600,1,2,1,2,0", "1582185600,1,2,1,1,0"], "candles.csv line 3: a second candle of the same minute"),
        (["1582185660,1,2,1,2,0", "1582185600,1,2,1,1,0"], "candles.csv line 3: is older than the candle before it"),
        (["1582185600,1,2,1,2"], "candles.csv line 2: has 5 cells, not 6"),
        (["1582185600,1,2,1,x,0"], "candles.csv line 2: close is 'x', not a number"),
        (["1582185600,1,2,1,nan,0"], "line 2: close is nan"),
        (["1582185600,1,2,1,-2,0"], "line 2: close is -2"),
        (["yesterday,1,2,1,2,0"], "line 2: time is 'yesterday'"),
        (["1582185601,1,2,1,2,0"], "line 2: time 2020-02-20T08:00:01.000Z is not the start of a minute"),
        (['1582185600,"1,2,1,2,0'], "candles.csv line 2: "),
        (["0001-01-01T00:00+14:00,1,2,1,2,0"], "line 2: the time lies before 1970"),
        ([], "candles.csv: holds no candles"),
    ],
)
def test_rows_names_file_and_line_when_a_csv_is_bad(tmp_path: Path, lines: list[str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read(csv_of(tmp_path, *lines))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (" \n \n", "is empty"),
        ("a,b\n1,2\n", "line 1: the header must be time,open,high,low,close,volume"),
        ('{"kind":"candle"}\n', "line 1: this is no record of a one-minute candle"),
        ('{"kind":"can\n', "line 1: "),
        ("[", "line 1: is not JSON"),
        ("[]", "holds no candles"),
        ('[\n{"market": "KRW-BTC", "unit": 3}]', "line 2: unit is 3, not 1 minute"),
        ("[\n\n5]", "line 3: a row is 5, not an object"),
        ('[{"a": 1}\n{"a": 1}]', "line 1: market is None"),
        ("[1 2]", "line 1: a row is 1"),
        ("[1e99999999999999999999]", "line 1: is not JSON"),
        ('{"kind":"candle","open":1e99999999999999999999}\n', "line 1: "),
        ('"time,open\n', "line 1: unexpected end of data"),
    ],
)
def test_rows_names_file_and_line_when_a_file_is_bad(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "candles"
    path.write_text(text)
    with pytest.raises(BadInput, match=words):
        read(path)


def test_rows_names_the_line_when_an_array_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "raw.json"
    text = json.dumps([row("KRW-BTC", T0, 10.0), row("KRW-BTC", T0 + 60, 11.0)], indent=1)
    path.write_text(text[:-5])
    with pytest.raises(BadInput, match=r"raw\.json line 15: is not JSON"):
        read(path)


@pytest.mark.parametrize("kind", ["missing", "folder", "latin", "gz"])
def test_rows_names_the_file_when_it_cannot_be_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("x.gz" if kind == "gz" else "x")
    if kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.write_bytes(HEADER.encode() + b"\xe9\xff\n")
    with pytest.raises(BadInput, match=r"x(\.gz)?: (cannot be read|is not UTF-8)") as refused:
        read(path)
    assert str(refused.value).count(str(path)) == 1


def test_rows_refuses_an_array_when_it_is_too_large_to_be_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.recording.ROWS_MAX", 3)
    path = tmp_path / "raw.json"
    path.write_text(json.dumps([row("KRW-BTC", T0 + 60 * minute, 10.0) for minute in range(4)]))
    with pytest.raises(BadInput, match="more than 3 rows"):
        read(path)


def test_rows_puts_the_symbols_of_a_stored_stream_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "prices.jsonl"
    values = {"open": 1, "high": 2, "low": 1, "close": 2, "volume": 0}
    with Store(path) as prices:
        for name in ("KRW-BTC", "KRW-ETH"):
            for minute in range(3):
                prices.append(record_of(checked(name, "demo", T0 + 60 * minute, values), T0))
    assert [(name, second) for name, second, _ in read(path)] == [
        (name, 60 * minute) for minute in range(3) for name in ("KRW-BTC", "KRW-ETH")
    ]


def test_rows_names_the_line_when_a_stored_candle_was_altered(tmp_path: Path) -> None:
    path = tmp_path / "prices.jsonl"
    values = {"open": 1, "high": 2, "low": 1, "close": 2, "volume": 0}
    with Store(path) as prices:
        prices.append(record_of(checked("KRW-BTC", "demo", T0, values), T0))
    path.write_text(path.read_text().replace('"close":2', '"close":1'))
    with pytest.raises(BadInput, match=r"prices\.jsonl line 1: does not match its checksum"):
        read(path)


@pytest.mark.parametrize("cell", ["9999999999999999999999999", "1_582_185_600"])
def test_rows_names_the_line_when_a_time_is_absurd(tmp_path: Path, cell: str) -> None:
    with pytest.raises(BadInput, match=r"candles\.csv line 2: time is"):
        read(csv_of(tmp_path, f"{cell},1,2,1,2,0"))


def test_rows_takes_no_number_with_underscores(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="open is '1_0', not a number"):
        read(csv_of(tmp_path, f"{T0},1_0,20,1,2,0"))
