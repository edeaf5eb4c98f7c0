"""A pass among slow servers, hostile bodies, signals and a second pass."""

import gzip
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.feeds import Entry, rss
from tests.fakes.scorer import command, one_pass, records, titles, write_config
from tests.fakes.server import LocalServer, Reply, Request

GOOD = rss([Entry("Orders grow", "g1")])


class SlowHost:
    """Answers every path but /good only once `go` is set; `asked` tells that one waits."""

    def __init__(self) -> None:
        self.asked, self.go = threading.Event(), threading.Event()

    def __call__(self, request: Request) -> Reply:
        if request.path == "/robots.txt":
            return Reply(404)
        if request.path != "/good":
            self.asked.set()
            self.go.wait(20)
        return Reply(200, GOOD)


@contextmanager
def slow_pass(tmp_path: Path, paths: list[str]) -> Iterator[tuple[subprocess.Popen[str], SlowHost, Path]]:
    """Start a pass that hangs at the first slow feed."""
    host = SlowHost()
    with LocalServer(host) as server:
        config = write_config(tmp_path / "moss.toml", [(path, f"{server.url}/{path}") for path in paths])
        environ = {"PATH": os.environ["PATH"]}
        started = subprocess.Popen(
            command(config, tmp_path / "data"), stderr=subprocess.PIPE, env=environ, encoding="utf-8"
        )
        with started:
            try:
                assert host.asked.wait(10)
                yield started, host, config
            finally:
                host.go.set()
                started.kill()


def test_a_second_pass_meanwhile_is_75_and_names_the_first(tmp_path: Path) -> None:
    with slow_pass(tmp_path, ["slow"]) as (started, host, config):
        second = one_pass(config, tmp_path / "data")
        assert second.returncode == 75
        assert str(started.pid) in second.stderr
        assert titles(tmp_path / "data") == []
        host.go.set()
        assert started.wait(10) == 0
    assert titles(tmp_path / "data") == ["Orders grow"]


def test_a_lock_falls_with_the_process_that_held_it(tmp_path: Path) -> None:
    with slow_pass(tmp_path, ["slow"]) as (started, host, config):
        started.send_signal(signal.SIGKILL)
        started.wait(10)
        host.go.set()
        assert one_pass(config, tmp_path / "data").returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_pass_at_once_and_keeps_what_is_stored(tmp_path: Path, number: signal.Signals) -> None:
    with slow_pass(tmp_path, ["good", "slow", "slower"]) as (started, _, _):
        sent_s = time.monotonic()
        started.send_signal(number)
        assert started.wait(10) == 0
        assert time.monotonic() - sent_s < 2
        assert started.stderr is not None
        assert started.stderr.read().splitlines()[-1] == "1 new headlines from 1 of 3 feeds"
    assert titles(tmp_path / "data") == ["Orders grow"]
    assert records(tmp_path / "data", "events") == []


def test_the_deadline_holds_for_the_whole_pass(tmp_path: Path) -> None:
    host = SlowHost()
    with LocalServer(host) as server:
        feeds = [(path, f"{server.url}/{path}") for path in ("good", "slow", "late", "later")]
        config = write_config(tmp_path / "moss.toml", feeds, "deadline_s = 1")
        began_s = time.monotonic()
        ended = one_pass(config, tmp_path / "data")
        took_s = time.monotonic() - began_s
        host.go.set()
    assert ended.returncode == 0
    assert 1 < took_s < 4
    told = [event["what"] for event in records(tmp_path / "data", "events")]
    assert told == ["feed slow", "feed late", "feed later"]
    assert "not asked, the run's 1 s were over" in ended.stderr


BODIES = {
    "gzip bomb": Reply(200, gzip.compress(b"<rss>" * 20_000_000, 1), {"Content-Encoding": "gzip"}),
    "five megabytes": Reply(200, b"<rss>" + b" " * 5_000_000),
    "entity bomb": Reply(200, b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><rss>&b;</rss>'),
    "nesting": Reply(200, b"<item>" * 300_000),
    "nothing": Reply(200),
    "noise": Reply(200, bytes(range(256)) * 100),
    "half": Reply(200, GOOD[: len(GOOD) // 2]),
    "204": Reply(204),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_answer_is_an_error_and_the_next_feed_is_taken(tmp_path: Path, name: str) -> None:
    with LocalServer(lambda request: BODIES[name] if request.path == "/bad" else Reply(200, GOOD)) as server:
        feeds = [(path, f"{server.url}/{path}") for path in ("bad", "good")]
        ended = one_pass(write_config(tmp_path / "moss.toml", feeds), tmp_path / "data")
    assert ended.returncode == 0
    assert titles(tmp_path / "data") == ["Orders grow"]
    (event,) = records(tmp_path / "data", "events")
    assert (event["what"], event["class"]) == ("feed bad", "Unusable")
    assert "Traceback" not in ended.stderr
