"""The report as Prometheus reads it."""

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from agent.prometheus import CannotExpose, text, write

REPORT: dict[str, Any] = {
    "ts": "2026-11-21T03:00:05.250Z",
    "kind": "report",
    "candles": 60,
    "rss_kib": 34_816,
    "fetch_ms_median": 48.5,
    "fetch_ms_max": None,
    "errors": {"Unreachable": 2, 'odd "one"\\\n': 1},
    "symbols": {"KRW-BTC": {"candles": 58, "gap": 2}, "KRW-ETH": {"candles": 60, "gap": 0}},
    "alerts": [{"what": "disk"}],
    "paused": True,
    "equity": "9999925",
    "config": {"market": {"demo_speed": 1}},
}
# The text format's own grammar: https://prometheus.io/docs/instrumenting/exposition_formats/
NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf'({NAME})(\{{of="((?:[^"\\\n]|\\["\\n])*)"\}})? (-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)')


def samples(content: str) -> dict[tuple[str, str], float]:
    """Read the format strictly: each family once, told of before its samples, each line whole."""
    assert content.endswith("\n")
    found: dict[tuple[str, str], float] = {}
    families: list[str] = []
    lines = iter(content.splitlines())
    for line in lines:
        if line.startswith("# HELP "):
            name = line.split()[2]
            assert name not in families
            families.append(name)
            assert next(lines) == f"# TYPE {name} gauge"
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample, line
        assert sample[1] == families[-1]
        assert (sample[1], sample[3] or "") not in found
        found[sample[1], sample[3] or ""] = float(sample[4])
    return found


def test_every_number_of_the_report_is_a_sample() -> None:
    assert samples(text(REPORT)) == {
        ("moss_report_seconds", ""): 1_795_230_005.25,
        ("moss_candles", ""): 60,
        ("moss_rss_kib", ""): 34_816,
        ("moss_fetch_ms_median", ""): 48.5,
        ("moss_errors", "Unreachable"): 2,
        ("moss_errors", 'odd \\"one\\"\\\\\\n'): 1,
        ("moss_symbols_candles", "KRW-BTC"): 58,
        ("moss_symbols_candles", "KRW-ETH"): 60,
        ("moss_symbols_gap", "KRW-BTC"): 2,
        ("moss_symbols_gap", "KRW-ETH"): 0,
        ("moss_alerts", ""): 1,
        ("moss_paused", ""): 1,
    }


def test_prometheus_s_own_parser_reads_the_same() -> None:
    parser = pytest.importorskip("prometheus_client.parser", reason="needs the package prometheus_client")
    found = {
        (sample.name, json.dumps(sample.labels.get("of", ""))[1:-1]): sample.value
        for family in parser.text_string_to_metric_families(text(REPORT))
        for sample in family.samples
    }
    assert found == samples(text(REPORT))


def test_file_is_replaced_at_once_and_others_may_read_it(tmp_path: Path) -> None:
    target = tmp_path / "moss.prom"
    before = os.umask(0o077)
    try:
        write(target, REPORT)
        first = target.stat().st_ino
        with target.open() as reading:
            write(target, REPORT | {"candles": 59})
            assert samples(reading.read())["moss_candles", ""] == 60
    finally:
        os.umask(before)
    assert samples(target.read_text())["moss_candles", ""] == 59
    assert target.stat().st_ino != first
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["moss.prom"]


def test_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotExpose, match=r"nowhere/moss\.prom: cannot be written: No such file"):
        write(tmp_path / "nowhere" / "moss.prom", REPORT)
