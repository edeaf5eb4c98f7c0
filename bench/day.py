"""A day of the live bot with everything on, over TLS, beside a floor that no bot with these packages gets below.

The bot runs its own loop with its own code; only its clock is replaced, by one that passes the time between two jobs at
once, and stands still while a program beside the bot is at work. The floor is a process that imports the three packages
and makes 50 calls of 200 candles to the same exchange.
"""

import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.outside import Outside

TOP = Path(__file__).resolve().parent.parent
DAY_S = 86_400
FLOOR_CALLS = 50
REST_S_MAX = 30.0
# In this order, each is counted with what it imports that those before it did not: agent.fetch with requests.
MODULES = (
    *("schedule", "tenacity", "store", "agent.settings", "agent.config", "agent.folder", "agent.fetch"),
    *("agent.market.candle", "agent.market.bank", "agent.market.engine", "agent.market.sources", "agent.parts"),
    *("agent.market.strategies.sma_cross", "agent.memory", "agent.history", "agent.chronicle", "agent.trader"),
    *("agent.assembly", "agent.course", "agent.loop", "bot", "agent.listing", "agent.advice", "agent.mishap"),
    *("agent.trouble", "agent.obedience", "agent.outbox"),
)
Figures = dict[str, Any]


class PassingClock:
    """A clock that jumps over every sleep, and calls something when its day is over."""

    def __init__(self, start_s: float, end: Callable[[], object]) -> None:
        self._now_s, self._end_s, self._end = start_s, start_s + DAY_S, end

    def now_s(self) -> float:
        return self._now_s

    def monotonic_s(self) -> float:
        return self._now_s

    def sleep_s(self, duration_s: float) -> None:
        self._now_s += min(max(duration_s, 0.001), REST_S_MAX)
        if self._now_s >= self._end_s:
            self._end()


