"""A day of the live bot against an exchange over TLS, beside a floor that no bot with these packages gets below.

The bot runs its own loop with its own code; only its clock is replaced, by one that passes the time between two jobs at
once. The floor is a process that imports the three packages and makes 50 calls of 200 candles to the same exchange.
"""

import json
import math
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
DAY_S = 86_400
FLOOR_CALLS = 50
# In this order, each is counted with what it imports that those before it did not.
MODULES = (
    *("requests", "schedule", "tenacity", "store", "agent.settings", "agent.config", "agent.folder", "agent.fetch"),
    *("agent.market.candle", "agent.market.bank", "agent.market.engine", "agent.market.sources", "agent.parts"),
    *("agent.market.strategies.sma_cross", "agent.memory", "agent.history", "agent.chronicle", "agent.trader"),
    *("agent.assembly", "agent.course", "agent.loop", "bot"),
)


class PassingClock:
    """A clock that jumps over every sleep, and asks for a stop when its day is over."""

    def __init__(self, start_s: float, end: Callable[[], object]) -> None:
        self._now_s, self._end_s, self._end = start_s, start_s + DAY_S, end

    def now_s(self) -> float:
        return self._now_s

    def monotonic_s(self) -> float:
        return self._now_s

    def sleep_s(self, duration_s: float) -> None:
        self._now_s += max(duration_s, 0.001)
        if self._now_s >= self._end_s:
            self._end()


def figures() -> dict[str, float]:
    """Return this process's resident memory, its peak, and its CPU time since it started."""
    from agent.alive import rss_kib

    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"rss_kib": rss_kib() or 0, "peak_kib": used.ru_maxrss, "cpu_s": used.ru_utime + used.ru_stime}


def floor(url: str) -> dict[str, float]:
    """Be the floor."""
    import requests
    import schedule
    import tenacity

    with requests.Session() as session:
        for _ in range(FLOOR_CALLS):
            session.get(f"{url}/v1/candles/minutes/1?market=KRW-BTC&count=200", timeout=10).json()
    assert schedule.default_scheduler is not None  # noqa: S101 - both are there to be imported
    assert tenacity.Retrying is not None  # noqa: S101
    return figures()


def modules() -> dict[str, float]:
    """Import what the bot is made of, one after the other; return the resident KiB that each brings along."""
    from agent.alive import rss_kib

    before_kib = rss_kib() or 0
    costs: dict[str, float] = {"the interpreter": before_kib}
    for name in MODULES:
        import_module(name)
        after_kib = rss_kib() or 0
        costs[name], before_kib = after_kib - before_kib, after_kib
    return costs


def live(config: str, data: str) -> dict[str, float]:
    """Be the bot for a day."""
    import bot
    from agent import assembly

    def passing(*_: object) -> PassingClock:
        return PassingClock(time.time() // DAY_S * DAY_S - DAY_S, lambda: os.kill(os.getpid(), signal.SIGTERM))

    # The one thing that is not the bot's own here.
    vars(assembly)["process_clock"] = passing
    status = bot.main(["run", "--config", config, "--data", data])
    sizes = [path.stat().st_size for path in Path(data).glob("*.jsonl")]
    return {**figures(), "status": status, "disk_bytes": sum(sizes)}


def main() -> int:
    """Run the floor and the bot, and print what each costs."""
    from tests.fakes.certificate import server_context
    from tests.fakes.exchange import FakeUpbit

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        exchange = FakeUpbit(lambda _, at: round(98e6 + 4e5 * math.sin(at / 4000), -3) if at // 60 % 29 else None)
        server = exchange.server
        context = server_context(folder)
        server._server.socket = context.wrap_socket(server._server.socket, server_side=True)  # noqa: SLF001
        url = server.url.replace("http:", "https:")
        config = folder / "moss.toml"
        config.write_text(f'[market]\nupbit_url = "{url}"\n')
        with server:
            base = child(folder, "floor", url)
            first = len(server.requests)
            bot = child(folder, "live", str(config), str(folder / "data"))
            calls = len(server.requests) - first
            costs = child(folder, "modules")
        if bot["status"]:
            print("day: the bot failed")
            return 1
    print(f"day: floor {base['rss_kib'] / 1024:.1f} MiB resident, {base['peak_kib'] / 1024:.1f} MiB peak")
    print(f"day: bot   {bot['rss_kib'] / 1024:.1f} MiB resident, {bot['peak_kib'] / 1024:.1f} MiB peak")
    print(
        f"day: resident {bot['rss_kib'] / base['rss_kib']:.3f} of the floor (goal 1.10), peak "
        f"{bot['peak_kib'] / base['peak_kib']:.3f} (goal 1.25)"
    )
    for name, cost_kib in costs.items():
        print(f"day: {cost_kib / 1024:6.2f} MiB  {name}")
    print(
        f"day: {bot['cpu_s']:.1f} CPU-s (goal 15), {calls} calls, {bot['disk_bytes'] * 365 / 1e6:.0f} MB on disk a year"
    )
    return 0


def child(folder: Path, *arguments: str) -> dict[str, float]:
    """Run this module in a process of its own, which trusts the exchange's certificate; return its figures."""
    environment = {**os.environ, "REQUESTS_CA_BUNDLE": str(folder / "certificate.pem")}
    command = [sys.executable, "-m", "bench.day", *arguments]
    done = subprocess.run(command, cwd=TOP, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    if len(sys.argv) > 1:
        parts: dict[str, Callable[..., dict[str, float]]] = {"floor": floor, "live": live, "modules": modules}
        print(json.dumps(parts[sys.argv[1]](*sys.argv[2:])))
    else:
        sys.exit(main())
