"""A real machine tells of itself: the owner hears what happened and is answered, a watcher hears each evaluation."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.fakes.telegram import OWNER, TOKEN
from tests.vps.machine.emulator import Machine
from tests.vps.machine.scene import Row, Scene, wait_inside
from tests.vps.machine.world import CHAT_URL, WATCHER_URL

SECRETS = {
    "MOSS_TELEGRAM_TOKEN": TOKEN,
    "MOSS_TELEGRAM_CHAT": str(OWNER),
    "MOSS_PING_URL": f"{WATCHER_URL}/bot",
    "MOSS_SCORER_PING_URL": f"{WATCHER_URL}/scorer",
}
CONFIG = f'[telegram]\nenabled = true\nurl = "{CHAT_URL}"'
Wake = Callable[..., AbstractContextManager[Scene]]


def turn_on(machine: Machine) -> None:
    """Give the units their secrets as docs/operations.md has it, and the bot its chat."""
    machine.ask("install -d -m 0700 /etc/credstore")
    for name, secret in SECRETS.items():
        machine.ask(f"umask 077; printf %s '{secret}' >/etc/credstore/{name}")
    machine.ask(f"cat >>/etc/moss/moss.toml <<'END'\n{CONFIG}\nEND\nsystemctl restart moss-bot", 120)


def test_owner_is_told_and_answered_and_the_watcher_hears_it_live_when_the_bot_is_killed(
    wake: Wake, rows: list[Row]
) -> None:
    with wake() as scene:
        world = scene.world
        turn_on(scene.machine)
        begun_s = time.monotonic()
        scene.machine.ask("systemctl kill --kill-whom=main --signal=KILL moss-bot")
        scene.measure(begun_s)
        wait_inside(lambda: "the run before died" in "\n".join(world.chat.texts), 240)
        world.chat.write("/status", world.now_s(), update_id=1)
        wait_inside(lambda: "the bot runs" in "\n".join(world.chat.texts), 240)
        world.tell_news(["Exports fall by 4 percent"])
        scene.machine.ask("systemctl start moss-sentiment.service", 120)
        wait_inside(lambda: {"/bot", "/scorer/0"} <= {request.path for request in world.watcher.requests}, 480)
        rows.append(scene.row("kill -9, told by the chat; the watcher heard bot and scorer"))