def figures() -> Figures:
    """Return this process's resident memory, its peak, and its CPU time since it started."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    found = {line.split()[0]: int(line.split()[1]) for line in lines if line.startswith(("VmRSS:", "VmHWM:"))}
    return {"rss_kib": found["VmRSS:"], "peak_kib": found["VmHWM:"], "cpu_s": time.process_time()}


def floor(url: str) -> Figures:
    """Be the floor."""
    import requests
    import schedule
    import tenacity

    with requests.Session() as session:
        for _ in range(FLOOR_CALLS):
            session.get(f"{url}/v1/candles/minutes/1?market=KRW-BTC&count=200", timeout=10).json()
        found = figures()
    assert schedule.default_scheduler is not None  # noqa: S101 - both are there to be imported
    assert tenacity.Retrying is not None  # noqa: S101
    return found


def modules() -> Figures:
    """Import what the bot is made of, one after the other; return the resident KiB that each brings along."""
    before_kib = figures()["rss_kib"]
    costs: Figures = {"the interpreter": before_kib}
    for name in MODULES:
        import_module(name)
        after_kib = figures()["rss_kib"]
        costs[name], before_kib = after_kib - before_kib, after_kib
    return costs


def live(config: str, data: str) -> Figures:
    """Be the bot for a day."""
    import bot
    from agent import assembly
    from agent.errand import Errands
    from agent.jobs import Due

    children: list[str] = []

    class PatientErrands(Errands):
        """Errands that take no time of the day, however long they take."""

        def start(self, name: str, arguments: Sequence[str], due: Due) -> bool:
            is_started = super().start(name, arguments, due)
            children.append(name)
            os.waitid(os.P_PID, self._running[name][0], os.WEXITED | os.WNOWAIT)
            return is_started

    found: Figures = {}

    def end() -> None:
        # As it is while it lives, before it lets go of anything.
        found.update(found or figures())
        os.kill(os.getpid(), signal.SIGTERM)

    def passing(*_: object) -> PassingClock:
        return PassingClock(time.time() // DAY_S * DAY_S - DAY_S, end)

    # The two things that are not the bot's own here.
    vars(assembly)["process_clock"], vars(bot)["Errands"] = passing, PatientErrands
    status = bot.main(["run", "--config", config, "--data", data])
    if not children:
        sys.exit("day: no program was seen beside the bot, so what they take was not measured")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    written = b"".join(path.read_bytes() for path in Path(data).glob("*.jsonl"))
    return {
        **found,
        "status": status,
        "children": len(children),
        "children_cpu_s": used.ru_utime + used.ru_stime,
        "disk_bytes": len(written),
        "packed_bytes": len(gzip.compress(written, 6)),
    }


def main() -> int:
    """Run the floor and the bot, and print what each costs."""
    # Not at the top: what the servers take is neither the floor's nor the bot's.
    from bench.outside import Outside

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        outside = Outside(folder)
        config = folder / "moss.toml"
        config.write_text(outside.config(folder))
        with outside.open():
            base = child(outside, "floor", outside.exchange.server.url)
            first, before = outside.calls(), {name: traffic.bytes for name, traffic in outside.traffic.items()}
            bot = child(outside, "live", str(config), str(folder / "data"))
            # The last connections end with the process.
            time.sleep(0.5)
        calls = {name: count - first[name] for name, count in outside.calls().items()}
        bytes_over = {name: traffic.bytes - before[name] for name, traffic in outside.traffic.items()}
        costs = child(outside, "modules")
        if bot["status"] or not all(calls.values()) or not (folder / "moss.prom").exists():
            print(f"day: the bot failed: {bot}, {calls}")
            return 1
        kinds = kinds_of(folder / "data")
    tell(base, bot, costs)
    print(f"day: that day had {kinds}")
    for name, count in calls.items():
        print(f"day: {count:5} calls, {bytes_over[name] / 1e6:5.2f} MB over the network, TLS included: {name}")
    print(f"day: {sum(bytes_over.values()) / 1e6:.1f} MB over the network a day")
    return 0


def tell(base: Figures, bot: Figures, costs: Figures) -> None:
    """Print what both took."""
    print(f"day: floor {base['rss_kib'] / 1024:.1f} MiB resident, {base['peak_kib'] / 1024:.1f} MiB peak")
    print(f"day: bot   {bot['rss_kib'] / 1024:.1f} MiB resident, {bot['peak_kib'] / 1024:.1f} MiB peak")
    print(
        f"day: resident {bot['rss_kib'] / base['rss_kib']:.3f} of the floor (goal 1.10), peak "
        f"{bot['peak_kib'] / base['peak_kib']:.3f} (goal 1.25)"
    )
    for name, cost_kib in costs.items():
        print(f"day: {cost_kib / 1024:6.2f} MiB  {name}")
    print(
        f"day: {bot['cpu_s']:.1f} CPU-s of the bot and {bot['children_cpu_s']:.1f} of the {bot['children']} programs "
        f"beside it, {bot['cpu_s'] + bot['children_cpu_s']:.1f} together (goal 15)"
    )
    print(
        f"day: {bot['disk_bytes'] * 365 / 1e6:.0f} MB of records a year, {bot['packed_bytes'] * 365 / 1e6:.0f} once "
        "logrotate has compressed them"
    )


def kinds_of(data: Path) -> str:
    """Count what was recorded, by kind."""
    from collections import Counter

    from store import scan

    streams = ("prices", "signals", "ledger", "events", "messages")
    counts = Counter(record["kind"] for name in streams for record in scan(data / f"{name}.jsonl"))
    return ", ".join(f"{count} {kind}" for kind, count in counts.most_common())


def child(outside: "Outside", *arguments: str) -> Figures:
    """Run this module in a process of its own, which trusts the certificates; return its figures."""
    # As few variables as systemd gives a unit: requests reads all of them twice a call, looking for a proxy.
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    environment = {**kept, **outside.secrets(), "REQUESTS_CA_BUNDLE": str(outside.certificates)}
    command = [sys.executable, "-m", "bench.day", *arguments]
    done = subprocess.run(command, cwd=TOP, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    if len(sys.argv) > 1:
        parts: dict[str, Callable[..., Figures]] = {"floor": floor, "live": live, "modules": modules}
        print(json.dumps(parts[sys.argv[1]](*sys.argv[2:])))
    else:
        sys.exit(main())
