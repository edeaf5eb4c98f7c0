"""`sentiment.py rescore`: every stored title once more, in the stream of today's model."""

from pathlib import Path

import pytest

import sentiment
from store import Store, scan, verify
from tests.fakes.scorer import records, write_config

MODEL = sentiment.scorer().model


def fill(data: Path, numbers: range) -> None:
    with Store(data / "sentiment.jsonl") as stream:
        for number in numbers:
            kept = {} if number % 7 == 3 else {"title": f"Profit rises {number}", "link": "https://a.example/"}
            record = {"ts": f"2026-01-01T00:00:{number % 60:02}.000Z", "kind": "score", "text_id": f"s-{number:08x}"}
            stream.append({**record, "score": 0.0, "lang": "en", "source": "alder", "model": "00000000", **kept})


def rescore(tmp_path: Path) -> list[str]:
    config = write_config(tmp_path / "moss.toml", [])
    assert sentiment.main(["rescore", "--config", str(config), "--data", str(tmp_path / "data")]) == 0
    return [record["text_id"] for record in records(tmp_path / "data", f"sentiment-{MODEL}")]


def test_every_title_is_scored_once_however_often_it_runs(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    fill(tmp_path / "data", range(40))
    wanted = [f"s-{number:08x}" for number in range(40) if number % 7 != 3]
    assert rescore(tmp_path) == wanted
    assert rescore(tmp_path) == wanted
    fill(tmp_path / "data", range(40, 50))
    assert rescore(tmp_path) == [f"s-{number:08x}" for number in range(50) if number % 7 != 3]
    found = next(iter(scan(tmp_path / "data" / f"sentiment-{MODEL}.jsonl")))
    assert (found["model"], found["title"], found["source"]) == (MODEL, "Profit rises 0", "alder")
    assert found["score"] > 0
    assert verify(tmp_path / "data" / f"sentiment-{MODEL}.jsonl").ok


@pytest.mark.parametrize("kept", [0, 1, 17])
def test_one_that_was_killed_is_gone_on_with(kept: int, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    fill(tmp_path / "data", range(40))
    whole = rescore(tmp_path)
    stream = tmp_path / "data" / f"sentiment-{MODEL}.jsonl"
    stream.write_bytes(b"".join(stream.read_bytes().splitlines(keepends=True)[:kept]))
    assert rescore(tmp_path) == whole


def test_nothing_stored_is_nothing_to_do(tmp_path: Path) -> None:
    assert rescore(tmp_path) == []
