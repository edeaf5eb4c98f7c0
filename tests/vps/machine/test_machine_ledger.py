"""What moss costs on a real machine: memory, processor, network and disk, of the units as they lie."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from tests.scripts import TOP
from tests.vps.machine.emulator import Machine
from tests.vps.machine.ready import CONFIG, UNITS, Ready, write
from tests.vps.machine.scene import DATA, Scene
from tests.vps.machine.world import SYMBOLS

WATCHED_S = 300
WINDOWS_A_DAY = 86_400 / WATCHED_S
PASSES_A_DAY = 144
PEAK_KIB_MAX, BOT_CPU_S_MAX, SCORER_CPU_S_MAX = 96 * 1024, 15, 150
BACKUP = "/var/lib/moss-backup/all.tar.gz"
CALIBRATION = "tests/vps/machine/inside/calibration.py"
# Backup and gzip begin anew as long as it is watched, so that the scorer's few seconds fall among theirs.
AT_ONCE = (
    f"for n in $(seq 40); do cat {DATA}/*.jsonl; done >/var/tmp/many; "
    "python3 /src/inside/sampler.py moss 90 & watch=$!; "
    "while kill -0 $watch; do gzip --stdout /var/tmp/many >/dev/null; done 2>/dev/null & "
    f"while kill -0 $watch; do rm -f {BACKUP}; moss store backup {DATA} {BACKUP}; done >/dev/null 2>&1 & "
    "sleep 6; systemctl start moss-sentiment.service; wait"
)
TOGETHER = ("bot.py run", "sentiment.py run", "store backup", "gzip")
Wake = Callable[..., AbstractContextManager[Scene]]


def lines_of_a_day(scene: Scene) -> dict[str, float]:
    """Let a day pass, which the bot fetches afterwards; return what its candles take up, in bytes a symbol."""
    day = f"{datetime.fromtimestamp(scene.world.now_s() + 43_200, UTC):%Y-%m-%dT}"
    scene.machine.jump(scene.world.now_s() + 2 * 86_400)
    scene.measure(time.monotonic(), 600)
    count, raw, packed = (
        scene.machine.ask(f"zcat -f {DATA}/prices.jsonl* | grep 'open_ts.:.{day}' | grep KRW-BTC | {command}")
        for command in ("wc -l", "wc -c", "gzip -9 | wc -c")
    )
    assert int(count) > 1200
    return {"raw": float(raw), "packed": float(packed)}


def slowness(machine: Machine) -> float:
    """Return how many times the seconds of processor here the same work takes inside."""
    host_s = float(subprocess.run([sys.executable, str(TOP / CALIBRATION)], capture_output=True, check=True).stdout)
    return float(machine.ask("python3 /src/inside/calibration.py", 300)) / host_s


def test_moss_is_frugal_when_an_ordinary_day_passes(wake: Wake, asleep: Ready) -> None:
    with wake() as scene:
        machine = scene.machine
        a_day = lines_of_a_day(scene)
        # From here on the units as they lie, with nothing of the test's inside, and one market, as by default.
        write(machine, "/etc/moss/moss.toml", CONFIG.replace(json.dumps(SYMBOLS), json.dumps(SYMBOLS[:1])))
        for unit, _ in UNITS.values():
            machine.ask(f"rm -r /etc/systemd/system/{unit}.service.d")
        machine.ask("systemctl daemon-reload; systemctl restart moss-bot", 120)
        time.sleep(60)
        start_s = cpu_s(scene)
        slower_then = slowness(machine)
        before, received = cpu_s(scene), traffic(scene)
        time.sleep(WATCHED_S)
        bot_s, network = cpu_s(scene) - before, traffic(scene) - received
        slower = (slower_then + slowness(machine)) / 2
        rss = machine.ask("grep -h Rss: /proc/$(systemctl show -p MainPID --value moss-bot)/smaps_rollup").split()[1]
        scorer_s, scorer_bytes = one_pass(scene)
        machine.ask("install -d -o moss -g moss /var/lib/moss-backup")
        scene.world.tell_news(f"Output rises by {number} percent after strike ends" for number in range(30))
        at_once = json.loads(machine.ask(AT_ONCE, 300).splitlines()[-1])
        missing = [name for name in TOGETHER if not any(name in command for command in at_once["peak_kib"])]
        assert not missing, f"{missing} not among {at_once}"
        peaks = {name: kib for name, kib in at_once["peak_kib"].items() if "sentiment.py" in name}
        bot_day_s, scorer_day_s = bot_s * WINDOWS_A_DAY / slower, scorer_s * PASSES_A_DAY / slower
        report = {
            "bot, resident": f"{int(rss) / 1024:.1f} MiB",
            "scorer, peak of a pass": f"{max(peaks.values()) / 1024:.1f} MiB",
            "bot, scorer, backup and gzip at once": f"{at_once['pss_kib'] / 1024:.1f} MiB: {at_once['of']}",
            "this processor is slower by": f"{slower:.1f}",
            "bot, from start to a minute later": f"{start_s:.1f} s there, {start_s / slower:.2f} s scaled",
            "bot, a day": f"{bot_s * WINDOWS_A_DAY:.0f} s there, {bot_day_s:.1f} s scaled",
            "scorer, a day of 144 passes": f"{scorer_s * PASSES_A_DAY:.0f} s there, {scorer_day_s:.1f} s scaled",
            "network, a day": f"{(network * WINDOWS_A_DAY + scorer_bytes * PASSES_A_DAY) / 1e6:.1f} MB, one market",
            "a market, a year": f"{a_day['raw'] * 365 / 1e6:.0f} MB, {a_day['packed'] * 365 / 1e6:.1f} packed",
            "free before": asleep.facts["free before"],
            "free after": asleep.facts["free after"],
        }
        sys.stdout.write("\n" + "\n".join(f"{name}: {value}" for name, value in report.items()) + "\n")
        assert at_once["pss_kib"] <= PEAK_KIB_MAX
        assert bot_day_s <= BOT_CPU_S_MAX
        assert scorer_day_s <= SCORER_CPU_S_MAX


def one_pass(scene: Scene) -> tuple[float, int]:
    """Let the scorer make a pass over thirty new headlines; return its seconds of processor and bytes of network."""
    before = traffic(scene)
    scene.world.tell_news(f"Imports rise by {number} percent after strike ends" for number in range(30))
    scene.machine.ask("systemctl start moss-sentiment.service", 120)
    told = "journalctl --no-pager --unit moss-sentiment --output json | grep -o 'CPU_USAGE_NSEC.:.[0-9]*' | tail -n 1"
    usage = scene.machine.ask(f"sleep 2; {told} | tr -dc 0-9")
    return int(usage) / 1e9, traffic(scene) - before


def cpu_s(scene: Scene) -> float:
    """Return the seconds of processor that the bot's unit has used since its start."""
    return int(scene.machine.ask("systemctl show -p CPUUsageNSec --value moss-bot")) / 1e9


def traffic(scene: Scene) -> int:
    """Return the bytes that the network card has moved."""
    return sum(map(int, scene.machine.ask("cat /sys/class/net/eth0/statistics/[rt]x_bytes").split()))
