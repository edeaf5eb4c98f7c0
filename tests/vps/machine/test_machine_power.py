"""The power is cut in the middle of appends, again and again: what was acknowledged is there when it is back."""

import os
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.vps.machine.scene import Row, Scene

CUTS = int(os.environ.get("VPS_CUTS", "10"))
CARELESS = "/var/lib/moss/careless.jsonl"
Wake = Callable[..., AbstractContextManager[Scene]]


def test_nothing_acknowledged_is_lost_when_the_power_is_cut(wake: Wake, rows: list[Row], seed: int) -> None:
    chance = random.Random(seed)
    with wake(copied=True) as scene:
        for number in range(CUTS):
            scene.write_marks()
            time.sleep(chance.uniform(4, 14))
            begun_s = time.monotonic()
            scene.machine.cut()
            scene.notary.look()
            # In between, the next cut comes while the machine is still starting.
            if number % 5 == 4 or number == CUTS - 1:
                scene.machine.switch_on()
                scene.measure(begun_s)
            else:
                scene.machine.begin_to_boot()
        rows.append(scene.row(f"power cut in the middle of appends, {CUTS} times"))


def test_witness_finds_the_loss_when_a_writer_does_not_wait_for_the_disk(wake: Wake) -> None:
    with wake(copied=True) as scene:
        scene.write_marks(CARELESS, "careless")
        time.sleep(6)
        scene.machine.cut()
        told = (scene.machine.folder / "writer").read_text().count("\n")
        scene.machine.begin_to_boot()
        kept = int(scene.machine.ask(f"grep -c mark {CARELESS} || true") or 0)
        assert kept < told > 100
