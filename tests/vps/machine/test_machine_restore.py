"""The disk is lost; a new machine goes on from what the bot itself had sent to a bucket outside."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.vps.machine.emulator import Machine
from tests.vps.machine.ready import attest, furnish, install
from tests.vps.machine.scene import DATA, Row, Scene, wait_inside
from tests.vps.machine.world import BUCKET_URL

# The bucket has no certificate, and only on the loopback is none asked for: systemd's own proxy leads there.
OUTSIDE, LOOPBACK = BUCKET_URL.removeprefix("http://"), "127.0.0.1:9000"
WAY = (
    f"systemd-run --quiet --unit=way --socket-property=ListenStream={LOOPBACK} "
    f"/lib/systemd/systemd-socket-proxyd {OUTSIDE}:80"
)
CREDENTIAL = "mkdir -m 0700 -p /etc/credstore && umask 077 && printf '%s' '{url}' >/etc/credstore/MOSS_BACKUP_URL"
# What docs/operations.md does with curl and jq, which the image has not.
FETCH = """mkdir /root/fetched && cd /root/fetched && python3 -c '
import json, sys, urllib.request
def fetch(name):
    urllib.request.urlretrieve("{url}".replace("?", "/{box}/" + name + "?"), name)
fetch("manifest.json")
for each in json.load(open("manifest.json"))["files"]:
    fetch(each["stored"])
'"""
Wake = Callable[..., AbstractContextManager[Scene]]


def open_way(machine: Machine) -> str:
    """Let the machine send backups out; return the bucket's address inside."""
    machine.ask(WAY)
    return machine.world.bucket.url.replace(machine.world.bucket.server.url.removeprefix("http://"), LOOPBACK)


def test_box_goes_on_from_what_it_sent_away_when_its_disk_is_lost(wake: Wake, rows: list[Row]) -> None:
    with wake(copied=True) as scene:
        machine = scene.machine
        url = open_way(machine)
        machine.ask(CREDENTIAL.format(url=url))
        machine.ask("systemctl restart moss-bot", 120)
        machine.jump(scene.world.now_s() // 3600 * 3600 + 3580)
        told = scene.notary.told_so_far()
        wait_inside(lambda: '"what":"offbox"' in scene.events(), 300)
        # What comes now is on no other disk; the candles among it the exchange still has.
        scene.measure(time.monotonic())
        begun_s = time.monotonic()
        machine.lose_disk()
        scene.notary.forget_after(told)
        machine.switch_on()
        furnish(machine)
        attest(machine)
        machine.ask(FETCH.format(url=open_way(machine), box=scene.world.bucket.box), 120)
        install(machine, "--restore /root/fetched")
        scene.took_s.clear()
        scene.measure(begun_s, 600)
        assert "10.0.2.100" in machine.ask("cat /etc/moss/moss.toml")
        assert int(machine.ask(f"cat {DATA}/sentiment.jsonl | grep -c .")) == 12
        rows.append(scene.row("the disk lost, a new machine installed from the off-box backup"))
