"""A pass among slow servers, hostile bodies, signals and a second pass."""

import gzip
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import sentiment
from agent.clock import SystemClock
from agent.news.headline import ENTRIES_MAX
from tests.fakes.feeds import Entry, rss
from tests.fakes.scorer import SCRIPT, command, one_pass, records, titles, write_config
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
            self.go.wait(60)
        return Reply(200, GOOD)


# A pass that gives each feed more time than any test takes, so that nothing but the test ends its wait.
PATIENT = f"""
import sys
sys.path.insert(0, {str(SCRIPT.parent)!r})
import agent.collector, sentiment
agent.collector.FEED_S_MAX = 240.0
sys.exit(sentiment.main(sys.argv[1:]))
"""


@contextmanager
def slow_pass(tmp_path: Path, paths: list[str]) -> Iterator[tuple[subprocess.Popen[str], SlowHost, Path]]:
    """Start a pass that hangs at the first slow feed."""
    host = SlowHost()
    with LocalServer(host) as server:
        config = write_config(tmp_path / "moss.toml", [(path, f"{server.url}/{path}") for path in paths])
        environ = {"PATH": os.environ["PATH"]}
        arguments = ["run", "--config", str(config), "--data", str(tmp_path / "data")]
        started = subprocess.Popen(
            [sys.executable, "-c", PATIENT, *arguments], stderr=subprocess.PIPE, env=environ, encoding="utf-8"
        )
        with started:
            try:
                assert host.asked.wait(60)
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
        assert started.wait(60) == 0
    assert titles(tmp_path / "data") == ["Orders grow"]


def test_a_lock_falls_with_the_process_that_held_it(tmp_path: Path) -> None:
    with slow_pass(tmp_path, ["slow"]) as (started, host, config):
        started.send_signal(signal.SIGKILL)
        started.wait(60)
        host.go.set()
        assert one_pass(config, tmp_path / "data").returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_pass_at_once_and_keeps_what_is_stored(tmp_path: Path, number: signal.Signals) -> None:
    with slow_pass(tmp_path, ["good", "slow", "slower"]) as (started, _, _):
        sent_s = time.monotonic()
        started.send_signal(number)
        assert started.wait(60) == 0
        # Its server would answer after a minute, and be given longer than that.
        assert time.monotonic() - sent_s < 30
        assert started.stderr is not None
        assert started.stderr.read().splitlines()[-1] == "1 new headlines from 1 of 3 feeds"
    assert titles(tmp_path / "data") == ["Orders grow"]
    assert records(tmp_path / "data", "events") == []


class Ahead(SystemClock):
    """The machine's clock, less of which is left once a test has set it forward."""

    ahead_s = 0.0

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.ahead_s


def test_the_deadline_holds_for_the_whole_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slow, clock = SlowHost(), Ahead()
    monkeypatch.setattr("agent.clock.SystemClock", lambda _wait: clock)

    def answer(request: Request) -> Reply:
        if request.path == "/good":
            # All but a second is over: had each feed a time of its own, the three slow ones would take 45.
            clock.ahead_s = 60.0
        return slow(request)

    with LocalServer(answer) as server:
        feeds = [(path, f"{server.url}/{path}") for path in ("good", "slow", "late", "later")]
        config = write_config(tmp_path / "moss.toml", feeds, "deadline_s = 61")
        began_s = time.monotonic()
        assert sentiment.main(["--config", str(config), "--data", str(tmp_path / "data")]) == 0
        took_s = time.monotonic() - began_s
        slow.go.set()
    assert took_s < 25
    assert titles(tmp_path / "data") == ["Orders grow"]
    told = [event["what"] for event in records(tmp_path / "data", "events")]
    assert told == ["feed slow", "feed late", "feed later"]
    assert "not asked, the run's 61 s were over" in capsys.readouterr().err


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


# A pass, which tells its peak itself: what the system tells of a process begins with the peak of its parent's.
WATCHED = f"""
import sys
sys.path.insert(0, {str(SCRIPT.parent)!r})
import sentiment
ended = sentiment.main(sys.argv[1:])
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM:")))
sys.exit(ended)
"""
# MemoryMax= of the unit, less what its cgroup counts beside.
PEAK_KIB_MAX = 112 * 1024
# Two megabytes each, well-formed but for the last two, and little on the wire.
LARGE = {
    "entries": b"<rss><channel>%s</channel></rss>" % (b"<item><title>a</title></item>" * 68_000),
    "attributes": b"<rss><channel>%s</channel></rss>" % (b'<a b=""/>' * 220_000),
    "objects": b'{"items":[{}%s]}' % b"".join(b',{"title":"a%d"}' % number for number in range(105_000)),
    "objects cut off": b'{"items":[{}%s' % b"".join(b',{"title":"a%d"}' % number for number in range(105_000)),
    "attributes cut off": b"<rss><channel>%s" % (b'<a b=""/>' * 220_000),
}


@pytest.mark.parametrize("name", LARGE)
def test_an_answer_of_many_small_parts_takes_no_more_memory_than_the_unit_has(tmp_path: Path, name: str) -> None:
    large = Reply(200, gzip.compress(LARGE[name], 1), {"Content-Encoding": "gzip"})
    with LocalServer(lambda request: large if request.path == "/large" else Reply(200, GOOD)) as server:
        config = write_config(
            tmp_path / "moss.toml", [("large", f"{server.url}/large"), ("good", f"{server.url}/good")]
        )
        arguments = ["run", "--config", str(config), "--data", str(tmp_path / "data")]
        environ = {"PATH": os.environ["PATH"]}
        ended = subprocess.run(
            [sys.executable, "-c", WATCHED, *arguments], capture_output=True, check=True, timeout=60, env=environ
        )
    assert int(ended.stdout) < PEAK_KIB_MAX
    assert "Orders grow" in titles(tmp_path / "data")
    assert len(titles(tmp_path / "data")) <= 1 + ENTRIES_MAX


def test_a_feed_at_which_passes_die_keeps_no_other_from_being_read(tmp_path: Path) -> None:
    deadly: list[int] = []

    def answer(request: Request) -> Reply:
        if deadly and request.path == "/deadly":
            os.kill(deadly.pop(), signal.SIGKILL)
        return Reply(404) if request.path == "/robots.txt" else Reply(200, GOOD)

    data = tmp_path / "data"
    with LocalServer(answer) as server:
        feeds = [(name, f"{server.url}/{name}") for name in ("first", "deadly", "last")]
        config = write_config(tmp_path / "moss.toml", feeds)
        for _ in range(3):
            with subprocess.Popen(command(config, data), stderr=subprocess.DEVNULL) as started:
                deadly[:] = [started.pid]
                assert started.wait(60) == -signal.SIGKILL
    assert [record["source"] for record in records(data, "feeds")] == ["first", "last", "first", "last", "first"]
