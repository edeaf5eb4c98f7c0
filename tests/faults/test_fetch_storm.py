"""Deadlines and signals that hit a fetcher at any instant, thousands of them: it stays sound and loses no signal."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 3
HITS = 10

# A process of its own, since an exception out of nowhere must not hit the test runner's own hooks.
STORM = """
import json, os, random, signal, sys, threading, time
sys.path.insert(0, {root!r})
import agent.deadline
from agent.clock import SystemClock
from agent.errors import Stopped, Unreachable
from agent.fetch import Fetcher
from tests.fakes.stop import installed
from tests.fakes.trouble import TroubleServer, read_head

def answer_all(connection, over):
    while True:
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n[]")
        read_head(connection)

def outcome(deadline_s):
    try:
        assert fetcher.get(server.url, deadline_s=deadline_s, attempts_max=1).body == b"[]"
    except Unreachable:
        return "late"
    except Stopped:
        return "stopped"
    return "answer"

agent.deadline.TICK_S = 0.0001
chance = random.Random({seed})
outcomes = dict(answer=0, late=0, stopped=0)
end_s = time.monotonic() + {seconds}
with TroubleServer(answer_all) as server:
    # On a busy machine for longer, until enough of both have hit; never for good.
    while end_s - time.monotonic() > (0 if min(outcomes["late"], outcomes["stopped"]) > {hits} else -60):
        signals = installed()
        stop = signals.__enter__()
        fetcher = Fetcher(SystemClock(stop.wait), stop)
        signaller = threading.Timer(chance.uniform(0, 0.02), os.kill, [os.getpid(), signal.SIGTERM])
        signaller.start()
        for _ in range(8):
            # Five in a row would have it leave the server alone.
            fetcher._hosts.clear()
            outcomes[outcome(chance.uniform(0.0002, 0.006))] += 1
            assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
            assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
        signaller.join()
        # However deep in the timer's own handler the signal came, it is not lost.
        assert stop.asked
        stop.asked = False
        fetcher._hosts.clear()
        assert fetcher.get(server.url, deadline_s=30).body == b"[]"
        fetcher.close()
        signals.__exit__(None, None, None)
print(json.dumps(outcomes))
"""


def test_fetcher_stays_sound_when_deadlines_and_signals_hit_at_any_instant() -> None:
    seed = int(os.environ.get("MOSS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
    sys.stdout.write(f"MOSS_SEED={seed}\n")
    program = STORM.format(root=str(ROOT), seed=seed, seconds=SECONDS, hits=HITS)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr[-2000:]
    # Deadlines or signals that never hit would prove nothing; that it can answer is asserted in each round.
    outcomes = json.loads(done.stdout)
    assert min(outcomes["late"], outcomes["stopped"]) > HITS, outcomes
